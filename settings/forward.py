"""Who gets what comes in: OTLP backends, Prometheus-compatible stores, AWS X-Ray."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, HttpUrl

from .headers import Headers
from .number import Seconds, Size
from .section import Section

QueueBytes = Annotated[Size, Field(default=256 * 2**20, ge=2**20)]


class OtlpForward(Section):
    """Another OTLP collector or backend that gets what comes in; see docs/forwarding.md."""

    type: Literal["otlp"]
    endpoint: HttpUrl
    protocol: Literal["http/protobuf", "grpc"] = "http/protobuf"
    headers: Headers = Field(default_factory=dict)
    signals: tuple[Literal["traces", "metrics", "logs"], ...] = ("traces", "metrics", "logs")
    redact: bool = True
    compress: bool = True
    parallel: int = Field(default=4, ge=1, le=64)
    queue_bytes: QueueBytes

    @property
    def identity(self) -> object:
        """One queue has one destination."""
        return self.type, str(self.endpoint)


class RemoteWriteForward(Section):
    """A Prometheus-compatible store that gets this collector's own SLO series; `collector` tells it from others that write there."""

    type: Literal["remote_write"]
    url: HttpUrl
    headers: Headers = Field(default_factory=dict)
    interval: Seconds = 15.0
    collector: str = Field(default="", max_length=200)
    queue_bytes: QueueBytes

    @property
    def identity(self) -> object:
        """One queue has one destination."""
        return self.type, str(self.url)


class XrayForward(Section):
    """AWS X-Ray, which gets spans as segments; `endpoint` is another than the region's own."""

    type: Literal["xray"]
    region: str = Field(min_length=1)
    endpoint: HttpUrl | None = None
    redact: bool = True
    timeout: float = Field(default=10.0, gt=0, le=300)
    queue_bytes: QueueBytes

    @property
    def identity(self) -> object:
        """One queue has one destination."""
        return self.type, str(self.endpoint or self.region)


Forward = Annotated[OtlpForward | RemoteWriteForward | XrayForward, Field(discriminator="type")]
