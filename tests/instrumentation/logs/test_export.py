"""What was logged on its way to a collector, over OTLP."""

from __future__ import annotations

import logging
import threading

import pytest
import structlog
from opentelemetry.context import attach, detach, set_value
from opentelemetry.instrumentation.log_utils import std_to_otel
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, use_span

from fournines.instrumentation import names
from fournines.instrumentation.config.config import read_config
from fournines.instrumentation.export.transport import Attempt, Outcome
from fournines.instrumentation.logs.otlp import severity_number
from fournines.instrumentation.redaction.redactor import Redactor

CARD = "4111 1111 1111 1111"
RESOURCE = {"service.name": "payments", "process.pid": 7}
SOON = 20.0

tracer = TracerProvider(shutdown_on_exit=False).get_tracer("test")
log = logging.getLogger("payments.api")


@pytest.fixture(autouse=True)
def loud():
    """The application logs everything."""
    log.setLevel(1)
    yield
    log.setLevel(logging.NOTSET)


@pytest.fixture
def exported(made_logs, receiver):
    """Logs that go to a receiver of either protocol; the test is the export thread."""

    def made(**env):
        logs = made_logs(
            OTEL_LOGS_EXPORTER="otlp", OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint,
            OTEL_EXPORTER_OTLP_PROTOCOL=receiver.protocol, **env,
        )  # fmt: skip
        logs.push = lambda: logs.export.push(RESOURCE, logs.clock.steady() + SOON, impatient=True)
        return logs

    return made


class Away:
    """A transport whose collector answers as it is told, and keeps what it got."""

    def __init__(self, *answers):
        self.answers, self.bodies = list(answers), []

    def send(self, body, timeout, now):
        self.bodies.append(body)
        return self.answers.pop(0) if self.answers else Attempt(Outcome.ACCEPTED)

    def close(self):
        pass

    def abandon(self):
        pass


def test_a_record_arrives_with_all_it_says(exported, receiver, rx):
    """Time, severity, body, ids, attributes, the logger as scope and the process as resource, over both protocols."""
    logs = exported()
    with tracer.start_as_current_span("request") as span:
        log.warning("declined %s", "order", extra={"order": 17, "nested": {"a": [1, None, 0.5]}})
    logs.push()
    ((resource, scope, record),) = receiver.logs()

    context = span.get_span_context()
    assert rx.labels(resource) == RESOURCE
    assert scope.name == "payments.api"
    assert (record.severity_number, record.severity_text) == (13, "WARNING")
    assert record.body.string_value == "declined order"
    assert record.trace_id == context.trace_id.to_bytes(16, "big")
    assert record.span_id == context.span_id.to_bytes(8, "big")
    assert record.flags == 1
    assert record.time_unix_nano == record.observed_time_unix_nano > 1.7e18
    labels = rx.labels(record)
    assert (labels["order"], labels[names.CODE_FUNCTION_NAME]) == (17, "test_a_record_arrives_with_all_it_says")
    assert labels[names.CODE_FILE_PATH] == __file__
    nested = labels["nested"].values[0]
    assert (nested.key, len(nested.value.array_value.values)) == ("a", 3)
    assert logs.export.waiting == 0


def test_a_record_without_a_span_has_no_ids_and_an_unsampled_one_its_flag(exported, receiver):
    """No ids are invented, and the flag is the trace's."""
    logs = exported()
    log.info("outside")
    with use_span(NonRecordingSpan(SpanContext(1, 2, is_remote=False, trace_flags=TraceFlags(0)))):
        log.info("unsampled")
    logs.push()
    outside, unsampled = (record for _, _, record in receiver.logs())

    assert (outside.trace_id, outside.span_id, outside.flags) == (b"", b"", 0)
    assert (unsampled.trace_id[-1], unsampled.flags) == (1, 0)


