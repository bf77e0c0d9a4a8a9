"""Sends spans on to AWS X-Ray, by `PutTraceSegments`. Credentials are found the way every AWS client finds them.

Source: AWS X-Ray API reference, `PutTraceSegments`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from google.protobuf.message import DecodeError

from ..columns import Signal
from ..errors import CollectorError
from ..forward import Drop, QueuedRequest, Retry, retry_after
from .instruments import Unprocessed
from .segments import segments_of

MOST_DOCUMENTS: Final = 50
"""Documents a call at most, as AWS's own daemon sends them."""

TIMEOUT: Final = 10.0
"""Seconds a call may take to connect, and to answer."""

_THROTTLED: Final = frozenset(
    {"ThrottledException", "ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"}
)
_OURS_TO_RETRY: Final = _THROTTLED | {
    "InternalFailure",
    "InternalServerError",
    "ServiceUnavailable",
    "ServiceUnavailableException",
}


class XrayForwarder:
    """Brings spans to X-Ray in one region. CollectorError where boto3 is not installed, or the region is not known.

    A request some of whose segments were throttled is to come again as a whole: a segment that comes twice replaces itself. `clock` gives
    epoch seconds, for dates in Retry-After.
    """

    def __init__(
        self,
        region: str | None,
        clock: Callable[[], float],
        unprocessed: Unprocessed,
        endpoint: str | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        self._client = _client(region, endpoint, timeout)
        self._clock = clock
        self._unprocessed = unprocessed

    async def send(self, request: QueuedRequest) -> None:
        """Sends a request's spans; raises Retry or Drop."""
        if request.signal is not Signal.TRACES:
            raise Drop("signal", detail=f"X-Ray takes traces only, not {request.signal.name.lower()}")
        await asyncio.to_thread(self._send, request.body)

    async def close(self) -> None:
        """Lets connections go."""
        self._client.close()

    def _send(self, body: bytes) -> None:
        try:
            documents = list(segments_of(body))
        except DecodeError as error:
            raise Drop("body", detail=str(error)) from error
        fitting = [document for document in documents if document is not None]
        refused: list[str] = []
        for start in range(0, len(fitting), MOST_DOCUMENTS):
            refused += self._put(fitting[start : start + MOST_DOCUMENTS])
        if refused:
            raise Drop("unprocessed", len(refused) + len(documents) - len(fitting), ", ".join(sorted(set(refused))))
        if len(fitting) < len(documents):
            raise Drop("not_a_segment", len(documents) - len(fitting), "spans without ids, or too large for X-Ray")

    def _put(self, documents: Sequence[str]) -> list[str]:
        """Sends documents, and returns the codes of those refused for good; raises Retry or Drop."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = self._client.put_trace_segments(TraceSegmentDocuments=documents)
        except ClientError as error:
            raise self._answered(error.response) from error
        except BotoCoreError as error:
            # No connection, no answer in time, no credentials: all of it may be mended while the queue holds.
            raise Retry(type(error).__name__) from error
        codes = [str(one.get("ErrorCode", "")) for one in answer.get("UnprocessedTraceSegments", ())]
        for code in codes:
            self._unprocessed.count(code)
        if _OURS_TO_RETRY.intersection(codes):
            raise Retry("throttled")
        return codes

    def _answered(self, response: Any) -> Retry | Drop:
        """What an error of the service means: throttling, its own faults and refused credentials pass; a bad request does not."""
        code = str(response.get("Error", {}).get("Code", ""))
        meta = response.get("ResponseMetadata", {})
        status = int(meta.get("HTTPStatusCode", 0))
        if code in _THROTTLED or status == 429:
            return Retry("throttled", retry_after(meta.get("HTTPHeaders", {}).get("retry-after"), self._clock()))
        if status in (401, 403):
            return Retry("not_allowed")
        if code in _OURS_TO_RETRY or status >= 500:
            return Retry(f"http_{status}")
        return Drop(f"http_{status}", detail=code)


def _client(region: str | None, endpoint: str | None, timeout: float) -> Any:
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError as error:
        raise CollectorError("sending to X-Ray needs boto3; install fournines[xray]") from error
    # Repeats are the queue's business, which knows what else waits.
    config = Config(
        connect_timeout=timeout, read_timeout=timeout, retries={"total_max_attempts": 1, "mode": "standard"}
    )
    try:
        return boto3.session.Session().client("xray", region_name=region, endpoint_url=endpoint, config=config)
    except (BotoCoreError, ValueError) as error:
        raise CollectorError(f"X-Ray can't be reached: {error}") from error
