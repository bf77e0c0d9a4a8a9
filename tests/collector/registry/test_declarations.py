"""Objectives that services declare of themselves: what becomes an SLO, what holds, what stays, what goes, and what is refused."""

from __future__ import annotations

import random
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from fournines.collector import Signal
from fournines.collector.ledger.verify import verify
from fournines.collector.names import DECLARED_KEYS
from fournines.collector.registry import declarations as declarations_module
from fournines.collector.registry import services as services_module
from fournines.collector.registry.declared_slo import DeclarationRefused, Declared
from fournines.slo import DAY, HOUR, HTTP_SERVER_DURATION, NoData, Origin, Window, load_slos, write_openslo

PAY = {"name": "payments-pay", "kind": "availability", "target": "0.999", "route": "/pay"}
QUICK = {"name": "payments-quick", "kind": "latency", "target": "0.99", "threshold": "0.25", "route": "/pay"}


def body(*declared, service="payments", version="1", name="fournines.slo.declared", value=1):
    """An export that declares objectives, and says that its sender lives."""
    request = ExportMetricsServiceRequest()
    resource = request.resource_metrics.add()
    for key, text in {
        "service.name": service,
        "service.instance.id": f"{service}-{version}",
        "service.version": version,
    }.items():
        resource.resource.attributes.add(key=key).value.string_value = text
    scope = resource.scope_metrics.add()
    for plain in declared:
        point = scope.metrics.add(name=name).gauge.data_points.add(time_unix_nano=random.getrandbits(40), as_int=value)
        for key, text in plain.items():
            target = point.attributes.add(key=f"fournines.slo.{key}").value
            if isinstance(text, str):
                target.string_value = text
            else:
                target.int_value = text
    beat = scope.metrics.add(name="fournines.service.up").gauge.data_points.add(time_unix_nano=random.getrandbits(40))
    beat.as_int = 1
    return request.SerializeToString()


@pytest.fixture
def say():
    """Has a service declare something, and waits until it is durable."""

    def send(collector, now, *declared, **more):
        return collector.accept(Signal.METRICS, body(*declared, **more), now).result()

    return send


def named(collector, name):
    """The SLO of that name; None where there is none."""
    return next((slo for slo in collector.slos if slo.name == name), None)


def total(collector, name):
    """Good and total events of an SLO."""
    return collector.totals()[name][:2]


def refused(collector, reason):
    """How many were refused for a reason."""
    return collector.counters.registry.get_sample_value("fournines_declarations_refused_total", {"reason": reason})


def listen(collector, now, seconds):
    """Lets the collector listen without a break; returns the second it is then."""
    for passed in range(0, seconds + 1, 30):
        collector.tick(now + passed)
    return now + seconds


def test_what_is_declared_is_an_slo_of_its_routes(opened, otlp, histogram, say, now):
    """With everything that was said, and it counts the requests of its routes and methods only, from the first export on."""
    collector = opened()
    more = {
        "window": "7d",
        "methods": "GET,POST",
        "description": "Money.",
        "owner": "team",
        "runbook": "https://r.example/x",
    }
    say(collector, now, PAY | more, PAY | more | {"route": "/refund/{x}"}, QUICK)
    points = [
        histogram(now - 5, now, 7, route="/pay"),
        histogram(now - 5, now, 2, route="/refund/{x}", status=500),
        histogram(now - 5, now, 4, quick=1, route="/pay", method="DELETE"),
        histogram(now - 5, now, 5, route="/other", status=503),
    ]
    collector.accept(Signal.METRICS, otlp.points(*points), now).result()
    pay, quick = named(collector, "payments-pay"), named(collector, "payments-quick")

    assert ("0.999", Window(7 * DAY), Origin.DECLARED, NoData.BAD) == (
        str(pay.objective),
        pay.window,
        pay.origin,
        pay.no_data,
    )
    assert ("payments", HTTP_SERVER_DURATION, "Money.") == (pay.service, pay.sli.signal, pay.description)
    assert {"fournines/owner": "team", "fournines/runbook": "https://r.example/x"} == dict(pay.annotations)
    assert [(7, 9), (8, 11)] == [total(collector, slo.name) for slo in (pay, quick)]
    assert (11, 18) == total(collector, "payments-availability"), "the automatic one stays beside"


