"""Each part of a window is judged by the objective of its time, also after a restart."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fournines.collector import Signal
from fournines.collector.books.objectives import KEPT, Objectives
from fournines.collector.ledger.schema import migrate
from fournines.slo import DAY, HOUR, MINUTE, SLI, SLO, Method, Objective, SLIKind, Window, evaluate
from fournines.slo.composite import Composite, Member, Rule
from fournines.slo.slices import Slices

START = 1_790_000_000 // MINUTE * MINUTE


def make(target, name="pay"):
    """An SLO with this target."""
    return SLO(name, SLI(SLIKind.AVAILABILITY, "payments"), Objective(Decimal(target)))


@pytest.fixture
def connection():
    """A ledger's tables in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    yield connection
    connection.close()


def commit(objectives, connection):
    """As the ledger does."""
    objectives.write(connection)
    objectives.keep()


@example([(0, "0.9"), (60, "0.99"), (60, "0.9"), (200 * DAY, "0.9"), (200 * DAY, "0.9")])
@given(
    st.lists(st.tuples(st.integers(0, 200 * DAY), st.sampled_from(["0.9", "0.99", "0.999"])), min_size=1, max_size=12)
)
def test_the_objective_of_each_time_is_known_as_long_as_a_window_may_hold_it(changes):
    """At any second not longer ago than counts are kept, the objective is the one last set then; and the ledger knows as much.

    What no window holds any more goes with the next change.
    """
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    objectives, now, told, changed = Objectives(connection), START, [], START
    for gap, target in changes:
        now += gap
        objectives.follow([make(target)], now)
        changed = now if objectives.changed else changed
        commit(objectives, connection)
        told.append((now // MINUTE * MINUTE, target))
    found = objectives.of("pay")
    again = Objectives(connection).of("pay")
    connection.close()

    assert found == again
    for at in {second for second, _ in told if second > now - KEPT}:
        expected = [target for since, target in told if since <= at][-1]
        assert expected == str([one.objective for one in found if one.since <= at][-1])
    assert len(found) == 1 or found[1].since > changed - KEPT - MINUTE


def test_a_transaction_that_fails_changes_nothing(connection):
    """The same SLOs are looked at again then."""
    objectives, slos = Objectives(connection), [make("0.9")]
    objectives.follow(slos, START)
    objectives.forget()
    before, version = objectives.of("pay"), objectives.version
    objectives.follow(slos, START)
    commit(objectives, connection)

    assert ((), 0) == (before, version)
    assert ["0.9"] == [str(one.objective) for one in objectives.of("pay")]
    assert 1 == objectives.version


def test_an_slo_that_is_gone_is_forgotten(connection):
    """Its objectives go from the ledger too: names that come and go don't fill it."""
    objectives = Objectives(connection)
    for slos in ([make("0.9"), make("0.9", "other")], [make("0.9", "other")]):
        objectives.follow(slos, START)
        commit(objectives, connection)

    assert [("other",)] == connection.execute("SELECT name FROM objective").fetchall()


def test_a_window_is_judged_in_parts(opened, otlp, span, slo, now):
    """Of 100 requests under 90 % and 300 under 99 % an hour allows 10 + 3 failures, before and after a restart; 5 minutes allow 1 %."""
    collector = opened(
        [slo("pay", target="0.9", rules=(), window=Window(HOUR), more_windows=(Window(5 * MINUTE),))], now
    )
    collector.accept(Signal.TRACES, otlp.spans(*[span(now - 1200)] * 100), now - 1200).result()
    collector.tick(now - 1200)
    changed = slo("pay", target="0.99", rules=(), window=Window(HOUR), more_windows=(Window(5 * MINUTE),))
    collector.declare([changed], now - 600)
    collector.tick(now - 600)
    collector.accept(Signal.TRACES, otlp.spans(*[span(now - 30)] * 300), now).result()
    found = []
    for _ in range(2):
        evaluation = evaluate([changed], collector, now)
        scale = Fraction(HOUR, int(evaluation.covered.max()))
        found.append([evaluation.observation.allowed[0], evaluation.status(0).budget.allowed / scale])
        collector.close()
        collector = opened([changed], now)

    share = Fraction(10 + 3, 400)
    assert [[[Fraction(1, 100), share], Fraction(10 + 3)]] * 2 == found


def test_a_composite_may_be_asked_for_without_its_members(opened, slo, now):
    """Objectives of members that changed are not those of who was asked for."""
    sli = SLI(SLIKind.AVAILABILITY, "payments", "slos", composite=Composite(Rule.ALL, (Member("pay"),)))
    whole = SLO("whole", sli, Objective(Decimal("0.9")), method=Method.TIMESLICES, rules=(), slices=Slices())
    collector = opened([slo("pay", target="0.9"), whole], now)
    collector.tick(now)
    collector.declare([slo("pay", target="0.99"), whole], now + 120)
    collector.tick(now + 120)
    alone, both = (collector.observe(names, [whole.window], now + 125) for names in (["whole"], ["whole", "pay"]))

    assert ([], [1]) == ([*alone.allowed], [*both.allowed])
    assert "whole" == evaluate([whole], collector, now + 125).status(0).slo.name
