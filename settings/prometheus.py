"""The Prometheus-compatible engine that is asked for counts."""

from __future__ import annotations

from pydantic import Field, HttpUrl

from .headers import Headers
from .number import Seconds
from .section import Section


class Prometheus(Section):
    """Where PromQL is asked; with `counted_elsewhere`, also for what other collectors counted and wrote there. See docs/promql.md."""

    url: HttpUrl
    headers: Headers = Field(default_factory=dict)
    interval: Seconds = 10.0
    timeout: Seconds = 10.0
    counted_elsewhere: bool = False
