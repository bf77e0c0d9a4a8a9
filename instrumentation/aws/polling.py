"""Whoever asks for X-Ray's sampling rules and reports what became of them: one daemon thread, begun by the first request.

It asks what stands in for X-Ray's API beside the service: the X-Ray daemon, the CloudWatch agent, an OpenTelemetry collector
with `awsproxy`, or fournines' own collector. It never raises, and ends when nobody holds the sampler any more.
https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sampling.html
"""

from __future__ import annotations

import json
import logging
import random
import secrets
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from .. import names
from ..clock import wall
from ..daemon import Daemon
from ..forks import forgets
from ..health import Health
from ..resources.asking import NoAnswer, ask, document
from ..suppression import suppress
from .reservoir import Reservoir, Statistics
from .rules import read_rules
from .sampler import Book, ByRules, XRaySampler

ENDPOINT: Final = "http://localhost:2000"
INTERVAL: Final = 300.0
"""Seconds between two looks at the rules."""
SHORTEST: Final = 1.0
REPORTS: Final = 10.0
"""Seconds between two reports, unless X-Ray asks for others."""
MOST_DOCUMENTS: Final = 25
"""Of one report: https://docs.aws.amazon.com/xray/latest/api/API_GetSamplingTargets.html"""
MOST_PAGES: Final = 20
TIMEOUT: Final = 2.0
TICK: Final = 1.0
JSON: Final = {"Content-Type": "application/json"}

Post = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""Path, question -> answer. Raises `NoAnswer`."""

_spread: Final = random.SystemRandom().uniform
"""Of no state: a service that seeds the module's generator gets its own numbers, and forked children each another."""
_log = logging.getLogger("fournines.instrumentation")


@dataclass(frozen=True)
class Told:
    """What `OTEL_TRACES_SAMPLER_ARG` says: `endpoint=http://host:port,polling_interval=300`."""

    endpoint: str = ENDPOINT
    interval: float = INTERVAL


def read_argument(text: str) -> Told:
    """Reads the argument; what can't be understood is logged, and the default taken."""
    parts = (part.partition("=") for part in text.split(",") if part.strip())
    pairs = {name.strip(): value.strip() for name, _, value in parts}
    endpoint = pairs.pop("endpoint", "").rstrip("/") or ENDPOINT
    if not endpoint.startswith("http://"):
        _log.warning("OTEL_TRACES_SAMPLER_ARG: the endpoint %r is no http address; %s is used", endpoint, ENDPOINT)
        endpoint = ENDPOINT
    try:
        interval = float(pairs.pop("polling_interval", "") or INTERVAL)
    except ValueError:
        interval = 0.0
    if not SHORTEST <= interval < float("inf"):
        _log.warning("OTEL_TRACES_SAMPLER_ARG: the polling_interval is no number of seconds; %g is used", INTERVAL)
        interval = INTERVAL
    if pairs:
        _log.warning("OTEL_TRACES_SAMPLER_ARG: %s not known here; left out", ", ".join(map(repr, pairs)))
    return Told(endpoint, interval)


def xray_sampler(argument: str, resource: Callable[[], Mapping[str, object]], health: Health) -> XRaySampler:
    """The sampler, and whoever asks for its rules. `resource` says who the service is, as it is known by then."""
    import http.client  # noqa: F401 - here, and not by the thread: a child forked meanwhile would wait for it for ever

    told = read_argument(argument)
    book = Book(wall)
    polling = Polling(told, book, resource, health)
    return XRaySampler(ByRules(book, polling.begin))


