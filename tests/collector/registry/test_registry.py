"""Which SLOs there are, and where their events are counted."""

from __future__ import annotations

import pytest

from fournines.collector import Signal
from fournines.collector.registry import services as services_module
from fournines.slo import HOUR, HTTP_SERVER_DURATION, SPANS, Condition, NoData, Origin, Window

AVAILABILITY, LATENCY = "payments-availability", "payments-latency"


def total(collector, name, now):
    """Events counted for a name, as an observer sees it."""
    return int(collector.observe([name], [Window(HOUR)], now).total[0, 0])


def signals(collector):
    """The signal of each SLO."""
    return {slo.name: slo.sli.signal for slo in collector.slos}


def test_a_service_gets_two_slos_when_it_is_heard(opened, otlp, now):
    """The first export of a service, whatever is in it, brings its two automatic SLOs, with the promises documented."""
    collector = opened()
    version = collector.catalogue.version
    collector.accept(Signal.METRICS, otlp.points(up=True), now).result()
    availability, latency = collector.slos

    assert version < collector.catalogue.version
    assert (AVAILABILITY, "0.9999", "30d") == (availability.name, str(availability.objective), str(availability.window))
    assert (LATENCY, "0.99", "0.25") == (latency.name, str(latency.objective), str(latency.sli.threshold))
    assert {(Origin.AUTOMATIC, NoData.BAD)} == {(slo.origin, slo.no_data) for slo in collector.slos}


@pytest.mark.parametrize("spans_first", [True, False])
def test_metrics_win_when_there_are_any(opened, otlp, span, histogram, now, spans_first):
    """In the first minute both signals are counted apart; metrics are shown if there are any, and then kept to."""
    collector = opened()
    metrics = (Signal.METRICS, otlp.points(histogram(now - 5, now, 3)))
    spans = (Signal.TRACES, otlp.spans(span(now), span(now)))
    for signal, body in [spans, metrics] if spans_first else [metrics, spans]:
        collector.accept(signal, body, now).result()
    assert 3 == total(collector, AVAILABILITY, now)
    collector.tick(now + 61)
    assert {HTTP_SERVER_DURATION} == set(signals(collector).values())
    collector.accept(Signal.TRACES, otlp.spans(span(now)), now + 61).result()
    collector.accept(Signal.METRICS, otlp.points(histogram(now, now + 5, 4)), now + 61).result()

    assert 7 == total(collector, AVAILABILITY, now + 61)
    assert {AVAILABILITY: (7, 7, 0), LATENCY: (7, 7, 0)} == collector.totals()


def test_spans_are_kept_to_when_there_is_nothing_else(opened, otlp, span, histogram, now):
    """A service that sent only spans in its first minute is counted by spans for good, with all of that minute, also after a restart."""
    collector = opened()
    collector.accept(Signal.TRACES, otlp.spans(span(now), span(now)), now).result()
    assert {SPANS} == set(signals(collector).values())
    assert {} == collector.totals(), "a count that may still change its source is not exposed"
    collector.tick(now + 59)
    assert {} == collector.totals()
    collector.tick(now + 60)
    collector.accept(Signal.METRICS, otlp.points(histogram(now, now + 5, 4)), now + 61).result()
    collector.close()
    collector = opened(now=now + 62)
    collector.accept(Signal.METRICS, otlp.points(histogram(now + 5, now + 9, 4)), now + 62).result()

    assert {SPANS} == set(signals(collector).values())
    assert 2 == total(collector, AVAILABILITY, now + 62)
    assert (2, 2, 0) == collector.totals()[AVAILABILITY]


def test_a_service_without_traffic_is_not_pinned(opened, otlp, span, histogram, now):
    """A service that only says that it lives has its minute from its first counted export on."""
    collector = opened()
    collector.accept(Signal.METRICS, otlp.points(up=True), now).result()
    collector.tick(now + 300)
    collector.accept(Signal.TRACES, otlp.spans(span(now + 301)), now + 301).result()
    collector.tick(now + 302)
    collector.accept(Signal.METRICS, otlp.points(histogram(now + 300, now + 303, 1)), now + 303).result()
    collector.tick(now + 400)

    assert {HTTP_SERVER_DURATION} == set(signals(collector).values())


