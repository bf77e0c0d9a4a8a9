"""Messages as they go out, of a service whose numbers the test decides."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fournines.alerts import AlertKey, AlertKind, Firing
from fournines.alerts.messages.context import Cause, Context, Example, FakeContexts, Rollout
from fournines.alerts.messages.sources import Sources
from fournines.alerts.messages.templates import packaged
from fournines.alerts.messages.writer import Writer
from fournines.slo import EventCount, Interval

URL = "http://slo.example"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def status(at, slo):
    """The status of the payments SLO in the world as it is."""
    return lambda **more: at([slo(**more)]).status(0)


@pytest.fixture
def writer(start):
    """Makes a writer at the start, of whom nothing is known but what the test says."""

    def make(contexts=None, templates=None, now=start):
        sources = Sources(contexts=contexts or FakeContexts(), templates=templates or packaged())
        return Writer(URL, lambda status: f"explained: {status.slo.name}", now, sources)

    return make


@pytest.fixture
def triggered(writer, start):
    """Writes the trigger of an alert of some kind about a status."""

    def write(status, kind=AlertKind.PAGE, words=None, contexts=None, news="", **more):
        written = writer(contexts)
        name = status.slo.sli.service if kind is AlertKind.NO_DATA else status.slo.name
        alert = replace(written.opened(AlertKey(kind, name), status, Firing(start), words), **more)
        return written.triggers(alert, status, words, news)

    return write


@pytest.fixture
def known(start):
    """Contexts that know all there is of the payments SLO."""
    context = Context(
        Interval(int(start) - 300, int(start)),
        (Cause("/pay", "500", "timeout", "1.4.2", 1_204), Cause("/cards", "502", "502", "", 38), Cause(failed=12)),
        {"pod-1": 501, "pod-2": 753},
        1_254,
        EventCount(8_746, 10_000),
        Rollout("1.4.2", start - 165, start - 60, None, "ann", "9fceb02"),
        Example(TRACE, "/pay", "500", start - 4),
    )
    return FakeContexts({"payments-availability": context})
