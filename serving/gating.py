"""The gate of a running collector: what it knows of a version, judged; and who lets one pass by hand."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ..collector import Collector
from ..collector.books.books import Books
from ..collector.books.chore import Chore
from ..collector.books.contributor import as_told
from ..collector.books.version_counts import KEPT, version_counts
from ..collector.books.version_durations import version_durations
from ..collector.books.versions import known_versions
from ..collector.records.audit import AuditEntry
from ..collector.records.deployments import newest_deployment
from ..collector.records.gate_overrides import LASTS, GateOverride, override_of
from ..slo import BUCKET, PROMQL, SLOS, Interval, Status, timestamp
from ..slo.arithmetic import IntArray
from ..slo.gate.evidence import Durations, Evidence, SLOEvidence
from ..slo.gate.judge import judge
from ..slo.gate.judgement import GateVerdict, Judgement
from .compared import compared_durations, sides
from .evaluations import Evaluations

_NOT_BY_VERSION = frozenset({SLOS, PROMQL})
"""Signals whose SLOs are made of other SLOs or of answers: nobody counts them by version."""


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """What the gate found, and who overrides it, if anybody does."""

    judgement: Judgement
    override: GateOverride | None

    @property
    def verdict(self) -> GateVerdict:
        """What counts."""
        return self.judgement.verdict if self.override is None else GateVerdict.PASS


class Gating:
    """Judges versions by what a collector counted. `now` gives epoch seconds. Of use from any thread."""

    def __init__(self, collector: Collector, evaluations: Evaluations, now: Callable[[], float]) -> None:
        self._collector = collector
        self._evaluations = evaluations
        self._now = now

    def ask(self, service: str, version: str, baseline: str, slo: str) -> GateAnswer | None:
        """Whether a version may go on or, without one, whether one may start; by all SLOs of the service or by one: None without that."""
        evaluation = self._evaluations.evaluation()
        asked = (row for row, each in enumerate(evaluation.slos) if each.service == service and slo in ("", each.name))
        statuses = [evaluation.status(row) for row in asked]
        if slo and not statuses:
            return None
        with contextlib.closing(self._collector.ledger.reader()) as connection:
            case = _Case(connection, service, as_told(version), as_told(baseline), self._now())
            judgement = case.judgement(statuses, self._collector.catalogue.rows)
            override = override_of(connection, service, case.version, case.now)
        if judgement.verdict is GateVerdict.FAIL and version and override is None:
            self._collector.submit(
                Chore[None](lambda books: books.deployments.fail_gate(service, case.version, case.now))
            )
        return GateAnswer(judgement, override)

    def override(self, service: str, version: str, author: str, reason: str) -> GateOverride | None:
        """Lets a version pass for a while, and has it in the audit log; None where too many are let pass already.

        Raises `Unavailable` while the ledger can't be written.
        """
        now = self._now()
        override = GateOverride(service, as_told(version), author, reason, now, now + LASTS)

        def work(books: Books) -> bool:
            taken = books.gate_overrides.add(override)
            if taken:
                until = {"until": timestamp(override.until)}
                books.audit.add(AuditEntry(now, author, "gate.override", f"{service} {version}", reason, until))
            return taken

        chore = Chore(work)
        self._collector.submit(chore)
        return override if chore.future.result() else None


class _Case:
    """One question: a version, what it is held against, and what the ledger knows of both."""

    def __init__(self, connection: sqlite3.Connection, service: str, version: str, baseline: str, now: float) -> None:
        self.version = version
        self.now = now
        self._connection = connection
        self._service = service
        self._baseline = baseline
        known = {each.version: each for each in known_versions(connection, service)}
        self._canary = known.get(version)
        self._other = known.get(baseline)

    def judgement(self, statuses: list[Status], rows: Mapping[str, int]) -> Judgement:
        """What is to be said of the version."""
        if self._baseline and self._other is None:
            reason = f"{self._service} has no version {self._baseline} to hold {self.version} against"
            return Judgement(GateVerdict.WAIT, (reason,), ())
        since = self._since()
        slos = tuple(
            SLOEvidence(each, self._counts(each, rows, since), self._durations(each, rows, since)) for each in statuses
        )
        return judge(Evidence(self._service, self.version, self._baseline, self.now, since, slos))

    def _since(self) -> float | None:
        """When its newest deployment began or, where nobody said so, its events; nothing older than what is kept by 10 s."""
        if self._canary is None:
            return None
        said = newest_deployment(self._connection, self._service, self.version)
        began = said.began if said is not None else self._canary.since
        return max(began, self.now - KEPT[BUCKET])

    def _counts(self, status: Status, rows: Mapping[str, int], since: float | None) -> IntArray | None:
        if not self.version or status.slo.sli.signal in _NOT_BY_VERSION:
            return None
        row = rows.get(status.slo.name)
        if row is None or since is None or self._canary is None:
            return np.empty((0, 5), np.int64)
        return sides(version_counts(self._connection, row, self._within(since), BUCKET), self._canary, self._other)

    def _durations(self, status: Status, rows: Mapping[str, int], since: float | None) -> Durations | None:
        row = rows.get(status.slo.name)
        if row is None or since is None or self._canary is None or status.slo.sli.threshold is None:
            return None
        found = version_durations(self._connection, row, self._within(since))
        return compared_durations(found, self._canary, self._other)

    def _within(self, since: float) -> Interval:
        return Interval(int(since) // BUCKET * BUCKET, int(self.now) + 1)
