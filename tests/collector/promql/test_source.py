"""What is known of SLOs while an engine answers, refuses, or is not there."""

from __future__ import annotations

import logging
import math

import httpx
import pytest

from fournines.collector.errors import QueryRefused, Unreachable
from fournines.collector.promql.engine import Engine
from fournines.collector.promql.source import PARALLEL, STALE, PromqlSource
from fournines.slo import Correction, Evaluator, Interval, Queries, State, Window

NOW = 1_790_000_000.0
WINDOWS = [Window.parse("5m"), Window.parse("1h"), Window.parse("2h")]


class Told:
    """An engine's answers, which tests change: 1 bad event of `total`, samples from `first` to `sample`; or it fails with `failure`."""

    def __init__(self):
        self.total, self.first, self.sample, self.failure = 100, NOW - 3600, NOW, None
        self.queries = []

    def __call__(self, query, t):
        self.queries.append((query, t))
        if self.failure:
            raise self.failure
        if "timestamp" in query:
            return [min(t, self.sample)] if self.first <= t <= self.sample + STALE else []
        return [1] if "5.." in query else [self.total]


@pytest.fixture
def told():
    """What the engine answers."""
    return Told()


@pytest.fixture
def source(answering, told):
    """What asks it."""
    return PromqlSource(answering(told))


def observed(source, slo, now):
    """Bad and total events of its windows, and the observation."""
    seen = source.observe([slo.name], WINDOWS, now)
    return (seen.total - seen.good)[0].tolist(), seen.total[0].tolist(), seen


def test_what_was_not_asked_yet_has_no_data_and_says_so(source, asked):
    """An evaluation never waits for an engine."""
    slo = asked()

    status = Evaluator([slo]).at(source, NOW).named(slo.name)

    assert (State.NO_DATA, "http://engine was not asked yet") == (status.state, status.reason)
    assert not status.silent


def test_an_engine_that_is_gone_leaves_its_last_answers_until_they_are_stale(source, asked, told, caplog):
    """Then there is no data, with the reason; it is logged once that it can't be asked, and once that it can."""
    caplog.set_level(logging.INFO, "fournines.collector")
    slo = asked()
    source.refresh([slo], NOW)
    told.failure = httpx.ConnectError("Connection refused")
    source.refresh([slo], NOW + 10)
    source.refresh([slo], NOW + 20)

    bad, total, seen = observed(source, slo, NOW + STALE)
    late = Evaluator([slo]).at(source, NOW + STALE + 1).named(slo.name)
    told.failure, told.sample = None, NOW + STALE
    source.refresh([slo], NOW + STALE + 10)

    assert ([1, 1, 1], [100, 100, 100], False) == (bad, total, bool(seen.silent[0]))
    assert (State.NO_DATA, "http://engine can't be asked: Connection refused") == (late.state, late.reason)
    assert not observed(source, slo, NOW + STALE + 10)[2].silent[0]
    said = [record.getMessage() for record in caplog.records if record.name == "fournines.collector"]
    assert ["http://engine can't be asked", "http://engine answers again"] == [text.split(": ")[0] for text in said]


def test_a_query_that_is_refused_is_that_slos_alone(asked):
    """The others are asked as ever; it is said in the engine's words."""

    def refuse(request):
        text = request.content.decode()
        if "broken" in text:
            return httpx.Response(422, json={"status": "error", "error": "many-to-many\nmatching"})
        if request.url.path.endswith("query_range"):
            return httpx.Response(200, json={"data": {"resultType": "matrix", "result": []}})
        result = [{"metric": {"fournines_asked": "0"}, "value": [NOW, "7"]}]
        return httpx.Response(200, json={"data": {"resultType": "vector", "result": result}})

    source = PromqlSource(Engine("http://engine", transport=httpx.MockTransport(refuse)))
    broken, whole = asked(Queries(raw="broken"), "broken"), asked(Queries(raw="1"), "whole")

    source.refresh([broken, whole], NOW)
    seen = source.observe(["broken", "whole"], WINDOWS, NOW)
    source.close()

    assert {0: "http://engine refuses a query of it: many-to-many matching"} == dict(seen.unheard)
    assert math.isnan(seen.heard[0])
    assert 7 == seen.heard[1]


def test_a_query_that_is_never_answered_is_that_slos_alone(asked, answering, told):
    """A month of many series may take an engine longer than one waits: the others have their counts, also those behind it."""

    def answer(query, t):
        if "slow" in query and "timestamp" not in query:
            raise httpx.ReadTimeout("late")
        return told(query, t)

    source = PromqlSource(answering(answer))
    slow = [asked(Queries(bad="slow", total="all", counter=True), f"slow-{number}") for number in range(6)]
    slos = [*slow, asked(name="z")]
    pauses = [source.refresh(slos, NOW + later) for later in (0, 10, 20)]

    seen = source.observe(["slow-0", "z"], WINDOWS, NOW + 20)

    assert {0: "http://engine does not answer what is asked of it: it does not answer in time"} == dict(seen.unheard)
    assert [0, 100] == seen.total[:, 0].tolist()
    assert ("", 10) == (source.trouble, pauses[-1])


