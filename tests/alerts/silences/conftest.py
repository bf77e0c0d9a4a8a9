"""An alert as silences see it, and a store of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from fournines.alerts import Alert, AlertKey, AlertKind, Firing
from fournines.alerts.silences.silences import Silences


@pytest.fixture
def alert(start) -> Callable[..., Alert]:
    """Makes an open alert: of an SLO unless its kind is a service's."""

    def make(of: AlertKind = AlertKind.PAGE, slo: str = "pay-quick", service: str = "pay", **labels: str) -> Alert:
        named = {**labels, "slo": slo, "service": service, "severity": of.severity.value}
        name = service if of is AlertKind.NO_DATA else slo
        return Alert(AlertKey(of, name), slo, service, named, "it burns", "it burns 20x", Firing(start))

    return make


@pytest.fixture
def silences(path) -> Iterator[Callable[..., Silences]]:
    """Opens the silences of the ledger's file, and closes them at the end."""
    opened: list[Silences] = []

    def open_them(**more) -> Silences:
        opened.append(Silences(path, **more))
        return opened[-1]

    yield open_them
    for each in opened:
        each.close()