def test_severity_numbers_are_the_sdk_s():
    """Of every level from DEBUG on; what is below is TRACE, and nothing is unspecified."""
    assert [severity_number(level) for level in range(10, 80)] == [std_to_otel(level).value for level in range(10, 80)]
    assert [severity_number(level) for level in (0, 5, 9)] == [0, 1, 4]


def test_an_exception_is_attributes_without_secrets(exported, receiver, rx):
    """Type, message and stack by the conventions; the card number and the password are in none of the bytes."""
    logs = exported()
    try:
        raise ValueError(f"card {CARD} declined")  # noqa: TRY301 - what is thrown is what the test is about
    except ValueError:
        log.exception("card %s", CARD, extra={"password": "hunter2"})
    logs.push()
    labels = rx.labels(receiver.logs()[0][2])

    assert labels[names.EXCEPTION_TYPE] == "ValueError"
    assert labels[names.EXCEPTION_MESSAGE] == "card REDACTED declined"
    assert "in test_an_exception" in labels[names.EXCEPTION_STACKTRACE]
    sent = rx.unpacked(receiver.bodies["logs"][0])
    assert b"hunter2" not in sent
    assert b"4111" not in sent
    assert logs.health.counts(names.PROM_REDACTED)["card"] >= 3


def test_nothing_is_lost_and_nothing_is_sent_twice_over(made_logs):
    """A batch that is not acknowledged is the same bytes again, and the others wait behind it, in order."""
    retry = Attempt(Outcome.RETRY, "HTTP 503")
    away = Away(retry, retry)
    logs = made_logs(away, OTEL_LOGS_EXPORTER="otlp", OTEL_BLRP_MAX_EXPORT_BATCH_SIZE="10")
    for number in range(25):
        log.info("line %d", number)
    logs.export.push(RESOURCE, logs.clock.steady() + SOON, impatient=True)
    assert (len(away.bodies), logs.export.waiting) == (1, 15 + 1)
    for _ in range(2):
        logs.export.push(RESOURCE, logs.clock.steady() + SOON, impatient=True)

    assert away.bodies[0] == away.bodies[1] == away.bodies[2]
    assert len(away.bodies) == 5
    assert logs.export.waiting == 0
    assert b"".join(away.bodies[2:]).count(b"line ") == 25


def test_a_full_queue_drops_and_counts(made_logs):
    """Memory is bounded while a collector is away: what finds no place is counted."""
    logs = made_logs(Away(), OTEL_LOGS_EXPORTER="otlp", OTEL_BLRP_MAX_QUEUE_SIZE="10")
    for number in range(15):
        log.info("line %d", number)

    assert logs.export.waiting == 10
    assert logs.health.count(names.PROM_DROPPED_LOGS) == 5


def test_a_refused_batch_is_counted_by_its_records(made_logs):
    """What a collector refuses is dropped, and /metrics says how many."""
    logs = made_logs(Away(Attempt(Outcome.REFUSED, "HTTP 400")), OTEL_LOGS_EXPORTER="otlp")
    log.info("a")
    log.info("b")
    logs.export.push(RESOURCE, logs.clock.steady() + SOON)

    assert logs.health.count(names.PROM_DROPPED_LOGS) == 2


def test_a_full_batch_wakes_the_export_thread(made_logs):
    """Once, when the batch is full; the delay does for all else."""
    woken = []
    logs = made_logs(
        Away(), wake=lambda: woken.append(1), OTEL_LOGS_EXPORTER="otlp", OTEL_BLRP_MAX_EXPORT_BATCH_SIZE="3"
    )
    for _ in range(5):
        log.info("x")

    assert woken == [1]
    now = logs.clock.steady()
    assert logs.export.push(RESOURCE, now) == pytest.approx(now + 1.0, abs=0.9)


