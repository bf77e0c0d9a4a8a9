"""SLOs written down as files: whoever reads them finds the same promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.slo import (
    DAY,
    HOUR,
    HTTP_CLIENT_DURATION,
    PROMQL,
    SLI,
    SLO,
    SLOS,
    SPANS,
    WORKBOOK,
    BurnRule,
    CalendarWindow,
    Composite,
    Condition,
    Correction,
    InvalidValue,
    Member,
    Method,
    NoData,
    Objective,
    Origin,
    Queries,
    Rule,
    Severity,
    Slices,
    SLIKind,
    SpanKind,
    Window,
    load_slos,
    write_openslo,
)

PLAIN = SLO("payments-availability", SLI(SLIKind.AVAILABILITY, "payments"), Objective(Decimal("0.9999")))


def conditions(*texts):
    return tuple(Condition.parse(text) for text in texts)


def of_queries(**texts):
    """An SLO that an engine is asked about."""
    sli = SLI(SLIKind.AVAILABILITY, "payments", PROMQL, promql=Queries(**texts))
    return SLO("payments-availability", sli, PLAIN.objective)


def read(tmp_path, text):
    """What a file with this text declares."""
    (tmp_path / "slos.yaml").write_text(text)
    return load_slos([tmp_path / "slos.yaml"])


@pytest.mark.parametrize(
    "slo",
    [
        PLAIN,
        replace(
            PLAIN,
            origin=Origin.DECLARED,
            no_data=NoData.BAD,
            window=Window(7 * DAY),
            min_bad_events=5,
            description="It's: #1 — ok",
        ),
        replace(
            PLAIN,
            sli=SLI(
                SLIKind.LATENCY, "payments", threshold=Decimal("0.1234"), where=conditions("http.route in /a, /b/{x}")
            ),
        ),
        replace(
            PLAIN, sli=SLI(SLIKind.AVAILABILITY, "Team/Päyments #1", SPANS, where=conditions("http.route == /a: b"))
        ),
        replace(
            PLAIN,
            sli=SLI(
                SLIKind.AVAILABILITY, "payments", good=conditions("http.response.status_code < 500", "tenant != x")
            ),
        ),
        replace(PLAIN, sli=SLI(SLIKind.AVAILABILITY, "payments", bad=conditions("http.route =~ /v2/.*"))),
        replace(PLAIN, sli=SLI(SLIKind.AVAILABILITY, "gateway", SPANS, span_kind=SpanKind.CLIENT), provider="payments"),
        replace(
            PLAIN,
            sli=SLI(SLIKind.AVAILABILITY, "gateway", HTTP_CLIENT_DURATION, span_kind=SpanKind.CLIENT),
            provider="payments",
        ),
        replace(PLAIN, sli=SLI(SLIKind.AVAILABILITY, "payments", SPANS, span_kind=SpanKind.CLIENT)),
        replace(PLAIN, sli=SLI(SLIKind.AVAILABILITY, "gateway", SPANS), provider="payments"),
        replace(PLAIN, min_bad_events=1, max_groups=5000, group_by=("tenant",)),
        replace(PLAIN, sli=SLI(SLIKind.AVAILABILITY, "payments", "orders.total")),
        replace(PLAIN, rules=(), labels={"team": "a"}, display_name="Yes", annotations={"fournines/owner": "no"}),
        replace(
            PLAIN,
            rules=(BurnRule(Severity.TICKET, Fraction(125, 10_000), Window(3 * HOUR), Window(HOUR)), *WORKBOOK[:1]),
        ),
        replace(PLAIN, objective=Objective(Decimal("0.999999999999999999999999999999"))),
        replace(
            PLAIN,
            window=CalendarWindow(1, "M", datetime.fromisoformat("2026-01-31 06:30"), "Europe/Berlin"),
            more_windows=(Window(7 * DAY), CalendarWindow(1, "Q", zone="Asia/Kathmandu"), CalendarWindow(1, "Y")),
        ),
        replace(PLAIN, method=Method.TIMESLICES, slices=Slices(Decimal("0.95"), Window(300)), min_bad_events=1),
        replace(PLAIN, method=Method.RATIO_TIMESLICES, slices=Slices(None, Window(HOUR)), rules=(), min_bad_events=9),
        replace(
            PLAIN,
            depends_on=("users", "accounts"),
            group_by=("http.route", "tenant"),
            max_groups=7,
            corrections=(
                Correction(1768006800, 3600, "it's: a move", "ana"),
                Correction(1768006860, 60, "patches", "ops", "FREQ=WEEKLY;BYDAY=SU", "Europe/Berlin"),
            ),
        ),
        of_queries(good="sum(good)", total="sum(total)", counter=True),
        of_queries(bad='increase(bad{code=~"5.."}[{{.window}}])', total="increase(all[{{.window}}])", source="engine"),
        of_queries(raw="share"),
        *(
            replace(PLAIN, sli=SLI(SLIKind.LATENCY, "payments", threshold=Decimal(seconds)))
            for seconds in ("1", "10", "1E+2", "2.0", "1E-9", "999999.000000000000000000000000000001")
        ),
    ],
    ids=range(28),
)
def test_what_is_written_is_read_as_the_same_promise(tmp_path, slo):
    """Exactly, whatever is in it; only that it stands in a file now."""
    (found,) = read(tmp_path, write_openslo([slo]))

    assert replace(slo, origin=Origin.FILE, annotations={}) == replace(found, annotations={})
    assert slo.annotations.items() <= found.annotations.items()
    assert dict(slo.labels) == dict(found.labels)


WRITTEN = """\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: payments-availability
spec:
  description: Wer zahlen möchte, kann es
  service: payments
  indicator:
    metadata:
      name: payments-availability
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource:
            type: fournines
            spec:
              signal: http.server.request.duration
        total:
          metricSource:
            type: fournines
            spec:
              signal: http.server.request.duration
  timeWindow:
  - duration: 30d
    isRolling: true
  budgetingMethod: Timeslices
  objectives:
  - target: 0.9999
    timeSliceTarget: 0.9
    timeSliceWindow: 1m
