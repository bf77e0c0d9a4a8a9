"""Indicators: conditions on attributes, and what an event means to an SLI."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from fournines.slo import SLI, Condition, InvalidValue, SLIKind, SpanKind, Verdict


@pytest.mark.parametrize(
    ("text", "value", "holds"),
    [
        ("k == a", "a", True), ("k == a", "b", False), ("k == 5", 5, True), ("k == true", True, True),
        ("k == a b", "a b", True), ("k == a, b", "a, b", True), ("k == a, b", "a", False), ("k != a, b", "a", True),
        ("k == A", "A", True), ("k == A", "a", False), ("k == True", True, False),
        ("k != a", "a", False), ("k != a", "b", True),
        ("k < 500", 499, True), ("k < 500", 500, False), ("k < 500", "499", True), ("k < 500", "x", False),
        ("k <= 500", 500, True), ("k <= 0.3", 0.3, True), ("k > 1", 1.5, True), ("k > 1", 1, False),
        ("k >= 500", 500, True), ("k >= 500", 499, False),
        ("k < 1", float("nan"), False), ("k > 1", float("inf"), True),
        ("k =~ /v2/.*", "/v2/x", True), ("k =~ /v2", "/v2/x", False),
        ("k in a, b", "b", True), ("k in a, b", "c", False), ("k in 1, 2", 2, True),
        ("k not in a, b", "a", False), ("k not in a, b", "c", True),
    ],
)  # fmt: skip
def test_operators(text, value, holds):
    """Each operator against a value that passes and one that fails."""
    assert Condition.parse(text).holds({"k": value}) is holds


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("k == a", False),
        ("k != a", True),
        ("k < 5", False),
        ("k =~ .*", False),
        ("k in a", False),
        ("k not in a", True),
        ("k != None", True),
        ("k not in a, None", True),
    ],
)
def test_unset_attributes(text, holds):
    """An attribute that is not set fails every test but those of being something else."""
    assert Condition.parse(text).holds({}) is holds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "k",
        "k ==",
        "== a",
        "k ~ a",
        "k = a",
        "k < abc",
        "k < nan",
        "k =~ (",
        'k == "a"',
        "k == 'a'",
        "k in",
        "a b == c",
    ],
)
def test_no_conditions(text):
    """What can't be meant is refused when it is read."""
    with pytest.raises(InvalidValue):
        Condition.parse(text)


@pytest.mark.parametrize("value", ["'tis", "o'", "'a\"", "\"a'", "(", "[a"])
def test_signs_that_close_nothing_are_meant(value):
    """Quotes around a value are refused; one that stands alone belongs to it, and so does all that only an expression would close."""
    assert Condition.parse(f"k == {value}").holds({"k": value}) is True
    assert Condition.parse(f"k in x, {value}").holds({"k": value}) is True


KEYS = st.from_regex(r"[a-z][a-z0-9._\-]{0,10}", fullmatch=True)


@given(KEYS, st.sampled_from(["==", "!=", "in", "not in", "=~"]), st.from_regex(r"[a-z/0-9]{1,8}", fullmatch=True))
def test_text_round_trip(key, op, value):
    """What a condition says of itself reads back as that condition."""
    condition = Condition(key, op, value)

    assert Condition.parse(str(condition)) == condition


@given(
    KEYS,
    st.one_of(st.integers(), st.floats(), st.booleans(), st.text()),
    st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
)
def test_any_value_is_answered(key, value, op):
    """No value that a sender may set makes a condition raise."""
    assert Condition(key, op, "5").holds({key: value}) in (True, False)


@pytest.mark.parametrize("op", ["<", "<=", ">", ">="])
def test_no_number_is_above_or_below(op):
    """Made by hand, a condition may compare with what is no number: nothing passes, and nothing raises."""
    assert Condition("k", op, "abc").holds({"k": 5}) is False


def sli(**changes):
    return SLI(SLIKind.AVAILABILITY, "payments", **changes)


def latency(**changes):
    return SLI(SLIKind.LATENCY, "payments", threshold=Decimal("0.25"), **changes)


PAY = (Condition.parse("http.route == /pay"),)
BELOW_500 = (Condition.parse("http.response.status_code < 500"),)
GOLD = (*BELOW_500, Condition.parse("tenant == gold"))


