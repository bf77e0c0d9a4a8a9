"""A typed client of the collector's HTTP API, for scripts, the terminal and the tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Final, Self, cast
from urllib.parse import quote

import httpx

JSON = dict[str, Any]

_SLO: Final = ("name", "state", "since", "reason", "budget", "burn_rates", "alerts")
_ALERT: Final = (
    "key",
    "number",
    "slo",
    "service",
    "severity",
    "since",
    "reason",
    "held_back",
    "acknowledged",
    "why",
    "notes",
)
_SILENCE: Final = ("id", "state", "matchers", "start", "until", "author", "reason", "ended", "ended_by", "ended_reason")


class Client:
    """Talks to one collector at `url`, such as `http://127.0.0.1:8400`. Closes its connections when left as a context.

    This machine is never asked for through a proxy, which would look for the collector on its own. Every method raises
    `httpx.HTTPError` when the collector can't be reached, or answers with an error, or as no collector does.
    """

    def __init__(self, url: str, timeout: float = 5.0) -> None:
        direct = dict.fromkeys(("all://localhost", "all://127.0.0.1", "all://[::1]"))  # None: past any proxy
        self._http = httpx.Client(base_url=url, timeout=timeout, follow_redirects=False, mounts=direct)

    def slos(self) -> list[JSON]:
        """Every SLO, worst first, as the API gives it."""
        return self._listed("/api/v1/slos", "slos", keys=_SLO)

    def slo(self, name: str) -> JSON:
        """One SLO."""
        return self._said(self._http.get(f"/api/v1/slos/{quote(name)}"), *_SLO, "explanation")

    def history(self, name: str, start: int, end: int, step: int) -> list[JSON]:
        """Counts of one SLO from `start` to `end` (epoch seconds) in steps of `step` seconds: `{"t", "good", "total"}` each."""
        params = {"from": start, "to": end, "step": step}
        return self._listed(f"/api/v1/slos/{quote(name)}/history", "points", params)

    def declarations(self, service: str) -> list[JSON]:
        """What a service declares in its code: `{"name", "service", "version", "since", "ways", "replaced_by_file", "openslo"}` each."""
        return self._listed("/api/v1/declarations", "declarations", {"service": service})

    def alerts(self) -> list[JSON]:
        """The open alerts."""
        return self._listed("/api/v1/alerts", "alerts", keys=_ALERT)

    def acknowledge(self, alert: str, said: JSON) -> JSON:
        """Takes an open alert on, by its number or key: what `POST .../acknowledge` takes, answered with the alert."""
        return self._said(self._http.post(f"/api/v1/alerts/{quote(alert)}/acknowledge", json=said), *_ALERT)

    def unacknowledge(self, alert: str, author: str, note: str = "") -> JSON:
        """Gives an alert back; who is told is told again."""
        params = {"author": author, "note": note}
        return self._said(self._http.delete(f"/api/v1/alerts/{quote(alert)}/acknowledge", params=params), *_ALERT)

    def note(self, alert: str, author: str, text: str) -> JSON:
        """Writes down what was found of an open alert."""
        said = {"author": author, "text": text}
        return self._said(self._http.post(f"/api/v1/alerts/{quote(alert)}/notes", json=said), *_ALERT)

    def silences(self, past: int = 0) -> list[JSON]:
        """The silences in force, and so many of those that are over."""
        return self._listed("/api/v1/silences", "silences", {"past": past}, _SILENCE)

    def silence(self, said: JSON) -> JSON:
        """Silences alerts: what `POST /api/v1/silences` takes, answered as it is kept, with its `id`."""
        return self._said(self._http.post("/api/v1/silences", json=said), *_SILENCE)

    def end_silence(self, number: int, author: str, reason: str) -> JSON:
        """Ends a silence."""
        params = {"author": author, "reason": reason}
        return self._said(self._http.delete(f"/api/v1/silences/{number}", params=params), *_SILENCE)

    def gate(self, service: str, version: str = "", baseline: str = "", slo: str = "") -> JSON:
        """Whether a version may go on, or one may start: `{"verdict": "pass" | "fail" | "wait", "reasons", "evidence"}`."""
        asked = {"service": service, "version": version, "baseline": baseline, "slo": slo}
        said = {name: text for name, text in asked.items() if text}
        return self._said(self._http.post("/api/v1/gate", json=said), "verdict", "reasons")

    def override_gate(self, service: str, version: str, author: str, reason: str) -> JSON:
        """Has a version pass whatever its evidence; the audit log keeps who said so, and why."""
        said = {"service": service, "version": version, "author": author, "reason": reason}
        return self._said(self._http.post("/api/v1/gate/overrides", json=said), "until")

    def correct(self, correction: JSON) -> JSON:
        """Takes time out: what `POST /api/v1/corrections` takes, answered as it is kept, with its `id`."""
        return self._said(self._http.post("/api/v1/corrections", json=correction), "id", "start", "end")

    def deployments(self, service: str, seconds: int) -> JSON:
        """What went out in so many seconds until now, of a service or, where it is empty, of all: `{"figures", "deployments"}`."""
        asked: dict[str, int | str] = {"service": service, "last": seconds}
        return self._said(self._http.get("/api/v1/deployments", params=asked), "figures", "deployments")

    def close(self) -> None:
        """Gives the connections back."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _listed(
        self, path: str, key: str, params: Mapping[str, int | str] | None = None, keys: Iterable[str] = ()
    ) -> list[JSON]:
        """A list under a key, each of it an object with these keys at least."""
        answer = self._http.get(path, params=params)
        listed = self._said(answer, key)[key]
        if not isinstance(listed, list) or not all(_is_object(each, keys) for each in listed):
            raise _not_a_collectors(answer)
        return cast("list[JSON]", listed)

    def _said(self, answer: httpx.Response, *keys: str) -> JSON:
        """What was answered, with these keys at least."""
        answer.raise_for_status()
        try:
            found: Any = answer.json()
        except ValueError as error:
            raise httpx.DecodingError(f"{answer.url} answers with no JSON", request=answer.request) from error
        if not _is_object(found, keys):
            raise _not_a_collectors(answer)
        return cast("JSON", found)


def _is_object(said: object, keys: Iterable[str]) -> bool:
    return isinstance(said, dict) and said.keys() >= set(keys)


def _not_a_collectors(answer: httpx.Response) -> httpx.DecodingError:
    return httpx.DecodingError(f"{answer.url} answers as no collector of this version does", request=answer.request)
