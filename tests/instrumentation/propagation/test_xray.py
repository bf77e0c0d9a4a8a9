"""X-Ray's header: read with tolerance, written as X-Ray has it, and what it carries passed on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from fournines.instrumentation.propagation.propagators import propagators
from fournines.instrumentation.propagation.xray import format_xray, parse_xray

TRACE, SPAN = 0x5759E988BD862E3FE1BE46A994272793, 0x53995C3F42CD8AD8
ROOT, PARENT = "Root=1-5759e988-bd862e3fe1be46a994272793", "Parent=53995c3f42cd8ad8"
LINEAGE = "Lineage=a87bd80c:1|68fd508a:5|c512fbe3:2"
SELF = "Self=1-67891234-12456789abcdef012345678f"


@given(st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), st.booleans(), st.permutations(range(6)))
def test_the_header_survives_the_way_there_and_back(trace_id, span_id, sampled, order):
    """What is written is read again, in any order and among pairs nobody knows."""
    span = SpanContext(trace_id, span_id, is_remote=False, trace_flags=TraceFlags(int(sampled)))
    pairs = [*format_xray(span).split(";"), "CalledFrom=app", LINEAGE, "a=b=c"]

    read = parse_xray("; ".join(pairs[index] for index in order))
    assert (read.trace_id, read.span_id, read.sampled) == (trace_id, span_id, sampled)


@given(st.text())
def test_no_header_breaks_the_parser(header):
    """Any text is read, to something or to nothing."""
    read = parse_xray(header)

    assert 0 <= read.trace_id < 2**128
    assert 0 <= read.span_id < 2**64
    assert read.sampled in (True, False, None)


@pytest.mark.parametrize(
    ("header", "trace_id", "span_id", "sampled"),
    [
        (f"{ROOT};Sampled=1", TRACE, 0, True),
        (f"{ROOT};{PARENT};Sampled=1", TRACE, SPAN, True),
        (f"Sampled=0;{PARENT};{ROOT}", TRACE, SPAN, False),
        (ROOT, TRACE, 0, None),
        (f"{SELF};{ROOT}", TRACE, 0, None),
        (f"{SELF};{ROOT};CalledFrom=app", TRACE, 0, None),
        (f"{ROOT};{PARENT};Sampled=?", TRACE, SPAN, None),
        (f"{ROOT};{PARENT};Sampled=", TRACE, SPAN, None),
        (f"{ROOT};{PARENT};Sampled=2", TRACE, SPAN, None),
        (f" {ROOT} ; {PARENT} ; Sampled = 1 ;", TRACE, SPAN, True),
        (f"{ROOT.lower()};{PARENT.lower()};sampled=1", TRACE, SPAN, True),
        (f"x==;{ROOT};{LINEAGE};=;;y", TRACE, 0, None),
        (f"{ROOT};{PARENT};Root=1-00000000-000000000000000000000001", TRACE, SPAN, None),
        (f"{ROOT};{PARENT};Sampled=1,Root=1-00000000-000000000000000000000001", TRACE, SPAN, True),
        (f"{ROOT};Parent=53995C3F42CD8AD", TRACE, 0, None),
        ("Root=1-5759e988-bd862e3fe1be46a99427279", 0, 0, None),
        ("Root=2-5759e988-bd862e3fe1be46a994272793", 0, 0, None),
        ("Root=1-5759e988bd862e3fe1be46a994272793", 0, 0, None),
        ("Root=1-5759e98_-bd862e3fe1be46a994272793", 0, 0, None),
        ("Root=1-5759e988-bd862e3fe1be46a994272793-", 0, 0, None),
        ("Root=1-00000000-000000000000000000000000", 0, 0, None),
        (f"{PARENT};Sampled=1", 0, SPAN, True),
        ("", 0, 0, None),
    ],
)
def test_the_header_is_read_with_tolerance(header, trace_id, span_id, sampled):
    """Any order, blanks, unknown pairs and second equals signs; the first of a pair counts, the first of two headers too."""
    assert parse_xray(header)[:3] == (trace_id, span_id, sampled)


@pytest.mark.parametrize("decision", ["", ";Sampled=?", ";Sampled=1"])
def test_a_root_alone_is_a_trace_without_a_parent(decision):
    """What a load balancer sends begins our span in its trace, whether it decided or leaves that to us."""
    read = propagators(("xray",)).read({"x-amzn-trace-id": ROOT + decision}, Context())

    assert (read.root, read.parent, read.found) == (TRACE, None, TRACE)


def test_a_root_with_a_decision_against_is_a_parent_nobody_sent():
    """`Sampled=0` needs a parent to travel on; one is made up."""
    read = propagators(("xray",)).read({"x-amzn-trace-id": f"{ROOT};Sampled=0"}, Context())

    assert read.parent.is_valid
    assert read.parent.trace_id == TRACE
    assert not read.parent.trace_flags.sampled


def sent_on(headers, chosen=("tracecontext", "xray")):
    """What goes out as X-Ray's header from a span below what came in."""
    usual = propagators(chosen)
    carrier = {}
    below = NonRecordingSpan(SpanContext(TRACE, 9, is_remote=False, trace_flags=TraceFlags(1)))
    usual.inject(carrier, trace.set_span_in_context(below, usual.extract(headers)))
    return carrier["x-amzn-trace-id"]


WRITTEN = f"{ROOT};Parent=0000000000000009;Sampled=1"
TRACEPARENT = {"traceparent": f"00-{TRACE:032x}-{SPAN:016x}-01"}


@pytest.mark.parametrize("beside", [{}, TRACEPARENT, {"traceparent": f"00-{7:032x}-{SPAN:016x}-01"}])
def test_lineage_and_self_are_sent_on_as_they_came(beside):
    """Lambda's protection against loops must not be cut, whichever header the trace is taken from."""
    assert (
        sent_on({**beside, "x-amzn-trace-id": f"{SELF};{ROOT};{LINEAGE};CalledFrom=app"})
        == f"{WRITTEN};{LINEAGE};{SELF}"
    )
    assert sent_on({**beside, "x-amzn-trace-id": "Lineage=1:e65a2c4d:255"}) == f"{WRITTEN};Lineage=1:e65a2c4d:255"
    assert sent_on({**beside, "x-amzn-trace-id": "Lineage=a:b=c|d:1"}) == f"{WRITTEN};Lineage=a:b=c|d:1"
    assert sent_on({**beside, "x-amzn-trace-id": ROOT}) == WRITTEN


@pytest.mark.parametrize("value", ["", "a b", "a\r\nX-Evil: 1", "é", "a" * 121, '"'])
def test_what_could_not_be_a_lineage_stays_here(value):
    """Nothing that could end a header line, or fill one, is sent on."""
    assert sent_on({"x-amzn-trace-id": f"{ROOT};Lineage={value}"}) == WRITTEN
