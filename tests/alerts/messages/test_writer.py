"""Messages as a whole: what is true of every one of them."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.alerts import Action, AlertKey, AlertKind, Firing
from fournines.alerts.messages.context import Cause, Context, Example, FakeContexts, Rollout
from fournines.alerts.messages.plain import DESCRIPTION_MOST, SUMMARY_MOST
from fournines.alerts.messages.sources import Sources
from fournines.alerts.messages.templates import packaged
from fournines.alerts.messages.writer import ALERT_NAMES, MOST_TOLD, Writer
from fournines.alerts.words import Words
from fournines.slo import SLI, SLO, EventCount, FakeEventSource, Interval, Objective, SLIKind, evaluate, summarise

NOW = 1_800_000_000.0
LIES = re.compile(
    r"\b(nan|NaN|inf|Infinity|None)\b|[-\N{MINUS SIGN}]0\b|\b1 (requests|slices|failed events)\b|  |\.\.(?!\.)|: \.|, ,|\(\)"
)
FIGURES = re.compile(
    r"^(?P<share>[\d.]+|under 0\.1) % of the budget left \((?P<time>.+) of outage, (?P<left>[\d,]+) requests?\), over 30d$"
)
names = st.one_of(
    st.sampled_from(["pay", "{{ 7 * 7 }}", "<b>&", "two\nlines", "x" * 10_000, "\u202eevil", "ü" * 300]),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
)
counts = st.integers(0, 10**6).flatmap(
    lambda total: st.builds(lambda bad: EventCount(total - bad, total), st.integers(0, total))
)


@st.composite
def statuses(draw):
    """An SLO of any name, with any counts in its windows."""
    name = draw(names)
    slo = SLO(
        f"{name}-availability",
        SLI(SLIKind.AVAILABILITY, name),
        Objective.parse(draw(st.sampled_from(["0.9", "0.9999"]))),
    )
    drawn: dict[str, EventCount] = {}
    burns = draw(st.booleans())

    def count(_, window):
        if burns:
            return EventCount(0, 1_000) if str(window) != "30d" else drawn.setdefault("30d", draw(counts))
        return drawn.setdefault(str(window), draw(counts))

    silent = [slo.name] if draw(st.booleans()) else []
    since = {slo.name: int(NOW) - draw(st.sampled_from([60, 86_400, 40 * 86_400]))}
    source = FakeEventSource(count, since=since, silent=silent, heard={slo.name: NOW - draw(st.floats(0, 500))})
    return evaluate([slo], source, NOW).status(0)


@st.composite
def contexts(draw):
    """What may be known of the last minutes."""
    text = st.one_of(st.just(""), names)
    causes = draw(st.lists(st.builds(Cause, text, text, text, text, st.integers(1, 10**6)), max_size=4))
    failed = sum(each.failed for each in causes) + draw(st.integers(0, 5))
    instances = draw(st.dictionaries(text, st.integers(1, max(1, failed)), max_size=3)) if failed else {}
    rollout = draw(st.none() | st.builds(Rollout, names, st.floats(0, NOW + 60), st.none(), st.none(), text, text))
    example = draw(st.none() | st.builds(Example, st.just("ab" * 16), text, text, st.floats(NOW - 300, NOW)))
    counted = draw(st.none() | counts)
    return Context(Interval(int(NOW) - 300, int(NOW)), tuple(causes), instances, failed, counted, rollout, example)


def written(status, context):
    """Every message there can be about a status."""
    made = Writer("http://slo.example", lambda _: "", NOW, Sources(contexts=FakeContexts({status.slo.name: context})))
    words = Words(status.slo.name, f"{status.slo.name} is over.", "its budget is spent", {"calls": status.slo.name})
    told = [(AlertKind.NO_DATA, status.slo.sli.service, None), (AlertKind.EXHAUSTED, status.slo.name, words)]
    told += [(AlertKind(each.severity.value), status.slo.name, None) for each in status.rules if each.met]
    for kind, name, said in told:
        alert = replace(made.opened(AlertKey(kind, name), status, Firing(NOW - 60), said), number=1)
        trigger = made.triggers(alert, status, said)
        yield trigger
        yield made.updates(alert, "acknowledged by ann", acknowledged=True, last=trigger)
        yield made.updates(alert, "a note")
        yield made.resolves(alert, status, NOW, said)
        yield made.resolves(alert, None, NOW)


@given(statuses(), contexts())
@settings(max_examples=60, deadline=None)
def test_no_message_lies(status, context):
    """Whatever was counted and however things are called: no figure that is none, one line, bounded, and plain text."""
    for message in written(status, context):
        told = {name: message.annotations[name] for name in ("summary", "description")} | dict(message.details)
        ours = {name: text for name, text in told.items() if not _named(text, status, context)}
        assert [] == [text for text in ours.values() if LIES.search(text)]
        assert [] == [text for text in told.values() if re.search(r"[\x00-\x1f\x7f\u2028\u202e]", text)]
        assert 0 < len(told["summary"]) <= SUMMARY_MOST
        assert 0 < len(told["description"].encode()) <= DESCRIPTION_MOST
        assert len(packaged().slack(message)) <= 3_000


def _named(text, status, context):
    """Whether a text holds a name from outside, which may look like anything."""
    return (
        status.slo.name != "pay-availability"
        or any(each.failed for each in context.causes)
        or context.rollout is not None
    )


@given(statuses())
@settings(max_examples=60, deadline=None)
def test_every_figure_is_the_api_s(status):
    """The budget and burn rates that a page says are those of the API, rounded against us and by less than one step."""
    said = summarise(status, NOW)
    context = Context(Interval(int(NOW) - 300, int(NOW)))
    for message in written(status, context):
        left, burn = FIGURES.match(message.details.get("budget", "")), message.details.get("burn", "")
        if left and left["share"] != "under 0.1":
            actual = said["budget"]["remaining_ratio"] * 100
            assert actual - 1 - 1e-9 <= float(left["share"]) <= actual + 1e-9
            assert math.isclose(
                int(left["left"].replace(",", "")), math.floor(said["budget"]["remaining_events"]), abs_tol=1
            )
        for rate, window in re.findall(r"([\d,.]+)x over (\w+)", burn):
            told, actual = float(rate.replace(",", "")), said["burn_rates"][window]
            assert actual - 1e-9 <= told <= actual + (0.1 if actual < 100 else 1) + 1e-9


def test_links_are_those_there_are_in_a_fixed_order(status, world, triggered, known):
    """Runbook, dashboard, trace, silence; in the annotations as well, for receivers that know no others."""
    world.failing = {"payments-availability": 0.01}
    told = triggered(status(annotations={"fournines/runbook": "https://run.example/pay"}), contexts=known)

    assert told.links == (
        ("Runbook", "https://run.example/pay"),
        ("Dashboard", "http://slo.example/slo/payments-availability"),
        ("Trace", "http://slo.example/api/v1/traces/4bf92f3577b34da6a3ce929d0e0e4736"),
        ("Silence", "http://slo.example/slo/payments-availability#silence"),
    )
    assert {link.href for link in told.links} <= set(told.annotations.values())


def test_facts_come_in_one_order(status, world, triggered, known):
    """Whoever reads many pages knows where to look."""
    world.failing = {"payments-availability": 0.01, ("payments-availability", "30d"): 0.00005}
    told = triggered(status(), contexts=known)

    assert ["promise", "since", "burn", "budget", "empty in", "fails", "changed", "trace"] == list(told.details)


def test_an_update_is_the_last_message_with_the_news_before_it(status, world, writer, start, known):
    """A receiver that puts it in the page's place loses nothing; older news make room for new ones."""
    world.failing = {"payments-availability": 0.01}
    made = writer(known)
    alert = made.opened(AlertKey(AlertKind.PAGE, "payments-availability"), status(), Firing(start))
    trigger = made.triggers(alert, status())
    first = made.updates(alert, "silenced by ann", last=trigger)
    second = made.updates(alert, "acknowledged by bob", acknowledged=True, last=first)

    assert (Action.UPDATE, Action.ACKNOWLEDGE) == (first.action, second.action)
    assert second.details == {"news": "acknowledged by bob", **trigger.details}
    assert second.annotations["description"] == f"Acknowledged by bob. {trigger.annotations['description']}"
    assert (second.links, second.labels, second.starts_at) == (trigger.links, trigger.labels, trigger.starts_at)


