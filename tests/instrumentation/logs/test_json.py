"""The standard library's log as lines of JSON."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
import logging.handlers
import queue
import threading

import pytest
from opentelemetry.sdk.trace import TracerProvider

from fournines.instrumentation import names
from fournines.instrumentation.health import Health
from fournines.instrumentation.logs.about import speak_for
from fournines.instrumentation.logs.json import MOST_FIELDS, JsonFormatter
from fournines.instrumentation.logs.plain import CorrelationFilter

ABOUT = {
    "service.name": "payments", "service.version": "1.4.2", "deployment.environment.name": "production", "deployment.id": "42",
    "host.name": "not said",
}  # fmt: skip
CARD = "4111 1111 1111 1111"

tracer = TracerProvider(shutdown_on_exit=False).get_tracer("test")


class Lines(logging.Handler):
    """Keeps what a formatter made."""

    def __init__(self, formatter):
        super().__init__()
        self.setFormatter(formatter)
        self.lines = []

    def emit(self, record):
        self.lines.append(self.format(record))

    @property
    def said(self):
        return [json.loads(line) for line in self.lines]


class Broken:
    def text(self, text):
        raise RuntimeError("no rules")

    value = attributes = text


@pytest.fixture
def log():
    """A logger of the test's own, and what it wrote."""
    logger = logging.getLogger("payments.api")
    handler = Lines(JsonFormatter(ABOUT))
    logger.addHandler(handler)
    logger.propagate, logger.level = False, logging.DEBUG
    logger.written = handler
    yield logger
    logger.removeHandler(handler)
    logger.propagate, logger.level = True, logging.NOTSET


