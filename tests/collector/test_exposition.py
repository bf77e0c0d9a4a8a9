"""What /metrics says."""

from __future__ import annotations

import subprocess

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from fournines.collector import Collector, Signal, expose, names
from fournines.slo import Severity, State, evaluate, metric_names


@pytest.fixture
def collector(opened, otlp, span, slo, now) -> Collector:
    """A collector with one bad event of four."""
    made = opened([slo("mine"), slo("quick", threshold="0.25"), slo("idle", "other")])
    made.accept(Signal.TRACES, otlp.spans(*(span(now, status=s) for s in (200, 200, 404, 503))), now).result()
    return made


def read(collector, now, accept="", firing=()):
    """The samples of an exposition, by name and labels."""
    body, content_type = expose(collector, evaluate(collector.slos, collector, now), firing, accept)
    families = (parse_openmetrics if "openmetrics" in content_type else parse)(body.decode())
    return {(s.name, tuple(sorted(s.labels.values()))): s.value for family in families for s in family.samples}


@pytest.mark.parametrize("accept", ["", "application/openmetrics-text; version=1.0.0"])
def test_every_slo_is_told(collector, now, accept):
    """Events since the ledger's birth, objective, budget left, burn per window and alerts, for every SLO, in either form."""
    found = read(collector, now + 1, accept, [("mine", Severity.PAGE)])

    assert (3.0, 1.0) == tuple(
        found["slo_events_total", tuple(sorted(("mine", "payments", r)))] for r in ("good", "bad")
    )
    assert 0.99 == found["slo_objective_ratio", ("mine", "payments")]
    assert 1.0 == found["slo_error_budget_remaining_ratio", ("idle", "other")]
    assert found["slo_burn_rate", ("5m", "mine", "payments")] > found["slo_burn_rate", ("1h", "mine", "payments")] > 0
    assert not [key for key in found if key[0] == "slo_burn_rate" and "idle" in key[1]]
    assert [1.0, 0.0] == [
        found["slo_alert_firing", ("mine", *alert)] for alert in (("page", "payments"), ("payments", "ticket"))
    ]
    states = {state.value: found["slo_state", tuple(sorted(("mine", "payments", state.value)))] for state in State}
    seen = evaluate(collector.slos, collector, now + 1).named("mine").state.value
    assert {seen: 1.0} == {state: told for state, told in states.items() if told}


@pytest.mark.parametrize("accept", ["", "application/openmetrics-text; version=1.0.0"])
def test_rules_are_told_which_groups_there_are(opened, otlp, span, slo, now, accept):
    """Each says whose it is and of which values, as its labels do; what finds no room has none."""
    keys = ("http.route", "tenant")
    labels = {"team": "pay"}
    collector = opened([slo("checkout", group_by=keys, max_groups=1, labels=labels), slo("mine")])
    spans = otlp.spans(span(now, route="/a"), span(now, route="/b"))
    collector.accept(Signal.TRACES, spans, now).result()
    body, content_type = expose(collector, evaluate(collector.slos, collector, now), (), accept)
    families = (parse_openmetrics if "openmetrics" in content_type else parse)(body.decode())
    found = [s for family in families for s in family.samples if s.name == metric_names.GROUP_INFO]

    of = {"service": "payments", "group_of": "checkout"}
    assert [
        {"slo": "checkout-a-none", **of, "label_http_route": "/a", "label_tenant": "none"},
        {"slo": "checkout-other", **of},
    ] == [sample.labels for sample in found]
    assert {1.0} == {sample.value for sample in found}


def test_figures_are_those_of_the_evaluation(collector, now):
    """Budget and burn rates are the evaluation's own, but for the last digits of a float."""
    found = read(collector, now + 1)
    evaluation = evaluate(collector.slos, collector, now + 1)
    for status in map(evaluation.status, range(len(evaluation))):
        key = (status.slo.name, status.slo.service)
        left = found["slo_error_budget_remaining_ratio", tuple(sorted(key))]
        assert left == pytest.approx(float(status.budget.remaining_ratio), rel=1e-12)
        for window, rate in status.burn.items():
            told = found.get(("slo_burn_rate", tuple(sorted((*key, str(window))))))
            assert told == (None if rate is None else pytest.approx(float(rate), rel=1e-12))


def test_counts_survive_a_restart(collector, opened, otlp, span, slo, now):
    """A scraper sees no reset when the collector restarts."""
    collector.close()
    again = opened([slo("mine")])
    again.accept(Signal.TRACES, otlp.spans(span(now)), now).result()

    assert 4.0 == read(again, now)["slo_events_total", ("good", "mine", "payments")]


def test_every_name_is_declared(collector, now):
    """Nothing is emitted under a name that is not in `names`, or in the domain's `metric_names`."""
    declared = {value for module in (names, metric_names) for value in vars(module).values() if isinstance(value, str)}
    endings = ("_total", "_bucket", "_count", "_sum", "_created", "")
    emitted = {name for name, _ in read(collector, now)}

    assert set() == {n for n in emitted if not any(n.removesuffix(e) in declared for e in endings if n.endswith(e))}


def test_promtool_finds_no_fault(collector, now, promtool_binary):
    """Prometheus' own linter has nothing to say about our names."""
    body, _ = expose(collector, evaluate(collector.slos, collector, now), (), "")
    run = subprocess.run(
        [promtool_binary, "check", "metrics"], input=body, capture_output=True, check=False, timeout=30
    )

    assert (b"", 0) == (run.stderr, run.returncode)


def test_the_queue_and_what_was_refused_are_told(collector, otlp, span, now):
    """Requests are counted by what became of them, and items by why they were refused."""
    body = otlp.spans(span(now + 4000), span(now - 500 * 86_400), span(now))
    for _ in range(2):
        collector.accept(Signal.TRACES, body, now).result()
    assert collector.accept(Signal.TRACES, b"\xff", now).exception() is not None
    value = collector.counters.registry.get_sample_value

    results = ("accepted", "repeated", "unreadable", "refused")
    assert [2, 1, 1, None] == [
        value("fournines_requests_total", {"signal": "traces", "result": result}) for result in results
    ]
    assert [1, 1] == [
        value("fournines_items_rejected_total", {"signal": "traces", "reason": reason})
        for reason in ("future", "too_old")
    ]
    assert 5 == value("fournines_items_accepted_total", {"signal": "traces"})
    assert 0 == value("fournines_queue_bytes") == value("fournines_queue_requests")
    assert -4000 == value("fournines_sender_clock_skew_seconds", {"service": "payments", "instance": "a"})


def test_clocks_of_those_who_left_make_room(opened, otlp, span, now, monkeypatch):
    """An instance that sent nothing for an hour is shown no more, so that those of the next release are."""
    monkeypatch.setattr("fournines.collector.senders.skew.MOST_SHOWN", 1)
    collector = opened()
    value = collector.counters.registry.get_sample_value
    for release, at in (("one", now), ("two", now + 7300)):
        collector.accept(Signal.TRACES, otlp.spans(span(at - 40), instance=release), at).result()
        collector.tick(at)
        collector.tick(at + 3601)
    at = now + 14_600
    collector.accept(Signal.TRACES, otlp.spans(span(at - 40), instance="three"), at).result()

    labels = ({"service": "payments", "instance": release} for release in ("one", "two", "three"))
    assert [None, None, 40] == [value("fournines_sender_clock_skew_seconds", one) for one in labels]