def test_conditions_without_a_burn_rate_have_their_own_words(status, writer, start):
    """Their summary, text, facts and end; labels and links as of all others."""
    words = Words(
        "the certificate ends in 3d", "Whoever asks is refused then.", "it ends", {"ends": "Friday"}, "It was renewed."
    )
    made = writer()
    alert = made.opened(AlertKey(AlertKind.CERTIFICATE, "payments"), None, Firing(start), words)
    told, over = made.triggers(alert, None, words), made.resolves(alert, None, start + 60, words)

    assert told.annotations["summary"] == "the certificate ends in 3d"
    assert told.details == {"what": "Whoever asks is refused then.", "since": "2027-01-15T08:00:00Z", "ends": "Friday"}
    assert told.labels == {"alertname": "SLOCertificateExpiry", "service": "payments", "severity": "ticket"}
    assert over.annotations["description"] == "It was renewed. It fired for 1m."
    assert over.annotations["summary"] == "Over: the certificate ends in 3d"


def test_every_kind_of_alert_has_a_name():
    """Receivers route by it."""
    assert set(AlertKind) == set(ALERT_NAMES)


def test_many_pages_wait_for_few_lookups(status, world, writer, start):
    """When everything burns at once the first say what fails, and none of them waits for all."""
    world.failing = {"payments-availability": 0.01}
    asked = []

    class Counting(FakeContexts):
        def context(self, slo, interval):
            asked.append(interval)
            return super().context(slo, interval)

    made = writer(Counting())
    alert = made.opened(AlertKey(AlertKind.PAGE, "payments-availability"), status(), Firing(start))
    for _ in range(MOST_TOLD + 2):
        made.triggers(alert, status())

    assert [Interval(int(start) - 300, int(start) + 60)] * MOST_TOLD == asked


@pytest.mark.parametrize("kind", [AlertKind.NO_DATA, AlertKind.TRAFFIC_COLLAPSE])
def test_of_a_silent_service_only_what_changed_is_told(status, world, triggered, known, kind):
    """Its last failures are not what is wrong with it."""
    words = None if kind is AlertKind.NO_DATA else Words("nobody calls", "Nobody calls.", "few calls")
    told = triggered(status(), kind, words, contexts=known)

    assert "version 1.4.2 by ann" in told.details["changed"]
    assert {"fails", "trace"}.isdisjoint(told.details)
