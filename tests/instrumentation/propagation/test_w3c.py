"""Trace Context Level 2, rule by rule; OpenTelemetry's own propagator is the oracle where it is right."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, TraceState
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from fournines.instrumentation.propagation.ids import XRayIds
from fournines.instrumentation.propagation.propagators import propagators
from fournines.instrumentation.propagation.tracestate import (
    LONGEST,
    PROHIBITIVE,
    Tracestate,
    parse_tracestate,
)
from fournines.instrumentation.propagation.w3c import parse_traceparent

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
KEY = "abcdefghijklmnopqrstuvwxyz0123456789_-*/@"
VALUE = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) not in ",=")

traceparents = st.one_of(
    st.text(),
    st.from_regex(r"\A[ \t]*[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-[a-z]*)?[ \t]*\Z"),
    st.from_regex(r"\A[0-9a-fA-F_]{1,3}-[0-9a-fA-F. ]{31,33}-[0-9a-fA-F+]{15,17}-[0-9a-fA-F]{1,3}.?\Z"),
)


@settings(max_examples=150)
@given(traceparents)
def test_traceparent_is_read_as_opentelemetry_does(header):
    """Where its propagator finds a parent ours finds the same, but for flags nobody defined; and nowhere else."""
    assume("\n" not in header)  # which it takes for the end of the header
    theirs = trace.get_current_span(TraceContextTextMapPropagator().extract({"traceparent": header})).get_span_context()
    expected = (theirs.trace_id, theirs.span_id, theirs.trace_flags & 3) if theirs.is_valid else None

    assert parse_traceparent(header) == expected


@pytest.mark.parametrize(
    ("flags", "known"), [("00", 0), ("01", 1), ("02", 2), ("03", 3), ("04", 0), ("09", 1), ("fe", 2), ("ff", 3)]
)
@pytest.mark.parametrize("version", ["00", "01", "cc", "fe"])
def test_flags_are_bits(version, flags, known):
    """`sampled` and `random` are read from their bits in any version; bits that are not defined are not passed on."""
    assert parse_traceparent(f"{version}-{TRACE}-{SPAN}-{flags}") == (int(TRACE, 16), int(SPAN, 16), known)

    carrier = {}
    span = NonRecordingSpan(SpanContext(1, 2, is_remote=False, trace_flags=TraceFlags(int(flags, 16))))
    propagators(("tracecontext",)).inject(carrier, trace.set_span_in_context(span))
    assert carrier["traceparent"].endswith(f"-{known:02x}")


@pytest.mark.parametrize("header", [
    f"00-{TRACE}-{SPAN}-01\n", f"cc-{TRACE}-{SPAN}-01\n", f"00-{TRACE}-{SPAN}-01\x0b", f"\u00a000-{TRACE}-{SPAN}-01",
    f"00-{TRACE.upper()}-{SPAN}-01", f"00-{TRACE}-{SPAN.upper()}-01", f"0A-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-0A",
    f"00-{TRACE[:-2]}_1-{SPAN}-01", f"00-{chr(0x660) * 31}1-{SPAN}-01", f"00-+{TRACE[1:]}-{SPAN}-01", f"00 {TRACE} {SPAN} 01",
    f"00-{TRACE}-{SPAN}", f"cc-{TRACE}-{SPAN}-0", f"cc-{TRACE}-{SPAN}-011", f"cc-{TRACE}-{SPAN}-01,", f"ff-{TRACE}-{SPAN}-01-x",
    f"cc-{'0' * 32}-{SPAN}-01", f"cc-{TRACE}-{'0' * 16}-01", f"00-{TRACE}-{SPAN}-01-", f'"00-{TRACE}-{SPAN}-01"', "-", "",
])  # fmt: skip
def test_what_is_no_traceparent_is_ignored(header):
    """Lower case hexadecimal digits of ASCII in their places, nothing else; the end is the end."""
    assert parse_traceparent(header) is None


def test_a_header_of_a_later_version_may_be_long():
    """What follows the known fields is not looked at, however much it is."""
    assert parse_traceparent(f"01-{TRACE}-{SPAN}-01-{'x' * 5000}") == (int(TRACE, 16), int(SPAN, 16), 1)


members = st.tuples(
    st.text(KEY, min_size=1, max_size=9).map(lambda key: f"a{key}"),
    st.text(VALUE, min_size=1, max_size=9).map(lambda value: f"{value}!"),
)
blanks = st.text(" \t", max_size=3)


@given(st.lists(st.tuples(blanks, members, blanks), max_size=32, unique_by=lambda each: each[1][0]))
def test_tracestate_is_written_as_it_was_read(spaced):
    """Keys, values and their order are kept; blanks around members are not."""
    header = ",".join(f"{before}{key}={value}{after}" for before, (key, value), after in spaced)

    assert parse_tracestate(header).to_header() == ",".join(f"{key}={value}" for _, (key, value), _ in spaced)


@given(st.text(f"{KEY}=, \t;A.\x7f", max_size=60))
def test_tracestate_is_refused_as_opentelemetry_does(header):
    """Where its parser, which knows the keys of Level 1, reads members, ours reads the same; what we refuse, it refuses too."""
    theirs, ours = TraceState.from_header([header]), parse_tracestate(header)

    if theirs:
        assert dict(ours) == dict(theirs)
    if ours is None:
        assert not theirs


@pytest.mark.parametrize(
    ("header", "members"),
    [
        ("foo=1,,bar=2", {"foo": "1", "bar": "2"}),
        (" , \t,", {}),
        ("", {}),
        ("foo= 1", {"foo": " 1"}),
        ("foo=1 2 ", {"foo": "1 2"}),
        ("1foo=1", {"1foo": "1"}),
        ("fw529a3039@dt=FfYsmQ", {"fw529a3039@dt": "FfYsmQ"}),
        ("foo@=1,foo@@bar=2,foo@bar@baz=3", {"foo@": "1", "foo@@bar": "2", "foo@bar@baz": "3"}),
        ("foo=1,bar=2,foo=3", {"foo": "1", "bar": "2"}),
        (f"{'z' * 256}={'v' * 256}", {"z" * 256: "v" * 256}),
        ("foo=;:?~!\"'", {"foo": ";:?~!\"'"}),
    ],
)
def test_what_the_grammar_allows_is_kept(header, members):
    """Empty members, blanks inside and before a value, digits first, any `@` but the first; of a key's entries the left-most."""
    assert list(parse_tracestate(header).items()) == list(members.items())