@pytest.mark.parametrize("restarts", [False, True])
def test_a_changed_promise_takes_effect_and_keeps_its_counts(opened, otlp, histogram, say, now, restarts, caplog):
    """It is said, with the version and since when; the old version, which still says the old, changes nothing back."""
    caplog.set_level("INFO")
    collector = opened()
    say(collector, now, PAY)
    collector.accept(Signal.METRICS, otlp.points(histogram(now - 5, now, 7)), now).result()
    say(collector, now + 60, PAY | {"target": "0.9999"}, version="2")
    say(collector, now + 61, PAY)
    if restarts:
        collector.close()
        collector = opened(now=now + 62)
    say(collector, now + 120, PAY)
    held = collector.declared("payments-pay")

    assert "0.9999" == str(named(collector, "payments-pay").objective)
    assert ("2", now + 60, 2) == (held.version, held.since, held.ways)
    assert (7, 7) == total(collector, "payments-pay")
    assert "payments declares the SLO payments-pay anew: 0.9999 over 30d" in caplog.text


def test_what_is_rolled_back_holds_again(opened, say, now, caplog):
    """Three minutes after the newer version was heard last, and from then on."""
    caplog.set_level("INFO")
    collector = opened()
    say(collector, now, PAY)
    say(collector, now + 1, PAY | {"target": "0.9"}, version="2")
    for passed in range(0, 360, 60):
        listen(collector, now + passed, 30)
        say(collector, now + passed + 30, PAY)

    assert ("0.999", "1", 1) == (
        str(named(collector, "payments-pay").objective),
        collector.declared("payments-pay").version,
        collector.declared("payments-pay").ways,
    )
    assert "as payments 1 declares it again" in caplog.text


def test_a_restart_of_the_collector_waits_for_all_that_is_said(opened, say, now):
    """What it did not hear yet since its start is not gone: the newer still holds when the older is heard first."""
    collector = opened()
    say(collector, now, PAY)
    say(collector, now + 1, PAY | {"target": "0.9"}, version="2")
    collector.close()
    now += DAY / 2
    collector = opened(now=now)
    listen(collector, now, 150)
    say(collector, now + 150, PAY)
    say(collector, now + 151, PAY | {"target": "0.9"}, version="2")
    listen(collector, now + 155, 150)

    assert "0.9" == str(named(collector, "payments-pay").objective)


def test_a_clock_that_steps_lets_nothing_go(opened, say, now):
    """Neither ahead nor back: what holds goes on to hold, and what is new after it holds too."""
    collector = opened()
    say(collector, now + 400 * DAY, PAY)
    say(collector, now + 400 * DAY + 1, PAY | {"target": "0.9"}, version="2")
    collector.tick(now + 400 * DAY + 2)
    for second in (0, 30, 60, 90, 120):
        collector.tick(now + second)
        say(collector, now + second, PAY)
    assert "0.9" == str(named(collector, "payments-pay").objective)
    say(collector, now + 130, PAY | {"target": "0.8"}, version="3")

    assert "0.8" == str(named(collector, "payments-pay").objective)


def test_two_services_of_one_name_are_warned_of(opened, otlp, histogram, say, now, caplog):
    """What was declared last holds, and counts; nothing breaks."""
    collector = opened()
    say(collector, now, PAY)
    say(collector, now + 1, PAY, service="other")
    for service in ("payments", "other"):
        collector.accept(Signal.METRICS, otlp.points(histogram(now - 5, now, 3), service=service), now + 2).result()

    assert "other" == named(collector, "payments-pay").service
    assert (3, 3) == total(collector, "payments-pay")
    assert "as payments does in another way" in caplog.text


