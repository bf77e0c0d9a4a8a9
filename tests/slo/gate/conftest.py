"""Evidence for the gate's tests: of one version, from rates or from rows."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pytest

from fournines.slo import SLI, SLO, EventCount, FakeEventSource, Objective, SLIKind, Status, evaluate
from fournines.slo.gate.evidence import Evidence, SLOEvidence

NOW = 1_795_400_000.0


def _status(name="payments-availability", target="0.999", now=NOW, windows=None, threshold=None, **seen) -> Status:
    """An SLO that had no failures, or what `windows` says of some of its windows: (good, total) by the window's text."""
    kind = SLIKind.AVAILABILITY if threshold is None else SLIKind.LATENCY
    slo = SLO(name, SLI(kind, "payments", threshold=threshold), Objective(Decimal(target)))
    source = FakeEventSource(
        lambda _, window: EventCount(*(windows or {}).get(str(window), (1_000_000, 1_000_000))), **seen
    )
    return evaluate([slo], source, now).status(0)


def _evidence(*slos: SLOEvidence, version="2.0", baseline="", now=NOW, since=NOW - 600) -> Evidence:
    return Evidence("payments", version, baseline, now, since, slos)


def _rows(*rows, start=NOW - 600) -> np.ndarray:
    """Rows of canary bad and total, baseline bad and total, as buckets one after the other from `start` on."""
    return np.array([(start + 10 * each, *row) for each, row in enumerate(rows)], dtype=np.int64).reshape(-1, 5)


@pytest.fixture(scope="session")
def make_status() -> Callable[..., Status]:
    """How an SLO stands: `make_status(name, target, windows={"30d": (good, total)})`."""
    return _status


@pytest.fixture(scope="session")
def make_evidence() -> Callable[..., Evidence]:
    """Evidence of ten minutes: `make_evidence(SLOEvidence, ..., version=, baseline=, now=, since=)`."""
    return _evidence


@pytest.fixture(scope="session")
def make_rows() -> Callable[..., np.ndarray]:
    """Buckets one after the other: `make_rows((canary bad, total, baseline bad, total), ...)`."""
    return _rows
