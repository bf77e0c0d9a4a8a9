"""The way to a collector: HTTP, and nothing but what a collector of this version answers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, cast

import httpx

from ..answers import Problem
from .errors import NotACollector, Refused, Unreachable

Asked = Mapping[str, int | float | str | None]
"""Parameters of a question; what is None is left out."""

NOTHING: Final[Asked] = MappingProxyType({})


class Connection:
    """Asks one collector at `url`. This machine is never asked for through a proxy, which would look for it on its own.

    Raises `ClientError`.
    """

    def __init__(self, url: str, timeout: float) -> None:
        direct = dict.fromkeys(("all://localhost", "all://127.0.0.1", "all://[::1]"))  # None: past any proxy
        try:
            self._http = httpx.Client(base_url=url, timeout=timeout, follow_redirects=False, mounts=direct)
        except (httpx.InvalidURL, ValueError) as error:  # ValueError: a proxy of no known kind
            raise Unreachable(_first_line(error)) from error

    def get(self, path: str, params: Asked = NOTHING, keys: tuple[str, ...] = ()) -> Any:
        """What is answered: an object with these keys at least."""
        return self.ask("GET", path, params, keys=keys)

    def ask(
        self,
        method: str,
        path: str,
        params: Asked = NOTHING,
        body: Mapping[str, Any] | None = None,
        keys: tuple[str, ...] = (),
    ) -> Any:
        """The same by any method, with a body of JSON where there is one."""
        said = {name: value for name, value in params.items() if value is not None}
        try:
            answer = self._http.request(method, path, params=said, json=body)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:  # ValueError: no name of a host
            raise Unreachable(_first_line(error)) from error
        return _said(answer, keys)

    def listed(self, path: str, key: str, params: Asked = NOTHING, keys: tuple[str, ...] = ()) -> Any:
        """What is answered: an object with a list of objects below `key`, each with these keys at least."""
        said = self.get(path, params, (key,))
        if not isinstance(said[key], list) or not all(_is_object(each, keys) for each in said[key]):
            raise NotACollector(f"{path} answers as no collector of this version does")
        return {"next": None, **said}

    def close(self) -> None:
        """Gives the connections back."""
        self._http.close()


_SAID_MOST: Final = 300


def _said(answer: httpx.Response, keys: tuple[str, ...]) -> Any:
    try:
        found: Any = answer.json()
    except ValueError:
        found = None
    if not answer.is_success:
        raise Refused(_problem(answer, found))
    if found is None:
        raise NotACollector(f"{answer.url} answers with no JSON")
    if not _is_object(found, keys):
        raise NotACollector(f"{answer.url} answers as no collector of this version does")
    return found


def _problem(answer: httpx.Response, found: object) -> Problem:
    """What the answer says; where it says nothing, as something between may, that it does not."""
    if isinstance(found, dict) and isinstance(found.get("detail"), str):
        said = {"type": "about:blank", "title": answer.reason_phrase, **found, "status": answer.status_code}
        return cast("Problem", said)
    detail = f"it answers {answer.status_code} {answer.reason_phrase}: {answer.text[:_SAID_MOST]}".rstrip(": ")
    return {"type": "about:blank", "title": answer.reason_phrase, "status": answer.status_code, "detail": detail}


def _is_object(said: object, keys: tuple[str, ...]) -> bool:
    return isinstance(said, dict) and said.keys() >= set(keys)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".") or type(error).__name__