class Polling:
    """What has to be asked and reported when. `step` does what is due; the thread only waits between two of them."""

    _rules_due: float
    _report_due: float

    def __init__(
        self,
        told: Told,
        book: Book,
        resource: Callable[[], Mapping[str, object]],
        health: Health,
        post: Post | None = None,
        clock: Callable[[], float] = wall,
    ) -> None:
        self._told, self._book, self._resource, self._health, self._clock = told, book, resource, health, clock
        self._post = post or _poster(told.endpoint)
        self._daemon = Daemon("fournines-xray", partial(_run, weakref.ref(self)), health)
        self._begun = self._silent = False
        self._begin_anew()
        forgets(self)

    def begin(self) -> None:
        """Starts the thread, if it does not run in this process. Asked with every decision: one comparison."""
        if not self._begun:
            self._begun = self._daemon.start()

    def step(self) -> None:
        """Asks for the rules and reports, whatever is due. Never raises."""
        try:
            now = self._clock()
            if now >= self._rules_due:
                # Not all processes at once, as AWS asks of its clients.
                self._rules_due = now + self._told.interval + _spread(0.0, 5.0)
                self._renew(now)
            if now >= self._report_due:
                self._report_due = now + REPORTS
                self._report(now)
        except Exception as e:  # noqa: BLE001 - the thread has to live on, whatever an answer was made of
            self._failed(e)

    def forget(self) -> None:
        """Begins anew in a forked child, which is a client of its own."""
        self._daemon.forget()
        self._begun = False
        self._book.forget()
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._client = secrets.token_hex(12)
        self._rules_due = 0.0
        self._report_due = self._clock() + REPORTS

    def _failed(self, reason: Exception) -> None:
        self._rules_due = min(self._rules_due, self._clock() + max(REPORTS, min(self._told.interval, 60.0)))
        self._health.add(names.PROM_ERRORS, "sampling")
        if not self._silent:
            self._silent = True
            why = f"{type(reason).__name__}: {reason}"  # not the error itself: whoever keeps the record would keep us
            _log.warning("X-Ray's sampling rules can't be asked for now (%s); those that are known stay in force", why)

    def _renew(self, now: float) -> None:
        self._book.renew(read_rules(self._records()), self._resource(), now)
        self._silent = False

    def _records(self) -> Iterator[object]:
        token = None
        for _ in range(MOST_PAGES):
            answer = self._post("/GetSamplingRules", {} if token is None else {"NextToken": token})
            records = answer.get("SamplingRuleRecords")
            if not isinstance(records, list):
                raise NoAnswer("an answer without rules")
            yield from records
            token = answer.get("NextToken")
            if not isinstance(token, str) or not token:
                return

    def _report(self, now: float) -> None:
        told = {one: one.reported() for one in self._book.reservoirs}
        waiting = [(one, statistics) for one, statistics in told.items() if statistics.requests]
        while waiting:
            batch = waiting[:MOST_DOCUMENTS]
            try:
                answer = self._post("/SamplingTargets", {"SamplingStatisticsDocuments": self._documents(batch, now)})
            except Exception:
                for one, statistics in waiting:
                    one.took_back(statistics)
                raise
            waiting = waiting[MOST_DOCUMENTS:]
            self._silent = False
            self._heed(answer, now)

    def _documents(self, batch: list[tuple[Reservoir, Statistics]], now: float) -> list[dict[str, Any]]:
        return [
            {
                "RuleName": one.rule.name,
                "ClientID": self._client,
                "Timestamp": int(now),
                "RequestCount": statistics.requests,
                "BorrowCount": statistics.borrowed,
                "SampledCount": statistics.sampled,
            }
            for one, statistics in batch
        ]

    def _heed(self, answer: Mapping[str, Any], now: float) -> None:
        by_name = {one.rule.name: one for one in self._book.reservoirs}
        targets = answer.get("SamplingTargetDocuments")
        for target in targets if isinstance(targets, list) else ():
            one = by_name.get(str(target.get("RuleName"))) if isinstance(target, dict) else None
            if one is not None and one.give(target):
                interval = target.get("Interval")
                if isinstance(interval, (int, float)) and interval >= SHORTEST:
                    self._report_due = now + min(interval, INTERVAL)
            else:
                self._health.add(names.PROM_ERRORS, "sampling")
        changed = answer.get("LastRuleModification")
        if isinstance(changed, (int, float)) and changed > self._book.read_at:
            self._rules_due = 0.0


def _run(polling: weakref.ref[Polling], ended: threading.Event) -> None:
    suppress()
    while (one := polling()) is not None:
        one.step()
        del one
        if ended.wait(TICK):
            return


def _poster(endpoint: str) -> Post:
    def post(path: str, question: Mapping[str, Any]) -> Mapping[str, Any]:
        content = ask(f"{endpoint}{path}", TIMEOUT, "POST", JSON, json.dumps(question).encode())
        return document(content, f"the answer of {endpoint}{path}")

    return post