@pytest.mark.parametrize("bad", [
    "foo", "=1", "foo=", "foo= ", "foo =1", "FOO=1", "foo.bar=1", "@foo=1", "_foo=1", "foo=1=2", "foo=\t1", "foo=1\t2", "foo=é", "é=1",
    "foo=1\n", "foo=\x7f", f"{'z' * 257}=1", f"foo={'v' * 257}", ",".join(f"k{number}=1" for number in range(33)),
    ",".join(["foo=1"] * 33), "," * (PROHIBITIVE + 1),
])  # fmt: skip
def test_an_invalid_tracestate_is_refused_whole(bad):
    """One member that breaks the grammar, or a 33rd, costs the header."""
    assert parse_tracestate(bad) is None
    assert parse_tracestate(f"bar=2,{bad}") is None


def test_an_invalid_tracestate_never_costs_the_traceparent():
    """Failure to parse `tracestate` does not affect the parsing of `traceparent`."""
    read = propagators(("tracecontext",)).extract({"traceparent": f"00-{TRACE}-{SPAN}-01", "tracestate": "Foo=1"})
    span = trace.get_current_span(read).get_span_context()

    assert (span.trace_id, dict(span.trace_state)) == (int(TRACE, 16), {})


def test_too_long_a_tracestate_loses_whole_entries():
    """The ones of more than 128 characters go first, of these the last first; order is kept."""
    short = [(f"short{number}", "v" * 100) for number in range(8)]
    long = [(f"{'l' * 200}{number}", "v" * 256) for number in range(22)]
    pairs = [pair for both in zip(long[:8], short, strict=True) for pair in both] + long[8:]
    kept = parse_tracestate(",".join(f"{key}={value}" for key, value in pairs))

    left_out = len(pairs) - len(kept)
    assert 0 < left_out < len(long)
    assert list(kept.items()) == [pair for pair in pairs if pair not in long[-left_out:]]
    assert LONGEST - 500 < len(kept.to_header()) <= LONGEST


def test_what_is_changed_goes_before_all_others():
    """New and changed keys are left-most, the order of the others is kept, a key never stands there twice."""
    state = parse_tracestate("foo=1,bar=2,baz@=3")

    assert state.update("bar", "5").to_header() == "bar=5,foo=1,baz@=3"
    assert state.add("ot", "th:8").to_header() == "ot=th:8,foo=1,bar=2,baz@=3"
    assert state.add("foo", "9") is state
    assert state.delete("foo").to_header() == "bar=2,baz@=3"
    assert state.delete("ot") is state
    assert state.to_header() == "foo=1,bar=2,baz@=3"
    for key, value in (
        ("Ot", "1"),
        ("ot", ""),
        ("ot", "1 "),
        ("ot", "a=b"),
        ("ot", "a,b"),
        ("z" * 257, "1"),
        (None, "1"),
        ("ot", 1),
    ):
        assert state.update(key, value) is state


def test_a_33rd_member_pushes_out_the_right_most():
    """There is always room for what this system has to say."""
    full = parse_tracestate(",".join(f"k{number}=1" for number in range(32)))
    more = full.update("ot", "th:8")

    assert list(more) == ["ot", *(f"k{number}" for number in range(31))]
    assert list(more.update("k30", "2"))[:2] == ["k30", "ot"]


def test_it_is_opentelemetry_s_type_with_its_methods():
    """Code of the SDK and of other packages, which asks for a `TraceState`, finds one."""
    state = Tracestate([("foo@", "1"), ("bar", "2")])

    assert isinstance(state, TraceState)
    assert isinstance(Tracestate.from_header(["foo=1", "bar=2"]), Tracestate)
    assert (len(state), "foo@" in state, state["bar"], state.get("baz"), list(state)) == (
        2,
        True,
        "2",
        None,
        ["foo@", "bar"],
    )
    assert list(state.keys()) == ["foo@", "bar"]
    assert list(state.values()) == ["1", "2"]
    assert "foo@" in repr(state)
    assert not Tracestate()


@pytest.mark.parametrize("sampler", [ALWAYS_ON, ALWAYS_OFF])
@pytest.mark.parametrize("flags", ["00", "01", "02", "03"])
def test_the_sdk_s_spans_carry_it_all_on(sampler, flags):
    """Below a remote parent of the SDK's making: same trace, new parent id, tracestate as it came, `random` unchanged."""
    usual, carrier = propagators(("tracecontext",)), {}
    came = usual.extract({"traceparent": f"00-{TRACE}-{SPAN}-{flags}", "tracestate": "foo@=1 , bar=2"})
    span = TracerProvider(sampler=sampler, id_generator=XRayIds()).get_tracer("t").start_span("s", came)
    usual.inject(carrier, trace.set_span_in_context(span, Context()))

    trace_id, span_id, sent = parse_traceparent(carrier["traceparent"])
    assert trace_id == int(TRACE, 16)
    assert span_id != int(SPAN, 16)
    assert sent & 2 == int(flags, 16) & 2
    assert carrier["tracestate"] == "foo@=1,bar=2"