def test_an_engine_that_is_gone_is_not_asked_for_every_slo(source, asked, told):
    """After as many time-outs as are waited for at once nobody waits for more."""
    told.failure = httpx.ReadTimeout("late")

    source.refresh([asked(name=f"slo-{number}") for number in range(100)], NOW)

    assert len(told.queries) < 3 * PARALLEL
    assert "http://engine can't be asked: it does not answer in time" == source.trouble


def test_a_service_that_stops_is_silent_and_one_that_never_was_is_not(source, asked, told):
    """Silence is that of samples, not of answers."""
    slo = asked()
    source.refresh([slo], NOW)
    source.refresh([slo], NOW + STALE + 30)
    late = observed(source, slo, NOW + STALE + 30)[2]
    told.sample = -math.inf
    fresh = PromqlSource(source._engine)
    fresh.refresh([slo], NOW)
    never = observed(fresh, slo, NOW)[2]

    assert (True, NOW) == (bool(late.silent[0]), late.heard[0])
    assert (False, -1, {0: "http://engine has no sample of it"}) == (
        bool(never.silent[0]),
        never.since[0],
        dict(never.unheard),
    )


def test_long_windows_are_asked_for_less_often(source, asked, told):
    """An hour and less each time, a month every five minutes, once that long is known."""
    told.first = NOW - 40 * 86_400
    month = Window.parse("30d")
    slo = asked(window=month)
    for now in range(0, 600, 10):
        source.refresh([slo], NOW + now)
    totals = [query for query, _ in told.queries if "http_requests_total{}[2592000s]" in query]
    hours = [query for query, _ in told.queries if "http_requests_total{}[3600s]" in query]

    assert (2, 60) == (len(totals), len(hours))


def test_an_slo_without_short_windows_is_asked_for_again(source, asked, told):
    """Rounds in which none of its windows is due don't put off when they are."""
    told.first, month = NOW - 40 * 86_400, Window.parse("30d")
    slo = asked(window=month, rules=())
    source.refresh([slo], NOW)
    told.total = 200
    for later in range(10, 400, 10):
        source.refresh([slo], NOW + later)

    assert 200 == source.observe([slo.name], [month], NOW + 400).total[0, 0]


def test_a_clock_that_was_ahead_puts_nothing_off(source, asked, told):
    """Once it is right windows are asked for as ever, and since when there are data."""
    slo = asked()
    source.refresh([slo], NOW + 86_400)
    source.refresh([slo], NOW)

    assert [100, 100, 100] == observed(source, slo, NOW)[1]
    told.total = 300
    source.refresh([slo], NOW + 10)
    assert [300, 300, 300] == observed(source, slo, NOW + 10)[1]


def test_more_than_arrays_can_hold_is_refused(source, asked, told):
    """One query's number costs no other SLO its evaluation; what fits is evaluated as it is."""
    slo, told.total = asked(), 1e25
    source.refresh([slo], NOW)
    said = dict(observed(source, slo, NOW)[2].unheard)
    history = source.history(slo.name, Interval(0, 60), 10)
    told.total = 4e18
    source.refresh([slo], NOW + 10)
    status = Evaluator([slo]).at(source, NOW + 10).named(slo.name)

    reason = "it is answered with 1e+25 events, more than can be counted: write another unit"
    assert {0: f"http://engine refuses a query of it: {reason}"} == said
    assert [] == history
    assert State.HEALTHY is status.state


def test_data_are_observed_since_the_first_sample(source, asked):
    """A window that reaches back farther is covered only from there."""
    slo = asked()

    source.refresh([slo], NOW)

    assert NOW - 3600 == pytest.approx(observed(source, slo, NOW)[2].since[0], abs=15)


def test_what_began_just_now_is_counted_at_once(source, asked, told):
    """However long its window, and whatever steps divide it."""
    told.first, month = NOW - 20, Window.parse("28d")
    slo = asked(window=month)

    source.refresh([slo], NOW)
    seen = source.observe([slo.name], [month], NOW)

    assert (NOW - 20, 100) == (pytest.approx(seen.since[0], abs=10), seen.total[0, 0])


def test_corrected_time_is_asked_for_once(source, asked, told):
    """What lies whole within a window changes no more; what the window cuts does."""
    full = int(NOW) // 60 * 60
    out = Correction(full - 1800, 600, "move", "ana"), Correction(full - 7500, 3600, "move", "ana")
    slo = asked(corrections=out)
    for later in (0, 10, 20):
        source.refresh([slo], NOW + later)

    assert [1, 0, 0] == observed(source, slo, NOW)[0]
    assert 1 == sum("http_requests_total{}[600s]" in query for query, _ in told.queries)
    assert 3 <= sum(t == full - 7500 + 3600 and "increase" in query for query, t in told.queries)