def test_a_file_stands_above_and_counts_the_same(opened, otlp, histogram, slo, say, now):
    """Under one name there is one count; without the file the declared one has it again."""
    collector = opened()
    say(collector, now, PAY)
    collector.accept(Signal.METRICS, otlp.points(histogram(now - 5, now, 3)), now).result()
    collector.declare(
        [slo("payments-pay", signal=HTTP_SERVER_DURATION, where=named(collector, "payments-pay").sli.where)], now
    )
    collector.accept(Signal.METRICS, otlp.points(histogram(now, now + 1, 4)), now + 1).result()
    say(collector, now + 2, PAY | {"target": "0.9"}, version="2")
    assert (Origin.FILE, (7, 7)) == (named(collector, "payments-pay").origin, total(collector, "payments-pay"))
    collector.declare([], now + 3)

    assert (Origin.DECLARED, (7, 7)) == (named(collector, "payments-pay").origin, total(collector, "payments-pay"))


def test_a_service_may_declare_its_own_automatic_name_and_nobody_elses(opened, otlp, span, histogram, say, now):
    """Then it replaces that one and goes on with its counts; another's is refused, and lost to who is heard later."""
    collector = opened()
    collector.accept(Signal.METRICS, otlp.points(histogram(now - 5, now, 3)), now).result()
    own = {"name": "payments-availability", "kind": "availability", "target": "0.9"}
    say(collector, now, own, PAY | {"name": "later-latency"})
    say(collector, now, own, service="other")
    collector.accept(Signal.TRACES, otlp.spans(span(now)), now).result()
    collector.tick(now + 70)
    collector.accept(Signal.METRICS, otlp.points(histogram(now + 60, now + 69, 3)), now + 70).result()
    collector.accept(Signal.METRICS, otlp.points(histogram(now + 60, now + 69, 5), service="later"), now + 70).result()

    assert 1 == refused(collector, "taken")
    assert ("payments", "0.9") == (
        named(collector, "payments-availability").service,
        str(named(collector, "payments-availability").objective),
    )
    assert [(6, 6), (5, 5)] == [total(collector, name) for name in ("payments-availability", "later-latency")]
    assert ("later", Origin.AUTOMATIC) == (
        named(collector, "later-latency").service,
        named(collector, "later-latency").origin,
    )


def test_one_that_is_not_declared_any_more_goes_after_a_day(opened, otlp, histogram, say, now, monkeypatch):
    """As long as its service is heard; with its counts, unless it had an automatic one's name. A silent service's stay."""
    monkeypatch.setattr(declarations_module, "WITHDRAWN", 2 * HOUR)
    collector = opened()
    say(collector, now, PAY, {"name": "payments-latency", "kind": "latency", "threshold": "1", "target": "0.9"})
    say(collector, now, PAY | {"name": "silent-pay"}, service="silent")
    collector.accept(Signal.METRICS, otlp.points(histogram(now - 5, now, 3)), now).result()
    for passed in range(0, 3 * HOUR, 60):
        listen(collector, now + passed, 30)
        say(collector, now + passed + 30, QUICK)

    assert {"payments-quick", "silent-pay"} == {slo.name for slo in collector.slos if slo.origin is Origin.DECLARED}
    assert "0.25" == str(named(collector, "payments-latency").sli.threshold), (
        "the automatic one is back, with its counts"
    )
    assert "payments-pay" not in collector.totals()
    assert 3 == collector.totals()["payments-latency"][1]
    collector.close()
    assert verify(collector.ledger.path).sound


def test_they_retire_with_their_service(opened, otlp, histogram, say, now):
    """Unheard for 37 days a service goes, with all it declared, counts and all; what another declares stays."""
    collector = opened()
    say(collector, now, PAY, QUICK)
    say(collector, now + 1, QUICK | {"target": "0.9"}, service="stays")
    at = now + 38 * DAY
    collector.tick(at - 600)
    say(collector, at - 600, QUICK | {"target": "0.9"}, service="stays")
    collector.accept(Signal.METRICS, otlp.points(histogram(at - 610, at - 600, 1), service="stays"), at - 600).result()
    for passed in range(-570, HOUR + 900, 30):
        collector.tick(at + passed)
        if passed % 60 == 0:
            say(collector, at + passed, QUICK | {"target": "0.9"}, service="stays")

    assert ["payments-quick"] == [slo.name for slo in collector.slos if slo.origin is Origin.DECLARED]
    assert {"payments-quick", "stays-availability", "stays-latency"} == collector.totals().keys()
    collector.close()
    assert verify(collector.ledger.path).sound


