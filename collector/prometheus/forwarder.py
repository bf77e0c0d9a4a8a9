"""Brings snapshots to a Prometheus-compatible engine by remote write: 2.0, and 1.0 from then on where that is not understood.

Sources: remote write specifications 1.0 and 2.0, sections "Protocol" and "Retries & Backoff".
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Final

import cramjam
import httpx

from ..forward import Drop, QueuedRequest, Retry, retry_after
from .messages import Label, WriteRequest, WriteRequest2
from .write_request import Version

TIMEOUT: Final = 30.0
"""Seconds a receiver may take to answer."""

_VERSIONS: Final = {Version.ONE: "0.1.0", Version.TWO: "2.0.0"}
_WRITTEN: Final = "x-prometheus-remote-write-samples-written"
_UNSUPPORTED: Final = 415
_TOO_MANY: Final = 429
_LOG: Final = logging.getLogger("fournines.collector")


class RemoteWriteForwarder:
    """Brings snapshots to `url`. `clock` gives epoch seconds, for dates in Retry-After; `headers` may hold secrets."""

    def __init__(self, url: str, clock: Callable[[], float], headers: Mapping[str, str] | None = None) -> None:
        self._url = url
        self._clock = clock
        self._version = Version.TWO
        self._client = httpx.AsyncClient(
            headers={"user-agent": "fournines", **(headers or {})}, timeout=TIMEOUT, trust_env=False
        )

    async def send(self, request: QueuedRequest) -> None:
        """Brings one snapshot there; raises Retry or Drop."""
        answer = await self._post(request.body)
        if self._version is Version.TWO and _is_not_understood(answer):
            self._version = Version.ONE
            _LOG.info("%s does not take remote write 2.0: it gets 1.0 from now on", self._url.partition("?")[0])
            answer = await self._post(request.body)
        self._judge(answer)

    async def close(self) -> None:
        """Lets connections go."""
        await self._client.aclose()

    async def _post(self, body: bytes) -> httpx.Response:
        one = self._version is Version.ONE
        content = bytes(cramjam.snappy.compress_raw(_to_one(body) if one else body))
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

    def _judge(self, answer: httpx.Response) -> None:
        if answer.is_success:
            return
        reason = f"http_{answer.status_code}"
        if answer.status_code == _TOO_MANY or answer.is_server_error:
            raise Retry(reason, retry_after(answer.headers.get("retry-after"), self._clock()))
        raise Drop(reason, detail=answer.text[:200])


def _to_one(body: bytes) -> bytes:
    """A 2.0 request as 1.0: what 1.0 can't say (start times, kinds) is left out."""
    request, found = WriteRequest2.FromString(body), WriteRequest()
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


def _is_not_understood(answer: httpx.Response) -> bool:
    """415; or a success or a refusal of a receiver that took the message for one of 1.0, and so has no word of what it wrote."""
    taken_for_one = answer.is_success or answer.status_code == httpx.codes.BAD_REQUEST
    return answer.status_code == _UNSUPPORTED or (taken_for_one and _WRITTEN not in answer.headers)