@pytest.mark.parametrize(
    ("indicator", "attributes", "verdict"),
    [
        (sli(), {"http.response.status_code": 503}, Verdict.BAD),
        (sli(where=PAY), {"http.route": "/refund", "http.response.status_code": 503}, Verdict.IGNORED),
        (sli(where=PAY), {"http.route": "/pay", "http.response.status_code": 503}, Verdict.BAD),
        (sli(good=BELOW_500), {"http.response.status_code": 429}, Verdict.GOOD),
        (sli(good=BELOW_500), {"http.response.status_code": 500}, Verdict.BAD),
        (sli(good=GOLD), {"http.response.status_code": 200}, Verdict.BAD),
        (sli(bad=GOLD), {"http.response.status_code": 200}, Verdict.GOOD),
        (sli(bad=GOLD), {"http.response.status_code": 200, "tenant": "gold"}, Verdict.BAD),
        (latency(), {"http.response.status_code": 200}, Verdict.GOOD),
        (latency(), {"http.response.status_code": 503}, Verdict.IGNORED),
        (latency(good=BELOW_500), {"http.response.status_code": 503}, Verdict.IGNORED),
        (latency(good=BELOW_500), {"http.response.status_code": 200}, Verdict.GOOD),
    ],
)
def test_verdicts(indicator, attributes, verdict):
    """`where` narrows; all of `good`, or all of `bad`, replace the table; latency leaves failures to availability."""
    assert indicator.verdict(attributes) is verdict


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "http.route": st.sampled_from(["/pay", "/refund"]),
            "tenant": st.sampled_from(["gold", "silver"]),
            "http.response.status_code": st.sampled_from([200, 503]),
            "error.type": st.sampled_from(["", "timeout"]),
            "x": st.integers(),
        },
    )
)
def test_keys_are_all_that_matters(attributes):
    """Two events that agree on an SLI's keys get the same verdict, whether conditions decide or the table."""
    for indicator in (sli(), sli(where=PAY, good=GOLD), sli(where=PAY), sli(bad=GOLD)):
        kept = {key: value for key, value in attributes.items() if key in indicator.keys}

        assert indicator.verdict(kept) is indicator.verdict(attributes)
    assert "x" not in sli(where=PAY, good=GOLD).keys


@pytest.mark.parametrize(
    "make",
    [
        lambda: SLI(SLIKind.LATENCY, "payments"),
        lambda: SLI(SLIKind.AVAILABILITY, "payments", threshold=Decimal(1)),
        lambda: SLI(SLIKind.LATENCY, "payments", threshold=Decimal(0)),
        lambda: SLI(SLIKind.LATENCY, "payments", threshold=Decimal(-1)),
        lambda: SLI(SLIKind.LATENCY, "payments", threshold=Decimal("NaN")),
        lambda: sli(good=PAY, bad=PAY),
    ],
)
def test_impossible_indicators(make):
    """A threshold belongs to latency alone and is more than nothing; good and bad exclude each other."""
    with pytest.raises(InvalidValue):
        make()


@pytest.mark.parametrize("kind", SpanKind)
def test_span_kinds_have_otlp_s_numbers(kind):
    """What a span says of its kind on the wire is compared with these numbers."""
    assert kind.value == Span.SpanKind.Value(f"SPAN_KIND_{kind.name}")


@pytest.mark.parametrize("op", ["==", "!=", "<", "<=", ">", ">=", "=~", "in", "not in"])
def test_what_is_not_set_equals_nothing(op):
    """Groups ask for the empty text: an attribute that is not set passes that test, and those for not being something."""
    assert Condition("tenant", op, "").holds({}) is (op in ("==", "!=", "not in"))


def test_threshold_in_nanoseconds():
    """Spans are compared in whole nanoseconds; availability has no threshold."""
    assert latency().threshold_nanoseconds == 250_000_000
    assert SLI(SLIKind.LATENCY, "p", threshold=Decimal(10)).threshold_nanoseconds == 10_000_000_000
    assert SLI(SLIKind.LATENCY, "p", threshold=Decimal("0.0000000015")).threshold_nanoseconds == 1
    assert sli().threshold_nanoseconds is None
