"""Headers in and out, of all kinds together."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import baggage, trace
from opentelemetry.context import Context, get_value, set_value
from opentelemetry.propagators.textmap import TextMapPropagator
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from fournines.instrumentation.propagation.foreign import Foreign
from fournines.instrumentation.propagation.ids import XRayIds, continuing
from fournines.instrumentation.propagation.incoming import Incoming, root_only
from fournines.instrumentation.propagation.propagators import propagators
from fournines.instrumentation.propagation.w3c import flags_below

TRACE, SPAN = 0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331
PARENT = f"00-{TRACE:032x}-{SPAN:016x}-01"
XRAY = "Root=1-0af76519-16cd43dd8448eb211c80319c"
OTHER = "Root=1-65a1b2c3-d4e5f60718293a4b5c6d7e8f"
USUAL = ("tracecontext", "baggage", "xray")

ids = st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1)


def found(headers, chosen=USUAL):
    incoming = propagators(chosen).read(headers, Context())
    return incoming.root, incoming.parent


@given(*ids, st.integers(0, 3))
def test_what_is_written_is_read_again(trace_id, span_id, flags):
    """Trace, span and both flags survive the way to the next service and back into a context."""
    usual = propagators(USUAL)
    span = SpanContext(trace_id, span_id, is_remote=False, trace_flags=TraceFlags(flags))
    carrier = {}
    usual.inject(carrier, trace.set_span_in_context(NonRecordingSpan(span), Context()))
    assert set(carrier) == {"traceparent", "x-amzn-trace-id"}

    read = trace.get_current_span(usual.extract(carrier)).get_span_context()
    assert (read.trace_id, read.span_id, read.trace_flags, read.is_remote) == (trace_id, span_id, flags, True)


def test_the_first_that_names_a_trace_wins():
    """Of two traces in the headers the one of the propagator that stands first is continued, and the rest is kept."""
    both = {"traceparent": PARENT, "x-amzn-trace-id": OTHER, "baggage": "tenant=acme"}
    usual = propagators(USUAL).extract(both)
    assert trace.get_current_span(usual).get_span_context().trace_id == TRACE
    assert root_only(usual) == 0
    assert baggage.get_baggage("tenant", usual) == "acme"

    other_way = propagators(("xray", "baggage", "tracecontext")).extract(both)
    assert root_only(other_way) == 0x65A1B2C3D4E5F60718293A4B5C6D7E8F
    assert baggage.get_baggage("tenant", other_way) == "acme"


@pytest.mark.parametrize("xray", [XRAY, f"{XRAY};Parent={SPAN:016x};Sampled=1"])
def test_of_one_trace_the_recommendation_s_header_says_most(xray):
    """Where both headers name the same trace, its parent, flags and tracestate are taken from `traceparent` in any order."""
    headers = {"traceparent": f"{PARENT[:-2]}02", "tracestate": "foo=1", "x-amzn-trace-id": xray}
    root, parent = found(headers, ("xray", "tracecontext"))

    assert (root, parent.span_id, parent.trace_flags, dict(parent.trace_state)) == (0, SPAN, 2, {"foo": "1"})


def test_a_broken_header_leaves_the_word_to_the_next():
    """Where `traceparent` has to be ignored, the trace of the next propagator is continued, without the tracestate."""
    root, parent = found({"traceparent": "00-nonsense", "tracestate": "foo=1", "x-amzn-trace-id": XRAY})

    assert (root, parent) == (TRACE, None)


def test_a_trace_in_the_headers_replaces_the_context_s_own():
    """Taking up a message's trace inside of a request continues the message's, not the request's."""
    here = trace.set_span_in_context(NonRecordingSpan(SpanContext(1, 2, is_remote=False)), Context())

    read = propagators(USUAL).extract({"traceparent": PARENT}, here)
    assert trace.get_current_span(read).get_span_context().span_id == SPAN
    untouched = propagators(USUAL).extract({}, here)
    assert trace.get_current_span(untouched).get_span_context().span_id == 2


def test_carriers_of_any_kind():
    """Values come as text or as lists of it, in the order of the headers; what is no text is stepped over."""
    read = propagators(USUAL).extract(
        {"traceparent": [PARENT], "tracestate": ["foo=1", "", "bar=2"], "baggage": [b"a=1"]}
    )

    span = trace.get_current_span(read).get_span_context()
    assert list(span.trace_state.items()) == [("foo", "1"), ("bar", "2")]
    assert baggage.get_all(read) == {}


def test_nothing_is_written_without_a_span():
    """Outside of a trace no trace header is made up; baggage travels all the same."""
    carrier = {}
    propagators(USUAL).inject(carrier, baggage.set_baggage("tenant", "acme", Context()))

    assert carrier == {"baggage": "tenant=acme"}


def test_unknown_and_none(caplog):
    """`none` reads and writes nothing; an unknown name is logged."""
    assert propagators(("none",)).fields == set()
    assert found({"traceparent": PARENT}, ("none",)) == (0, None)
    assert propagators(("nosuch", "xray")).fields == {"x-amzn-trace-id"}
    assert "nosuch" in caplog.text


def test_what_can_t_be_used_is_counted_by_header():
    """Each header that is refused, whole or in part, is said once, by its name; a good one never is."""
    refused = []
    usual = propagators(USUAL, refused.append)
    usual.read({"traceparent": PARENT, "tracestate": "a=1", "baggage": "a=1", "x-amzn-trace-id": XRAY}, Context())
    assert refused == []

    usual.read(
        {"traceparent": PARENT, "tracestate": "A=1", "baggage": "a=1,?", "x-amzn-trace-id": "Lineage=1"}, Context()
    )
    usual.read({"traceparent": "", "x-amzn-trace-id": "?"}, Context())
    assert refused == ["tracestate", "baggage", "x-amzn-trace-id", "traceparent", "x-amzn-trace-id"]


