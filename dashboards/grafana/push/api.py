"""Grafana's HTTP API, as far as pushing needs it: the routes under `/api`, which Grafana 9 to 13 have."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Final, Self

import httpx
from pydantic import SecretStr

Json = Any

_ABSENT: Final = 404
_SECONDS: Final = 30.0
_LONGEST: Final = 300


class PushError(Exception):
    """Grafana can't be asked, or refuses: said in a sentence that holds no secret."""


class GrafanaApi:
    """Talks to one Grafana at `url`, as whoever the token is. Closes its connections when left as a context."""

    def __init__(self, url: str, token: SecretStr) -> None:
        headers = {"Authorization": f"Bearer {token.get_secret_value()}", "Accept": "application/json"}
        self._http = httpx.Client(base_url=url.rstrip("/"), headers=headers, timeout=_SECONDS, follow_redirects=False)

    def get(self, path: str, **params: Any) -> Json | None:
        """What is there; None where nothing is. Raises `PushError`."""
        answer = self._asked("GET", path, params=params)
        return None if answer.status_code == _ABSENT else self._said(answer)

    def send(self, method: str, path: str, body: Json) -> Json:
        """Has something written; what Grafana answers. Raises `PushError`."""
        return self._said(self._asked(method, path, json=body))

    def _asked(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **more)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise PushError(f"Grafana can't be asked: {error}") from None

    def _said(self, answer: httpx.Response) -> Json:
        where = f"{answer.request.method} {answer.request.url.path}"
        if not answer.is_success:
            raise PushError(f"Grafana refuses {where} with {answer.status_code}: {answer.text[:_LONGEST]}")
        try:
            return answer.json() if answer.content else {}
        except ValueError:
            raise PushError(f"{where} is not answered as Grafana does: is this its address?") from None

    def close(self) -> None:
        """Gives the connections back."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