def test_nothing_of_a_failed_commit_is_left(opened, say, now):
    """What the ledger did not take was not declared; it is when it is said again."""
    collector = opened()
    say(collector, now, PAY)
    real = collector.ledger.commit

    def fails(_):
        raise sqlite3.OperationalError("no room")

    collector.ledger.commit = lambda parts: ([part.forget() for part in parts], fails(parts))
    with pytest.raises(Exception, match="no room"):
        say(collector, now + 1, PAY | {"target": "0.9"}, QUICK, version="2")
    assert ("0.999", None) == (str(named(collector, "payments-pay").objective), named(collector, "payments-quick"))
    collector.ledger.commit = real
    say(collector, now + 2, PAY | {"target": "0.9"}, QUICK, version="2")

    assert ("0.9", "0.99") == tuple(
        str(named(collector, name).objective) for name in ("payments-pay", "payments-quick")
    )


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"name": ""}, "bad_name"),
        ({"name": "Payments"}, "bad_name"),
        ({"name": "x" * 64}, "bad_name"),
        ({"kind": "latency"}, "bad_threshold"),
        ({"kind": "speed"}, "bad_kind"),
        ({"threshold": "1"}, "bad_threshold"),
        ({"kind": "latency", "threshold": "1e999999999"}, "bad_threshold"),
        ({"kind": "latency", "threshold": "-1"}, "bad_threshold"),
        ({"kind": "latency", "threshold": "1e-40"}, "bad_threshold"),
        ({"kind": "latency", "threshold": "0" * 60 + "1"}, "bad_threshold"),
        ({"target": "1"}, "bad_target"),
        ({"target": "0." + "9" * 900}, "bad_target"),
        ({"target": "1e-999999999"}, "bad_target"),
        ({"target": 1}, "bad_text"),
        ({"window": "1y"}, "bad_window"),
        ({"window": "90s"}, "bad_window"),
        ({"window": "999999w"}, "bad_window"),
        ({"window": "9" * 900 + "d"}, "bad_window"),
        ({"route": "pay"}, "bad_route"),
        ({"route": "/pay "}, "bad_route"),
        ({"methods": "GET,,POST"}, "bad_method"),
        ({"methods": "get"}, "bad_method"),
        ({"description": "x" * 1001}, "bad_text"),
        ({"description": "a\x00b"}, "bad_text"),
        ({"runbook": "javascript:alert(1)"}, "bad_text"),
    ],
)
def test_what_is_no_objective_is_refused_and_counted(opened, say, now, wrong, reason):
    """By its reason; the export is taken, and the sound ones in it count."""
    collector = opened()
    answer = say(
        collector, now, PAY | {"name": "sound"}, {key: value for key, value in (PAY | wrong).items() if value != ""}
    )

    assert 0 == answer.rejected
    assert 1 == refused(collector, reason)
    assert ["sound"] == [slo.name for slo in collector.slos if slo.origin is Origin.DECLARED]


@pytest.mark.no_cover
def test_a_flood_is_bounded(opened, say, now, caplog):
    """Ten thousand in one export, a service with too many, a name in too many ways, and too many in all: the first stay."""
    collector = opened()
    say(collector, now, *[PAY | {"name": f"p{number}"} for number in range(10_000)])
    assert 100 == len([slo for slo in collector.slos if slo.origin is Origin.DECLARED])
    assert 9_900 == refused(collector, "too_many")
    for number in range(6):
        say(collector, now, PAY | {"name": "p0", "target": f"0.9{number}"})
    assert ("0.92", 9_903) == (str(named(collector, "p0").objective), refused(collector, "too_many"))
    for service in range(1, 12):
        say(collector, now, *[PAY | {"name": f"s{service}-{number}"} for number in range(100)], service=f"s{service}")

    assert 1_000 == len([slo for slo in collector.slos if slo.origin is Origin.DECLARED])
    assert 1_000.0 == collector.counters.registry.get_sample_value("fournines_declared_slos")
    assert 4 == caplog.text.count("is refused (too_many)"), "once a service"