"""


def test_a_file_says_what_is_meant_and_nothing_besides():
    """In the specification's order, in everybody's letters, and without quotes that nobody needs."""
    sliced = {"method": Method.TIMESLICES, "slices": Slices(Decimal("0.9"), Window(60)), "min_bad_events": 1}
    slo = replace(PLAIN, description="Wer zahlen möchte, kann es", **sliced)

    assert write_openslo([slo]) == WRITTEN
    assert "timeSliceTarget" not in write_openslo([replace(slo, method=Method.RATIO_TIMESLICES, slices=Slices(None))])


@pytest.mark.parametrize(("length", "lines"), [(140, 1), (141, 2)])
def test_lines_are_no_longer_than_140_columns_where_words_end(length, lines):
    """What begins before is written to the end of its word."""
    longest = "  description: " + "x" * (length - 15)
    text = write_openslo([replace(PLAIN, description=f"{longest[15:]} y")])

    assert (f"{longest} y\n" in text, f"{longest}\n    y\n" in text) == (lines == 1, lines == 2)


@pytest.mark.parametrize(
    ("share", "written"),
    [
        (Fraction(1, 10**8), "0.000001%"),
        (Fraction(1, 10**9), None),
        (Fraction(1, 3), None),
        (Fraction(2, 3), None),
    ],
)
def test_how_fine_a_share_a_file_can_hold(share, written):
    """Six digits of a percent behind the point; nothing is rounded."""
    slo = replace(PLAIN, rules=(BurnRule(Severity.PAGE, share, Window(HOUR), Window(60)),))
    if written is None:
        with pytest.raises(InvalidValue, match="so fine a share"):
            write_openslo([slo])
    else:
        assert f"fournines/burn-rules: page {written} 1h 1m\n" in write_openslo([slo])


def test_further_windows_name_their_zone_where_it_is_another():
    """UTC is what nobody needs to say."""
    slo = replace(PLAIN, more_windows=(CalendarWindow(1, "Y"), CalendarWindow(1, "M", zone="WET")))

    assert "fournines/windows: 1Y, 1M WET\n" in write_openslo([slo])


NUMBERS = st.from_regex(r"[-+]?[0-9]{1,3}(\.[0-9]{0,2})?([eE][-+]?[0-9]{1,2})?", fullmatch=True)


@given(st.text(max_size=200) | NUMBERS, st.text(min_size=1, max_size=50) | NUMBERS)
def test_any_text_stays_what_it_is(tmp_path_factory, description, service):
    """Quotes, colons, what looks like a number, and the marks of documents."""
    slo = replace(PLAIN, description=description, sli=SLI(SLIKind.AVAILABILITY, service))
    if any(
        ord(char) < 32 or 0x7F <= ord(char) < 0xA0 or 0xD800 <= ord(char) < 0xE000 or ord(char) in (0xFFFE, 0xFFFF)
        for char in description + service
    ):
        return
    found = read(tmp_path_factory.mktemp("slos"), write_openslo([slo, replace(slo, name="other")]))

    assert [(description, service)] * 2 == [(one.description, one.service) for one in found]


@pytest.mark.parametrize("name", ["1e3", "1e-3", "007", "0x1f", "null", "no", "1-2", "2026-01-01", "nan"])
def test_any_name_stays_what_it_is(tmp_path, name):
    """Also one that is a number to some readers of YAML."""
    (found,) = read(tmp_path, write_openslo([replace(PLAIN, name=name)]))

    assert name == found.name


@pytest.mark.parametrize("rule", Rule)
def test_composites_are_written_with_their_members(tmp_path, rule):
    """Each of them by name, weighed where they are."""
    weights = (Fraction(5, 2), Fraction(1)) if rule is Rule.WEIGHTED else (Fraction(1), Fraction(1))
    composite = Composite(rule, tuple(map(Member, ("a-latency", "b-latency"), weights)))
    sliced = {} if rule is Rule.WEIGHTED else {"method": Method.TIMESLICES, "slices": Slices(None, Window(60))}
    slo = SLO("both", SLI(SLIKind.AVAILABILITY, "bank", SLOS, composite=composite), PLAIN.objective, **sliced)

    assert (slo,) == read(tmp_path, write_openslo([slo]))


@pytest.mark.parametrize(
    "slo",
    [
        replace(PLAIN, rules=(BurnRule(Severity.PAGE, Fraction(1, 3), Window(HOUR), Window(60)),)),
        replace(PLAIN, name="a/b"),
        replace(PLAIN, name="x" * 64),
        replace(PLAIN, window=Window(90)),
        replace(PLAIN, more_windows=(CalendarWindow(1, "M", datetime.fromisoformat("2026-01-15")),)),
        replace(PLAIN, more_windows=(CalendarWindow(1, "M", datetime.fromisoformat("1999-01-15")),)),
        SLO(
            "w",
            SLI(
                SLIKind.AVAILABILITY,
                "b",
                SLOS,
                composite=Composite(Rule.WEIGHTED, (Member("a", allowed=Fraction(1, 9)),)),
            ),
            PLAIN.objective,
        ),
    ],
)
def test_what_no_file_can_hold_is_said(slo):
    """A name with slashes, a window of seconds or from the middle of a month, a share without end, weights by others' objectives."""
    with pytest.raises(InvalidValue):
        write_openslo([slo])
