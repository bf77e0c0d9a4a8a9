"""Ids for formats of one's own."""

from __future__ import annotations

import functools
import io
import logging

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from fournines.instrumentation.health import Health
from fournines.instrumentation.logs.about import speak_for
from fournines.instrumentation.logs.plain import CorrelationFilter, correlate

tracer = TracerProvider(shutdown_on_exit=False).get_tracer("test")
FORMAT = (
    "%(otelTraceID)s %(otelSpanID)s %(otelTraceSampled)s %(otelServiceName)s "
    "AWS-XRAY-TRACE-ID: %(xrayTraceID)s@%(otelSpanID)s %(message)s"
)


@pytest.fixture
def log():
    """A logger with a format of its own."""
    logger, stream = logging.getLogger("plain.test"), io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter(FORMAT))
    logger.addHandler(handler)
    logger.propagate, logger.stream, logger.handler = False, stream, handler
    yield logger
    logger.removeHandler(handler)
    logger.propagate = True


def expected(span, service, message):
    context = span.get_span_context()
    trace_id, span_id = f"{context.trace_id:032x}", f"{context.span_id:016x}"
    return (
        f"{trace_id} {span_id} True {service} AWS-XRAY-TRACE-ID: 1-{trace_id[:8]}-{trace_id[8:]}@{span_id} {message}\n"
    )


def test_a_filter_marks_what_passes(log):
    """Every record passes, with the ids of its span; outside of spans they are 0."""
    log.handler.addFilter(CorrelationFilter("shop"))
    with tracer.start_as_current_span("request") as span:
        log.warning("in")
    log.warning("out")

    assert log.stream.getvalue() == expected(span, "shop", "in") + "0 0 False shop AWS-XRAY-TRACE-ID: 0@0 out\n"


def test_a_factory_marks_every_record_until_it_is_ended(log):
    """Once installed, twice is once; ended, the factory is the one that was there before."""
    before = logging.getLogRecordFactory()
    speak_for({"service.name": "ledger"})
    end, again = correlate(), correlate()
    try:
        with tracer.start_as_current_span("request") as span:
            log.warning("in")
        again()
        assert logging.getLogRecordFactory() is not before
    finally:
        end()

    assert logging.getLogRecordFactory() is before
    assert log.stream.getvalue() == expected(span, "ledger", "in")


def test_a_factory_that_somebody_wrapped_stays_and_does_nothing_more(log):
    """Ended below another one's factory, it hands records through."""
    before = logging.getLogRecordFactory()
    end = correlate()
    ours = logging.getLogRecordFactory()
    theirs = functools.partial(ours)
    logging.setLogRecordFactory(theirs)
    try:
        end()
        assert logging.getLogRecordFactory() is theirs
        assert not hasattr(logging.getLogger("x").makeRecord("x", 20, "f", 1, "m", (), None), "otelTraceID")
    finally:
        logging.setLogRecordFactory(before)


def test_a_span_that_raises_costs_the_ids_not_the_line(log):
    """Somebody else's span in the context may fail when it is asked: counted, and the line is written."""

    class Failing(trace.NonRecordingSpan):
        def get_span_context(self):
            raise RuntimeError

    health = Health()
    end = correlate(health)
    try:
        with trace.use_span(Failing(trace.INVALID_SPAN_CONTEXT)):
            log.warning("x")
    finally:
        end()

    assert log.stream.getvalue().endswith(" x\n")
    assert log.stream.getvalue().startswith("0 0 False")
    assert health.count("fournines_instrumentation_errors", "logs") == 1