def test_export_begets_no_logs_of_its_own(made_logs):
    """What the export thread's libraries say while exporting, and what we say ourselves, is not exported."""
    logs = made_logs(Away(), OTEL_LOGS_EXPORTER="otlp")
    noisy = logging.getLogger("urllib3.connectionpool")
    token = attach(set_value("suppress_instrumentation", value=True))
    noisy.error("POST /v1/logs")
    detach(token)
    logging.getLogger("fournines.instrumentation").warning("can't be exported now")
    assert logs.export.waiting == 0
    noisy.error("POST /charge")
    assert logs.export.waiting == 1


def test_a_value_that_logs_when_it_is_looked_at_does_not_go_on_for_ever(made_logs):
    """The line it was in is queued; what it said meanwhile is not."""

    class Chatty:
        def __repr__(self):
            handler.handle(logging.makeLogRecord({"msg": self, "name": "a"}))
            return "chatty"

    logs = made_logs(Away(), OTEL_LOGS_EXPORTER="otlp")
    handler = logs._handler
    handler.handle(logging.makeLogRecord({"msg": Chatty(), "name": "a"}))

    assert logs.export.waiting == 1


def test_one_record_that_can_t_be_told_does_not_take_the_others_with_it(made_logs, monkeypatch):
    """It is dropped and counted; the batch goes."""

    class Picky(Redactor):
        def value(self, value):
            if value == "poison":
                raise RuntimeError
            return super().value(value)

    away = Away()
    logs = made_logs(away, redactor=Picky(), OTEL_LOGS_EXPORTER="otlp")
    for text in ("a", "poison", "b"):
        log.info(text)
    logs.export.push(RESOURCE, logs.clock.steady() + SOON)

    assert logs.health.count(names.PROM_DROPPED_LOGS) == 1
    assert len(away.bodies) == 1


@pytest.mark.parametrize(
    "extra", [{"\ud800": "\udfff"}, {"a": float("nan")}, {"a": 2**70}, {"a": object()}, {"a": b"\xff"}, {"a": [[[[[[[[[[1]]]]]]]]]]},
     {"created": float("nan")}, {"created": -1.0, "levelno": "high", "lineno": None, "pathname": 7, "funcName": object()}],
)  # fmt: skip
def test_whatever_is_logged_can_be_sent(made_logs, extra):
    """Nothing hostile makes a record that protobuf can't say."""
    away = Away()
    logs = made_logs(away, OTEL_LOGS_EXPORTER="otlp")
    # To the handler alone: others, a test runner's among them, can't take everything.
    logs._handler.handle(logging.makeLogRecord({"name": "\udc00", "msg": "\ud800", "levelname": "\ud800", **extra}))
    logs.export.push(RESOURCE, logs.clock.steady() + SOON)

    assert len(away.bodies) == 1
    assert logs.health.count(names.PROM_DROPPED_LOGS) == 0


def test_attributes_are_limited_as_the_specification_says(exported, receiver, rx):
    """Their number, with how many were dropped; the length of their values. An exception's go first."""
    logs = exported(OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT="7", OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT="5")
    log.error("a longer body", exc_info=ValueError("x"), extra={f"f{number}": "123456789" for number in range(9)})
    logs.push()
    record = receiver.logs()[0][2]

    labels = rx.labels(record)
    assert len(labels) == 7
    assert record.dropped_attributes_count == 8
    assert labels[names.EXCEPTION_TYPE] == "Value"
    assert labels["f0"] == "12345"
    assert record.body.string_value == "a longer body"