def test_a_service_without_room_declares_nothing(opened, say, now, monkeypatch):
    """What it declared would stay for ever: only services that are remembered retire. One whose name is too long has none."""
    monkeypatch.setattr(services_module, "MOST_SERVICES", 2)
    collector = opened()
    for service in ("payments", "accounts", "users", "x" * 201):
        say(collector, now, PAY | {"name": f"pay-{service:.10}"}, service=service)

    assert ["pay-accounts", "pay-payments"] == sorted(collector.catalogue.declared)
    assert 2 == refused(collector, "too_many")


def test_parts_that_contradict_each_other_are_refused(opened, say, now):
    """One export says one thing of a name: routes may be several, all else is the same."""
    collector = opened()
    say(
        collector,
        now,
        PAY,
        PAY | {"route": "/b", "target": "0.9"},
        QUICK,
        {k: v for k, v in QUICK.items() if k != "route"},
    )

    assert 2 == refused(collector, "contradictory")
    assert [] == [slo for slo in collector.slos if slo.origin is Origin.DECLARED]


def test_what_is_no_declaration_declares_nothing(opened, say, now):
    """A gauge of another name, or of 0."""
    collector = opened()
    say(collector, now, PAY, name="fournines.slo.declare")
    say(collector, now, PAY, value=0)

    assert [] == [slo for slo in collector.slos if slo.origin is Origin.DECLARED]


@pytest.mark.parametrize("routes", [("/a", "/b/{x}"), ("/a,b", "/c"), ("/a?(b)", "/c,"), ("/a'",), ("/ä =~ b",)])
def test_conditions_count_by_their_routes_alone(routes):
    """Whatever is in a template: its own requests count, and no others."""
    parts = [
        Declared.read({f"fournines.slo.{key}": value for key, value in (PAY | {"route": route}).items()})
        for route in routes
    ]
    (where,) = parts[0].joined(parts[1:]).slo("payments").sli.where

    assert all(where.holds({"http.route": route}) for route in routes)
    assert not any(
        where.holds({"http.route": f"{route}x"}) or where.holds({"http.route": route[:-1]}) for route in routes
    )


VALUES = st.one_of(
    st.text(max_size=80),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.sampled_from(["/a", "0.9", "30d", "latency", "GET"]),
)


@given(st.dictionaries(st.sampled_from(sorted(DECLARED_KEYS)), VALUES))
def test_whatever_is_sent_is_an_slo_or_is_refused(labels):
    """Nothing else is raised; and what is taken is written down and read as the same, in the ledger and in a file."""
    base = {f"fournines.slo.{key}": value for key, value in PAY.items()}
    for some in (labels, base | labels):
        try:
            declared = Declared.read(some)
            slo = declared.slo("payments")
        except DeclarationRefused:
            continue
        assert declared == Declared.of_text(declared.text)
        assert declared.name in write_openslo([slo])


NUMBERS = st.one_of(
    st.integers(0, 10**7).map(str),
    st.decimals(0, 10**6, allow_nan=False).map(str),
    st.from_regex(r"[0-9]{0,7}\.?[0-9]{0,40}([eE][-+]?[0-9]{1,2})?%?", fullmatch=True),
)


@given(st.sampled_from(["0.99", "99.95%"]) | NUMBERS, NUMBERS, st.text("0123456789eabfnox-", min_size=1, max_size=6))
def test_whatever_is_taken_is_read_from_a_file_as_the_same(tmp_path_factory, target, threshold, name):
    """Exactly: whole numbers, fractions, and names that look like numbers."""
    plain = PAY | {"name": name, "target": target, "kind": "latency", "threshold": threshold}
    try:
        slo = Declared.read({f"fournines.slo.{key}": value for key, value in plain.items()}).slo("payments")
    except DeclarationRefused:
        return
    path = tmp_path_factory.mktemp("slos") / "slos.yaml"
    path.write_text(write_openslo([slo]))
    (found,) = load_slos([path])

    assert (slo.name, slo.sli, slo.objective) == (found.name, found.sli, found.objective)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"routes": 1}', "nonsense"])
def test_what_another_version_wrote_is_left_alone(text):
    """What can't be read is refused, not raised."""
    with pytest.raises(DeclarationRefused):
        Declared.of_text(text)
