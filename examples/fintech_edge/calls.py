"""Calls: how one service of the bank asks another."""

import logging
from collections.abc import Mapping
from typing import Any

import httpx
from fastapi import HTTPException

__all__ = ["Calls"]

TIMEOUT_SECONDS = 10.0

log = logging.getLogger(__name__)


class Calls:
    """Calls to the neighbours named in `peers` (service name to base URL), over one pool of connections.

    A neighbour that can't be reached is answered as 502 and one that takes too long as 504, so that a caller sees
    where the fault lies. The trace headers are added by the instrumentation; nothing here knows about them.
    """

    def __init__(self, peers: Mapping[str, str], transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._peers = dict(peers)
        self._http = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, transport=transport, trust_env=False)

    async def send(self, peer: str, method: str, path: str, body: bytes | None = None) -> httpx.Response:
        """The neighbour's answer as it is; HTTPException 502 or 504 when there is none."""
        headers = {"content-type": "application/json"} if body else None
        try:
            return await self._http.request(method, self._peers[peer] + path, content=body, headers=headers)
        except httpx.TimeoutException as error:
            raise HTTPException(504, f"{peer} took more than {TIMEOUT_SECONDS:g} s") from error
        except httpx.HTTPError as error:
            raise HTTPException(502, f"{peer} cannot be reached") from error

    async def ask(self, peer: str, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        """The neighbour's JSON; its 4xx are raised as they are, its 5xx as 502."""
        request = httpx.Request(method, self._peers[peer], json=body) if body is not None else None
        answer = await self.send(peer, method, path, request.content if request else None)
        if answer.is_server_error:
            raise HTTPException(502, f"{peer} answered {answer.status_code}")
        if answer.is_client_error:
            raise HTTPException(answer.status_code, answer.json().get("detail"))
        return answer.json()

    async def tell(self, peer: str, path: str, body: Mapping[str, object]) -> None:
        """Posts something that may get lost: a failure is logged, and the caller's own work stands."""
        try:
            await self.ask(peer, "POST", path, body)
        except HTTPException as error:
            log.warning("%s was not told: %s", peer, error.detail)

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()