def test_a_file_takes_over_the_counts_of_a_name(opened, otlp, span, slo, now):
    """An SLO of a file named like an automatic one replaces it and goes on with its counts; taken away, it hands them back."""
    collector = opened()
    collector.accept(Signal.TRACES, otlp.spans(span(now)), now).result()
    collector.tick(now + 61)
    collector.declare([slo(AVAILABILITY, target="0.9")], now + 62)
    collector.accept(Signal.TRACES, otlp.spans(span(now + 62)), now + 62).result()
    assert "0.9" == str(next(one for one in collector.slos if one.name == AVAILABILITY).objective)
    assert 2 == total(collector, AVAILABILITY, now + 62)
    collector.declare([], now + 63)

    assert [Origin.AUTOMATIC] * 2 == [one.origin for one in collector.slos]
    assert (2, 2, 0) == collector.totals()[AVAILABILITY]


def test_a_file_takes_over_what_the_first_minute_counted(opened, otlp, span, slo, now):
    """Spans that were counted before the automatic SLO kept to one signal go over to a file's SLO of spans, and stay its own."""
    collector = opened()
    for _ in range(3):
        collector.accept(Signal.TRACES, otlp.spans(span(now)), now).result()
    collector.declare([slo(AVAILABILITY)], now)
    assert 3 == total(collector, AVAILABILITY, now)
    collector.accept(Signal.TRACES, otlp.spans(span(now)), now).result()
    for passed in (30, 61, 62):
        collector.tick(now + passed)
    collector.close()

    assert 4 == total(opened([slo(AVAILABILITY)]), AVAILABILITY, now + 62)


def test_slos_are_there_after_a_restart(opened, otlp, span, slo, now):
    """Automatic SLOs and the counts of all survive a restart; those of files come with the files."""
    collector = opened([slo("mine")])
    collector.accept(Signal.TRACES, otlp.spans(span(now)), now).result()
    collector.close()
    collector = opened([slo("mine")])

    assert ["mine", AVAILABILITY, LATENCY] == [one.name for one in collector.slos]
    assert [1, 1, 1] == [total(collector, one.name, now) for one in collector.slos]


def test_services_are_bounded(opened, otlp, span, slo, now, monkeypatch, caplog):
    """Beyond the most services a new one gets no SLOs, and is counted as overflow; its files' SLOs count all the same."""
    monkeypatch.setattr(services_module, "MOST_SERVICES", 2)
    collector = opened([slo("mine", "s5")])
    for index in range(6):
        collector.accept(Signal.TRACES, otlp.spans(span(now), service=f"s{index}"), now).result()
    assert 1 == caplog.text.count("more than")
    overflow = collector.counters.registry.get_sample_value("fournines_services_overflow_total")

    assert ["mine", "s0-availability", "s0-latency", "s1-availability", "s1-latency"] == [
        s.name for s in collector.slos
    ]
    assert (1, 4.0) == (total(collector, "mine", now), overflow)


def test_a_condition_on_a_new_attribute_counts_at_once(opened, otlp, histogram, slo, now):
    """An SLO declared while collecting judges by attributes that nobody asked for before, from its first request on."""
    collector = opened()
    collector.accept(Signal.METRICS, otlp.points(up=True), now).result()
    get = (Condition.parse("http.request.method == GET"),)
    collector.declare([slo("gets", signal=HTTP_SERVER_DURATION, where=get)], now)
    points = (histogram(now - 5, now, count, method=method) for method, count in (("GET", 2), ("POST", 5)))
    collector.accept(Signal.METRICS, otlp.points(*points), now).result()

    assert 2 == total(collector, "gets", now)


def test_many_slos_have_totals_before_any_event(opened, slo):
    """SLOs that are declared and got nothing yet are zeroes, however many there are."""
    names = [f"slo-{number}" for number in range(200)]
    collector = opened([slo(name) for name in names])

    assert dict.fromkeys(names, (0, 0, 0)) == collector.totals()