@given(st.dictionaries(st.sampled_from(["traceparent", "tracestate", "baggage", "x-amzn-trace-id"]), st.text()))
def test_no_header_breaks_a_request(headers):
    """Any text is read, to something or to nothing."""
    incoming = propagators(USUAL).read(headers, Context())

    assert incoming.parent is None or incoming.parent.is_valid


class OneHeader(TextMapPropagator):
    """A propagator of another package: `span` in one header, with something of its own in the context."""

    fields = {"X-One"}  # noqa: RUF012 - as the interface has it

    def extract(self, carrier, context=None, getter=None):
        values = getter.get(carrier, "x-one")
        if not values:
            return context
        if values[0] == "boom":
            raise ValueError
        context = set_value("one", values[0], context)
        span = SpanContext(int(values[0]), 7, is_remote=True)
        return trace.set_span_in_context(NonRecordingSpan(span), context)

    def inject(self, carrier, context=None, setter=None):
        if get_value("one", context) == "boom":
            raise ValueError
        carrier["x-one"] = str(trace.get_current_span(context).get_span_context().trace_id)


def beside(first):
    """`OneHeader` before or after the recommendation's."""
    refused = []
    usual = propagators(("tracecontext",), refused.append)
    own, theirs = usual._parts, (Foreign(OneHeader(), "one", refused.append),)
    return type(usual)(theirs + own if first else own + theirs), refused


@pytest.mark.parametrize(("first", "winner"), [(True, 5), (False, TRACE)])
def test_a_propagator_of_another_package_keeps_its_place(first, winner):
    """It wins only where it stands first; what else it found stays in the context; its headers are written with ours."""
    both, refused = beside(first)
    read = both.extract({"x-one": "5", "traceparent": PARENT})
    assert trace.get_current_span(read).get_span_context().trace_id == winner
    assert get_value("one", read) == "5"

    carrier = {}
    both.inject(carrier, read)
    assert carrier["x-one"] == str(winner)
    assert "traceparent" in carrier
    assert refused == []


def test_a_propagator_that_raises_costs_only_its_own_header():
    """Its failure is counted under its name; the other headers are read and written."""
    both, refused = beside(first=True)
    read = both.extract({"x-one": "boom", "traceparent": PARENT})
    assert trace.get_current_span(read).get_span_context().trace_id == TRACE

    carrier = {}
    both.inject(carrier, set_value("one", "boom", read))
    assert carrier == {"traceparent": PARENT}
    assert refused == ["one", "one"]


def test_ids_are_random_whatever_the_service_seeds():
    """A service that seeds Python's generator, as simulations do, gets new ids all the same; none is zero."""
    seen = set()
    for _ in range(3):
        random.seed(1)
        seen |= {XRayIds().generate_trace_id(), XRayIds().generate_span_id()}

    assert len(seen) == 6
    assert 0 not in seen


def test_ids_begin_with_the_time():
    """X-Ray refuses ids that are older than 30 days: the first 32 bits are the second in which the trace began."""
    import time

    assert abs((XRayIds().generate_trace_id() >> 96) - time.time()) < 100


def test_a_trace_begun_by_a_load_balancer_is_continued():
    """While it is, a span without a parent gets its id, of which we don't know whether it is random."""
    with continuing(TRACE):
        assert XRayIds().generate_trace_id() == TRACE
        assert not XRayIds().is_trace_id_random()
    assert XRayIds().generate_trace_id() != TRACE
    assert XRayIds().is_trace_id_random()


@pytest.mark.parametrize("sampled", [True, False])
@pytest.mark.parametrize(
    ("headers", "random_"),
    [
        ({}, True),
        ({"traceparent": f"{PARENT[:-2]}03"}, True),
        ({"traceparent": f"{PARENT[:-2]}02"}, True),
        ({"traceparent": f"{PARENT[:-2]}01"}, False),
        ({"traceparent": f"{PARENT[:-2]}00"}, False),
        ({"traceparent": "nonsense"}, True),
        ({"x-amzn-trace-id": XRAY}, False),
    ],
)
def test_the_random_flag_stays_what_it_was(headers, random_, sampled):
    """Set or unset by the caller it stays so, whatever we decide on sampling; a trace begun here has it."""
    incoming = propagators(USUAL).read(headers, Context())

    assert flags_below(incoming, sampled=sampled) == sampled | random_ << 1


def test_an_incoming_without_headers_is_the_context_as_it_was():
    """Nothing in, nothing added."""
    context = Context(a=1)

    assert Incoming(context, {}).in_context() is context


def test_a_tracestate_copied_by_hand_is_not_said_of_another_trace(watch, call):
    """An outgoing call carries the tracestate of its own trace, or none: not one that stood in its headers before."""
    import httpx
    from fastapi import FastAPI

    from fournines.instrumentation.outgoing import httpx_calls

    seen = []
    app = FastAPI()

    @app.get("/")
    async def root():
        send = httpx_calls._wrapped(lambda transport, request: seen.append(request) or httpx.Response(204))
        send(None, httpx.Request("GET", "http://far.example/", headers={"tracestate": "old=1"}))

    telemetry = watch(app, make=lambda target: None)
    call(telemetry.app, "/", headers=[(b"traceparent", b"nonsense")])

    assert "traceparent" in seen[0].headers
    assert "tracestate" not in seen[0].headers
    assert telemetry._health.count("fournines_refused_headers", "traceparent") == 1
