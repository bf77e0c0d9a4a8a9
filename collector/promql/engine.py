"""A Prometheus-compatible engine, asked over its HTTP API.

Source: https://prometheus.io/docs/prometheus/latest/querying/api/, sections "Instant queries" and "Range queries", which VictoriaMetrics,
Mimir, Thanos and Amazon Managed Prometheus answer alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import httpx

from ...slo import Interval
from ..errors import QueryRefused, Unreachable

_REFUSED: Final = frozenset({httpx.codes.BAD_REQUEST, httpx.codes.UNPROCESSABLE_ENTITY})
"""What an engine says of a query that it can't read, or can't carry out."""

_MARK: Final = "fournines_asked"
"""The label that tells answers to several queries from each other."""

_LONGEST_REASON: Final = 200


class Timeline(NamedTuple):
    """What an engine says of one attribute set: (epoch seconds, value), in order; of a moment, one of them."""

    labels: Mapping[str, str]
    values: list[tuple[float, float]]


class Engine:
    """The engine at `url`, of use from any thread. `headers` may hold secrets; `told` hears what became of each question: ok, refused or
    unreachable. Raises `EngineError` where it gives no answer.
    """

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        timeout: float = 10.0,
        told: Callable[[str], object] = str,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.address = str(httpx.URL(url).copy_with(username=None, password=None, query=None))
        self._told = told
        self._http = httpx.Client(
            base_url=url,
            headers={"user-agent": "fournines", **(headers or {})},
            timeout=timeout,
            transport=transport or httpx.HTTPTransport(retries=1, trust_env=False),
            trust_env=False,
        )

    def at(self, query: str, now: float) -> list[Timeline]:
        """What it answers to `query` at `now` (epoch seconds); a scalar has no labels."""
        return self._asked("query", {"query": query, "time": f"{now:.3f}"})

    def together(self, queries: Sequence[str], now: float) -> list[list[Timeline]]:
        """What it answers to each of several queries for vectors at `now`, asked as one: a question costs more than what it asks."""
        marked = (f'label_replace({query}, "{_MARK}", "{index}", "", "")' for index, query in enumerate(queries))
        answers: list[list[Timeline]] = [[] for _ in queries]
        try:
            for found in self.at(" or ".join(marked), now):
                answers[int(found.labels[_MARK])].append(found)
        except (KeyError, ValueError, IndexError, TypeError) as error:
            raise Unreachable("what it answers was not asked") from error
        return answers

    def over(self, query: str, interval: Interval, step: int) -> list[Timeline]:
        """What it answers every `step` seconds from the interval's start to its end, both included."""
        # VictoriaMetrics rounds both to whole steps where it may use its cache (`nocache`, of its "Prometheus querying API enhancements").
        moments: dict[str, str | int] = {"start": interval.start, "end": interval.end, "step": step, "nocache": 1}
        return self._asked("query_range", {"query": query, **moments})

    def close(self) -> None:
        """Gives the connections back."""
        self._http.close()

    def _asked(self, path: str, params: Mapping[str, str | int]) -> list[Timeline]:
        try:
            found = self._answered(path, params)
        except QueryRefused:
            self._told("refused")
            raise
        except Unreachable:
            self._told("unreachable")
            raise
        self._told("ok")
        return found

    def _answered(self, path: str, params: Mapping[str, str | int]) -> list[Timeline]:
        try:
            # In the body: a query may be longer than an address, and addresses stand in logs.
            answer = self._http.post(f"api/v1/{path}", data=params)
        except httpx.TimeoutException as error:
            raise Unreachable("it does not answer in time") from error
        except httpx.HTTPError as error:
            raise Unreachable(str(error).partition("\n")[0].rstrip(".")) from error
        if answer.status_code in _REFUSED:
            raise QueryRefused(_said(answer))
        if not answer.is_success:
            raise Unreachable(f"it answers {answer.status_code}")
        try:
            return _timelines(answer.json()["data"])
        except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
            raise Unreachable("what it answers is no result of a query") from error


def _timelines(data: Mapping[str, Any]) -> list[Timeline]:
    found = data["result"]
    if data.get("resultType") == "scalar":
        return [Timeline({}, [_point(found)])]
    if any("histogram" in each or "histograms" in each for each in found):
        raise QueryRefused("it is answered with histograms, and not with numbers")
    return [Timeline(each["metric"], list(map(_point, each.get("values") or [each["value"]]))) for each in found]


def _point(pair: list[Any]) -> tuple[float, float]:
    moment = float(pair[0])
    if not math.isfinite(moment):
        raise ValueError("no moment")
    return moment, float(pair[1])


def _said(answer: httpx.Response) -> str:
    """Its own words for what is wrong."""
    try:
        said = str(answer.json()["error"])
    except (ValueError, KeyError, TypeError, RecursionError):
        said = answer.text
    return " ".join(said.split())[:_LONGEST_REASON]
