"""Headers in and out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import baggage, trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from fournines.instrumentation.propagation import format_xray, parse_xray, propagators, root_only

ids = st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1)


@given(*ids, st.booleans(), st.permutations(range(5)))
def test_xray_header_survives_the_way_there_and_back(trace_id, span_id, sampled, order):
    """What is written is read again, in any order and among unknown pairs."""
    written = format_xray(SpanContext(trace_id, span_id, is_remote=False, trace_flags=TraceFlags(int(sampled))))
    pairs = [*written.split(";"), "Self=1-5-6", "Lineage=a:b=c|d:1"]
    shuffled = "; ".join(pairs[index] for index in order)

    assert parse_xray(shuffled) == (trace_id, span_id, sampled)


@given(st.text())
def test_no_header_breaks_the_parser(header):
    """Any text is read, to something or to nothing."""
    trace_id, span_id, sampled = parse_xray(header)

    assert trace_id >= 0
    assert span_id >= 0
    assert sampled in (True, False, None)


@given(*ids)
def test_all_headers_are_written_and_the_first_propagator_wins(trace_id, span_id):
    """A span is written as W3C and as X-Ray; of two traces in the headers, the one of the first propagator is taken."""
    both = propagators(("tracecontext", "baggage", "xray"))
    span = NonRecordingSpan(SpanContext(trace_id, span_id, is_remote=False, trace_flags=TraceFlags(1)))
    carrier: dict[str, str] = {}
    both.inject(carrier, trace.set_span_in_context(span, baggage.set_baggage("tenant", "acme", Context())))
    assert set(carrier) == {"traceparent", "x-amzn-trace-id", "baggage"}

    carrier["x-amzn-trace-id"] = "Root=1-00000001-000000000000000000000001"
    read = both.extract(carrier)
    assert trace.get_current_span(read).get_span_context().trace_id == trace_id
    assert root_only(read) == 0
    assert baggage.get_baggage("tenant", read) == "acme"

    other_way = propagators(("xray", "tracecontext")).extract(carrier)
    assert root_only(other_way) == 0x1_000000000000000000000001


def test_root_alone_with_a_decision_against_is_a_parent_nobody_sent():
    """`Sampled=0` needs a parent to travel on; one is made up."""
    read = propagators(("xray",)).extract({"x-amzn-trace-id": "Root=1-00000001-000000000000000000000001;Sampled=0"})
    context = trace.get_current_span(read).get_span_context()

    assert context.is_valid
    assert not context.trace_flags.sampled


def test_unknown_and_none(caplog):
    """`none` reads and writes nothing; an unknown name is logged."""
    assert propagators(("none",)).fields == set()
    assert propagators(("nosuch", "xray")).fields == {"x-amzn-trace-id"}
    assert "nosuch" in caplog.text


def test_nothing_is_written_without_a_span():
    """Outside of a trace no header is made up."""
    carrier: dict[str, str] = {}
    propagators(("tracecontext", "xray")).inject(carrier, Context())

    assert carrier == {}