def test_what_changes_in_its_file_is_asked_for_anew(source, asked, told):
    """Nothing of what was known of another promise of that name is shown; of one that is gone nothing is kept."""
    source.refresh([asked()], NOW)
    told.failure = httpx.ConnectError("gone")
    other = asked(Queries(bad="a", total="b", counter=True))

    source.refresh([other], NOW + 10)

    assert [0, 0, 0] == observed(source, other, NOW + 10)[1]


def test_several_series_are_no_number(asked, answering):
    """Whose share it would be nobody knows."""
    source = PromqlSource(answering(lambda query, t: [t] if "timestamp" in query else [0.5, 0.7]))
    slo = asked(Queries(raw="a"))
    source.refresh([slo], NOW)

    said = dict(observed(source, slo, NOW)[2].unheard)

    assert {0: "http://engine refuses a query of it: it is answered with 2 series, and means one: sum them"} == said


def test_no_failures_and_no_answer_for_them_is_none(asked, answering):
    """A series of failures begins with the first one; more failures than events there are not."""
    silent = PromqlSource(answering(lambda query, t: [] if "5.." in query else [t] if "timestamp" in query else [10]))
    loud = PromqlSource(
        answering(lambda query, t: [12.4] if "5.." in query else [t] if "timestamp" in query else [10.4])
    )
    slo = asked()
    for source in (silent, loud):
        source.refresh([slo], NOW)

    assert ([0] * 3, [10] * 3) == observed(silent, slo, NOW)[:2]
    assert ([10] * 3, [10] * 3) == observed(loud, slo, NOW)[:2]


def test_history_of_what_can_not_be_asked_is_empty(source, asked, told):
    """A page does not wait for an engine that is known to be gone."""
    slo = asked()
    assert [] == source.history("nobody", Interval(0, 60), 10)
    source.refresh([slo], NOW)
    told.failure = httpx.ConnectError("gone")
    assert [] == source.history(slo.name, Interval(0, 60), 10)
    source.refresh([slo], NOW + 10)
    asked_before = len(told.queries)

    assert [] == source.history(slo.name, Interval(0, 60), 10)
    assert asked_before == len(told.queries)


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (httpx.Response(503), "it answers 503"),
        (httpx.Response(401), "it answers 401"),
        (httpx.Response(302, headers={"location": "http://login"}), "it answers 302"),
        (httpx.Response(200, text="<html>"), "what it answers is no result of a query"),
        (httpx.Response(200, json={"data": {"result": [{"metric": {}, "value": ["x"]}]}}), "no result of a query"),
        (httpx.Response(200, text='{"data": {"result": [{"metric": {}, "value": [NaN, "1"]}]}}'), "no result of a"),
        (httpx.Response(200, text="[" * 100_000), "no result of a query"),
    ],
)
def test_what_is_no_engine_is_unreachable(response, reason):
    """A login page, a proxy's fault, JSON of somebody else."""
    said = []
    engine = Engine(
        "http://u:secret@engine/prom?x=1", told=said.append, transport=httpx.MockTransport(lambda _: response)
    )

    with pytest.raises(Unreachable, match=reason):
        engine.at("1", NOW)
    engine.close()

    assert ["unreachable"] == said
    assert "http://engine/prom" == engine.address


@pytest.mark.parametrize("metric", [{"a": "b"}, [1], None])
def test_an_answer_to_what_was_not_asked_is_none(metric):
    """Whoever answers with series of its own is no engine."""
    body = {"data": {"resultType": "vector", "result": [{"metric": metric, "value": [NOW, "1"]}]}}
    engine = Engine("http://engine", transport=httpx.MockTransport(lambda _: httpx.Response(200, json=body)))

    with pytest.raises(Unreachable, match="was not asked"):
        engine.together(["a", "b"], NOW)
    engine.close()


def test_histograms_are_no_numbers():
    """A native histogram is no count of events."""
    body = {"data": {"resultType": "vector", "result": [{"metric": {}, "histogram": [NOW, {}]}]}}
    engine = Engine("http://engine", transport=httpx.MockTransport(lambda _: httpx.Response(200, json=body)))

    with pytest.raises(QueryRefused, match="histograms"):
        engine.at("a", NOW)
    engine.close()


def test_an_engine_that_fails_is_asked_less_often(source, answering, asked, told):
    """Twice as long after each failure, up to a minute, and never more often than was said; one that answers again as ever."""
    seldom = PromqlSource(answering(told), interval=300.0)
    pauses = [source.refresh([asked()], NOW)]
    told.failure = httpx.ConnectError("gone")
    pauses += [source.refresh([asked()], NOW + later) for later in range(10, 100, 10)]
    assert 300 == seldom.refresh([asked()], NOW)
    told.failure = None
    pauses.append(source.refresh([asked()], NOW + 100))

    assert [10, 20, 40, *[60] * 7, 10] == pauses