@pytest.mark.parametrize(
    ("env", "on", "lines"),
    [
        ({}, False, "off"),
        ({"OTEL_LOGS_EXPORTER": "otlp"}, True, "off"),
        ({"OTEL_LOGS_EXPORTER": "none"}, False, "off"),
        ({"OTEL_LOGS_EXPORTER": "console"}, False, "json"),
        ({"OTEL_LOGS_EXPORTER": "console,otlp", "FOURNINES_LOGS": "plain"}, True, "plain"),
        ({"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://logs.example/v1/logs"}, True, "off"),
        ({"OTEL_LOGS_EXPORTER": "none", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://logs.example/x"}, False, "off"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, False, "off"),
    ],
)  # fmt: skip
def test_logs_leave_only_where_somebody_asked_for_it(env, on, lines):
    """By the exporter's name, to the letter; or by a place for logs. The general endpoint alone asks for none."""
    config = read_config(environ=env).logs

    assert (config.target is not None, config.lines) == (on, lines)


def test_where_logs_go_is_said_as_for_every_signal():
    """The general endpoint with the signal's path; the signal's own as it is."""
    general = read_config(environ={"OTEL_LOGS_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318/base/"})
    own = read_config(
        environ={"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://c/x", "OTEL_EXPORTER_OTLP_LOGS_HEADERS": "a=b"}
    )

    assert general.logs.target.endpoint == "http://c:4318/base/v1/logs"
    assert (own.logs.target.endpoint, own.logs.target.headers) == ("http://c/x", (("a", "b"),))


def test_limits_that_are_none_are_left_out(caplog):
    """They are logged, and the next one counts."""
    env = {"OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT": "many", "OTEL_ATTRIBUTE_COUNT_LIMIT": "9"}

    assert read_config(environ=env).logs.attributes == 9
    assert "many" in caplog.text


def test_structlog_s_events_are_exported_once(exported, receiver, rx):
    """Those that structlog prints itself, and those it hands to `logging`."""
    structlog.reset_defaults()
    logs = exported()
    structlog.get_logger().info("printed", logger="payments.api", order=17)
    structlog.configure(
        processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter], logger_factory=structlog.stdlib.LoggerFactory()
    )  # fmt: skip
    logs.begin()
    structlog.get_logger("payments.api").info("handed on", order=18)
    logs.push()
    structlog.reset_defaults()
    (_, scope, first), (_, _, second) = receiver.logs()

    assert scope.name == "payments.api"
    assert (first.body.string_value, rx.labels(first)["order"]) == ("printed", 17)
    assert (second.body.string_value, rx.labels(second)["order"]) == ("handed on", 18)


def test_a_server_s_own_errors_are_exported_and_its_access_log_is_not(made_logs):
    """A server keeps its loggers from the root; an unhandled exception is told there."""
    server = logging.getLogger("uvicorn")
    logging.getLogger("uvicorn.access").propagate = server.propagate = False
    logs = made_logs(Away(), OTEL_LOGS_EXPORTER="otlp")
    logging.getLogger("uvicorn.error").error("Exception in ASGI application")
    logging.getLogger("uvicorn.access").error("GET /")
    waiting = logs.export.waiting
    logs.end()
    logging.getLogger("uvicorn.error").error("after the end")
    logging.getLogger("uvicorn.access").propagate = server.propagate = True

    assert (waiting, logs.export.waiting) == (1, 1)


def test_of_two_applications_the_newest_speaks_outside_of_requests(made_logs):
    """No record is exported twice."""
    first = made_logs(Away(), OTEL_LOGS_EXPORTER="otlp")
    second = made_logs(Away(), OTEL_LOGS_EXPORTER="otlp")
    log.info("x")

    assert (first.export.waiting, second.export.waiting) == (0, 1)


def test_a_forked_child_begins_with_an_empty_queue(made_logs):
    """What the parent logged is the parent's to send, and is counted by nobody else."""
    logs = made_logs(Away(), OTEL_LOGS_EXPORTER="otlp")
    log.info("the parent's")
    logs.export.forget()

    assert logs.export.waiting == 0
    assert logs.health.count(names.PROM_DROPPED_LOGS) == 0


def test_many_threads_lose_nothing(made_logs):
    """What ten threads log at once is all there, each line once."""
    away = Away()
    logs = made_logs(away, OTEL_LOGS_EXPORTER="otlp")
    threads = [threading.Thread(target=lambda: [log.info("entry") for _ in range(100)]) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    logs.export.push(RESOURCE, logs.clock.steady() + SOON)

    assert b"".join(away.bodies).count(b"entry") == 1_000