def test_a_line_says_when_how_grave_what_and_whose(log):
    """Time in UTC with microseconds, severity, message, logger, service, version and deployment; what is not known is left out."""
    before = dt.datetime.now(dt.UTC)
    log.warning("declined %s", "order", extra={"order": 17})
    (said,) = log.written.said

    at = dt.datetime.strptime(said.pop("timestamp"), "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=dt.UTC)
    assert before - dt.timedelta(milliseconds=1) <= at <= dt.datetime.now(dt.UTC)
    assert said == {
        "severity": "WARNING", "message": "declined order", "logger": "payments.api", "service.name": "payments",
        "service.version": "1.4.2", "deployment.environment.name": "production", "deployment.id": "42", "order": 17,
    }  # fmt: skip


def test_a_line_within_a_span_says_its_ids(log):
    """Trace and span as OpenTelemetry writes them, and the trace as X-Ray does; outside there are none."""
    with tracer.start_as_current_span("request") as span:
        log.info("in")
    log.info("out")

    inside, outside = log.written.said
    context = span.get_span_context()
    trace_id = f"{context.trace_id:032x}"
    assert (inside["trace_id"], inside["span_id"]) == (trace_id, f"{context.span_id:016x}")
    assert inside["xray_trace_id"] == f"1-{trace_id[:8]}-{trace_id[8:]}"
    assert not {"trace_id", "span_id", "xray_trace_id"} & set(outside)


def test_every_thread_and_task_says_its_own_ids(log):
    """However spans interleave, a line has the ids of the span in whose task or thread it was written."""
    ids = {}

    def work(name):
        with tracer.start_as_current_span(name) as span:
            ids[name] = f"{span.get_span_context().span_id:016x}"
            log.info(name)

    async def task(name):
        with tracer.start_as_current_span(name) as span:
            ids[name] = f"{span.get_span_context().span_id:016x}"
            await asyncio.sleep(0)
            log.info(name)
            await asyncio.to_thread(log.info, name)

    async def tasks():
        await asyncio.gather(*(task(f"task {number}") for number in range(20)))

    threads = [threading.Thread(target=work, args=(f"thread {number}",)) for number in range(10)]
    for thread in threads:
        thread.start()
    asyncio.run(tasks())
    for thread in threads:
        thread.join()

    said = log.written.said
    assert len(said) == 50
    assert all(ids[line["message"]] == line["span_id"] for line in said)


def test_a_record_that_another_thread_writes_keeps_its_ids(log):
    """A queue between logger and formatter changes nothing, where records are marked when they are made."""
    records = queue.SimpleQueue()
    handler = logging.handlers.QueueHandler(records)
    handler.addFilter(CorrelationFilter("payments"))
    log.addHandler(handler)
    with tracer.start_as_current_span("request") as span:
        log.info("queued")
    log.removeHandler(handler)
    record, lines = records.get(), Lines(JsonFormatter(ABOUT))
    thread = threading.Thread(target=lines.handle, args=(record,))
    thread.start()
    thread.join()

    (said,) = lines.said
    assert said["span_id"] == f"{span.get_span_context().span_id:016x}"
    assert not {"otelTraceID", "otelSpanID"} & set(said)


def test_a_mark_that_is_no_id_is_none(log):
    """What somebody else put where ids stand is not taken for one."""
    with tracer.start_as_current_span("request") as span:
        for mark in ("x" * 32, 7, None, "0"):
            log.info("x", extra={"otelTraceID": mark, "otelSpanID": "y" * 16})

    assert {line["span_id"] for line in log.written.said} == {f"{span.get_span_context().span_id:016x}"}


def test_an_exception_is_fields(log):
    """Type, message and stack, each by itself, with the card number in none of them."""
    try:
        raise ValueError(f"card {CARD} declined")  # noqa: TRY301 - what is thrown is what the test is about
    except ValueError:
        log.exception("failed")
    (said,) = log.written.said

    assert said[names.EXCEPTION_TYPE] == "ValueError"
    assert said[names.EXCEPTION_MESSAGE] == "card REDACTED declined"
    assert "in test_an_exception_is_fields" in said[names.EXCEPTION_STACKTRACE]
    assert "ValueError: card REDACTED declined" in said[names.EXCEPTION_STACKTRACE]
    assert "\n" in said[names.EXCEPTION_STACKTRACE]
    assert "\n" not in log.written.lines[0]


def test_exceptions_of_every_kind_are_said(log):
    """One without a trace, one that can't say what it is, a group, a deep recursion, and `exc_info` with nothing in it."""

    class Mute(Exception):
        def __str__(self):
            raise RuntimeError

    def deep():
        deep()

    log.error("bare", exc_info=ValueError("x"))
    log.error("mute", exc_info=Mute())
    log.error("group", exc_info=ExceptionGroup("several", [ValueError("a"), KeyError("b")]))
    try:
        deep()
    except RecursionError:
        log.exception("deep")
    log.error("none", exc_info=True)  # noqa: LOG014 - on purpose: there is none
    said = log.written.said

    assert [line.get(names.EXCEPTION_TYPE, "") for line in said] == [
        "ValueError",
        f"{__name__}.test_exceptions_of_every_kind_are_said.<locals>.Mute",
        "ExceptionGroup",
        "RecursionError",
        "",
    ]
    assert "KeyError: 'b'" in said[2][names.EXCEPTION_STACKTRACE]
    assert len(log.written.lines[3]) < 40_000


def test_secrets_are_taken_out_everywhere(log):
    """Of messages, arguments, fields by their name, and values however nested."""
    log.info(
        "card %s",
        CARD,
        extra={"password": "hunter2", "deep": {"list": [{"note": f"card {CARD}"}]}, "number": 4111111111111111},
    )
    line = log.written.lines[0]

    assert "4111" not in line
    assert "hunter2" not in line
    assert line.count("REDACTED") == 4


def test_a_secret_at_the_edge_of_what_is_said_is_not_cut_in_two(log):
    """A card number that the bound would cut is taken out before."""
    log.info("%s %s and so on", "x" * 16_374, CARD)

    assert "4111" not in log.written.lines[0]
    assert "1111" not in log.written.lines[0]


@pytest.mark.parametrize(
    ("message", "args"),
    [("%d", ("no number",)), ("%s %s", ("one",)), ("%", ("x",)), (object(), ()), ("%(a)s", ({"b": 1},)), (None, ()), ("\ud800 %s", ("x",))],
)  # fmt: skip
def test_arguments_that_do_not_fit_lose_nothing(log, message, args):
    """What can't be put together is said apart; the line is JSON, and one line."""
    log.written.handle(logging.LogRecord("a", logging.INFO, "f", 1, message, args, None))
    (said,) = log.written.said

    assert "message" in said
    if args and message != "\ud800 %s":
        assert "args" in said


def test_a_map_is_fields(log):
    """`log.info({...})` says its members; `event` or `message` is the message."""
    log.info({"event": "declined", "order": 17})

    assert (log.written.said[0]["message"], log.written.said[0]["order"]) == ("declined", 17)


def test_nobody_s_field_takes_the_place_of_ours(log):
    """A field named as one of ours stands beside it, under another name."""
    with tracer.start_as_current_span("request"):
        log.info("x", extra={"trace_id": "mine", "severity": "mild", "service.name": "other"})
    (said,) = log.written.said

    assert (said["field.trace_id"], said["field.severity"], said["field.service.name"]) == ("mine", "mild", "other")
    assert (said["severity"], said["service.name"], len(said["trace_id"])) == ("INFO", "payments", 32)


def test_a_line_is_bounded(log):
    """Huge messages, values, many fields: none makes a line without end, and what was left out is said."""
    log.info("m" * 10_000_000, extra={f"f{number}": "v" * 100 for number in range(1_000)})
    (said,) = log.written.said

    assert len(log.written.lines[0]) < 50_000
    assert said["fields_left_out"] == 1_000 - MOST_FIELDS


def test_nothing_is_said_unredacted_when_redaction_fails():
    """A redactor that raises costs the content of a line, never the line, the caller, or the secret."""
    health = Health()
    formatter = JsonFormatter(ABOUT, Broken(), health)
    said = json.loads(formatter.format(logging.LogRecord("a", 20, "f", 1, f"card {CARD}", (), None)))

    assert said["message"] == "<a log line that can't be written: RuntimeError>"
    assert health.count(names.PROM_ERRORS, "logs") == 1


def test_a_formatter_that_was_told_nothing_speaks_for_the_instrumented_service():
    """As made by `dictConfig`: the service of the last `instrument()`; the environment's old name of the environment counts."""
    speak_for({"service.name": "ledger", "deployment.environment": "staging"})
    said = json.loads(JsonFormatter().format(logging.makeLogRecord({"msg": "x"})))

    assert (said["service.name"], said["deployment.environment.name"]) == ("ledger", "staging")
