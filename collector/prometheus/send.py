"""Remote write out: what this collector counts, written to a Prometheus-compatible engine under a label of its own.

Snapshots are kept in the forward queue as 2.0 requests, uncompressed; a receiver that answers 415 gets 1.0 from then on.
Sources: remote write specifications 1.0 and 2.0, sections "Protocol" and "Retries & Backoff".
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Iterable, Mapping
from typing import Any, Final

import cramjam
import httpx
from prometheus_client import Metric

from ..forward import Drop, Item, Retry
from .labels import NAME
from .messages import Label, Request, WriteRequest
from .write_request import Version

TIMEOUT: Final = 30.0
STALE: Final = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
"""Says that a series ended."""

_KINDS: Final = {"counter": 1, "gauge": 2, "histogram": 3}
_VERSIONS: Final = {Version.ONE: "0.1.0", Version.TWO: "2.0.0"}
_WRITTEN: Final = "x-prometheus-remote-write-samples-written"
_UNSUPPORTED: Final = 415
_TOO_MANY: Final = 429
_LOG: Final = logging.getLogger("fournines.collector")

Key = tuple[tuple[str, str], ...]


class Snapshots:
    """Makes requests of metric families. A series that was in the last one and is in this no more is said to have ended."""

    def __init__(self, labels: Mapping[str, str], prefix: str = "slo_") -> None:
        self._labels = dict(labels)
        self._prefix = prefix
        self._last: dict[Key, int] = {}

    def take(self, families: Iterable[Metric], now: float) -> tuple[bytes, int]:
        """The families whose names begin with the prefix as they are at `now`: the request, and how many samples it holds."""
        values: dict[Key, tuple[float, int]] = {}
        for family in families:
            if family.name.startswith(self._prefix):
                for sample in family.samples:
                    labels = {**sample.labels, **self._labels, NAME: sample.name}
                    key = tuple(sorted((name, value) for name, value in labels.items() if value))
                    values[key] = float(sample.value), _KINDS.get(family.type, 0)
        ended = {key: (STALE, kind) for key, kind in self._last.items() if key not in values}
        self._last = {key: kind for key, (_, kind) in values.items()}
        return _request(values | ended, round(now * 1000)), len(values) + len(ended)


class RemoteWriteSender:
    """A destination of the forward queues. `headers` may hold secrets."""

    def __init__(
        self, url: str, headers: Mapping[str, str] | None = None, *, timeout: float = TIMEOUT, verify: bool = True
    ) -> None:
        self._url = url
        self._version = Version.TWO
        self._client = httpx.AsyncClient(
            headers={"user-agent": "fournines", **(headers or {})}, timeout=timeout, verify=verify, trust_env=False
        )

    async def send(self, item: Item) -> None:
        """Brings one snapshot there; raises Retry or Drop."""
        answer = await self._post(item.body)
        if self._version is Version.TWO and _is_not_understood(answer):
            self._version = Version.ONE
            _LOG.info("%s does not take remote write 2.0: it gets 1.0 from now on", self._url.partition("?")[0])
            answer = await self._post(item.body)
        _judge(answer)

    async def close(self) -> None:
        """Lets connections go."""
        await self._client.aclose()

    async def _post(self, body: bytes) -> httpx.Response:
        one = self._version is Version.ONE
        content = bytes(cramjam.snappy.compress_raw(to_one(body) if one else body))
        headers = {
            "content-encoding": "snappy",
            "content-type": "application/x-protobuf" + ("" if one else f";proto={Version.TWO.value}"),
            "x-prometheus-remote-write-version": _VERSIONS[self._version],
        }
        try:
            return await self._client.post(self._url, content=content, headers=headers)
        except httpx.TimeoutException as error:
            raise Retry("timeout") from error
        except httpx.HTTPError as error:
            raise Retry("connection") from error


def to_one(body: bytes) -> bytes:
    """A 2.0 request as 1.0: what 1.0 can't say (start times, kinds) is left out."""
    request, found = Request.FromString(body), WriteRequest()
    for series in request.timeseries:
        target = found.timeseries.add()
        texts = [request.symbols[ref] for ref in series.labels_refs]
        target.labels.extend(
            Label(name=name, value=value).SerializeToString()
            for name, value in zip(texts[::2], texts[1::2], strict=True)
        )
        for sample in series.samples:
            target.samples.add(value=sample.value, timestamp=sample.timestamp)
    whole: bytes = found.SerializeToString()
    return whole


def _request(values: Mapping[Key, tuple[float, int]], time: int) -> bytes:
    request: Any = Request()
    symbols = {"": 0}
    for key, (value, kind) in values.items():
        series = request.timeseries.add()
        series.labels_refs.extend(symbols.setdefault(text, len(symbols)) for pair in key for text in pair)
        series.samples.add(value=value, timestamp=time)
        series.metadata.type = kind
    request.symbols.extend(symbols)
    whole: bytes = request.SerializeToString()
    return whole


def _is_not_understood(answer: httpx.Response) -> bool:
    """415; or a success or a refusal of a receiver that took the message for one of 1.0, and so has no word of what it wrote."""
    taken_for_one = answer.is_success or answer.status_code == httpx.codes.BAD_REQUEST
    return answer.status_code == _UNSUPPORTED or (taken_for_one and _WRITTEN not in answer.headers)


def _judge(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    reason, detail = f"http_{answer.status_code}", answer.text[:200]
    if answer.status_code == _TOO_MANY or answer.is_server_error:
        raise Retry(reason, _seconds(answer.headers.get("retry-after", "")))
    raise Drop(reason, detail=detail)


def _seconds(text: str) -> float | None:
    return float(text) if text.isdecimal() else None
