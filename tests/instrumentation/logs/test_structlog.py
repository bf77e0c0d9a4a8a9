"""structlog's events as the same lines of JSON."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import sys

import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider

from fournines.instrumentation import names
from fournines.instrumentation.errors import InstrumentationError
from fournines.instrumentation.logs.console import JsonConsole
from fournines.instrumentation.logs.json import JsonFormatter
from fournines.instrumentation.logs.structlog import JsonRenderer, add_ids, configure

ABOUT = {"service.name": "payments"}
CARD = "4111 1111 1111 1111"
tracer = TracerProvider(shutdown_on_exit=False).get_tracer("test")


@pytest.fixture(autouse=True)
def fresh():
    """What structlog is as it comes, before and after."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


@pytest.fixture
def out():
    """Where loggers of the default kind print."""
    return io.StringIO()


def printing(out, *processors):
    structlog.configure(processors=[*processors, JsonRenderer(ABOUT)], logger_factory=structlog.PrintLoggerFactory(out))
    return structlog.get_logger()


def said(out):
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_an_event_is_a_line(out):
    """Level, message, ids, service and the event's own fields, bound ones too."""
    log = printing(out, structlog.contextvars.merge_contextvars, structlog.processors.add_log_level).bind(order=17)
    with tracer.start_as_current_span("request") as span, structlog.contextvars.bound_contextvars(tenant="a"):
        log.warning("declined", logger="payments.api", password="hunter2", card=CARD)
    (line,) = said(out)

    context = span.get_span_context()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "severity": "WARNING", "message": "declined", "logger": "payments.api", "trace_id": f"{context.trace_id:032x}",
        "span_id": f"{context.span_id:016x}", "xray_trace_id": f"1-{context.trace_id:032x}"[:10] + "-" + f"{context.trace_id:032x}"[8:],
        "service.name": "payments", "order": 17, "tenant": "a", "password": "REDACTED", "card": "REDACTED",
    }  # fmt: skip


def test_a_time_with_its_zone_is_kept_and_any_other_is_a_field(out):
    """What structlog's TimeStamper says in UTC is the line's time, in the line's own form."""
    log = printing(out)
    log.info("x", timestamp="2026-11-23T01:02:03.5+01:00")
    log.info("y", timestamp="yesterday")
    first, second = said(out)

    assert first["timestamp"] == "2026-11-23T00:02:03.500000Z"
    assert second["field.timestamp"] == "yesterday"


def test_exceptions_are_fields_however_they_were_given(out):
    """`exc_info` of any kind is type, message and stack; what a processor wrote already is the stack."""
    log = printing(out, structlog.dev.set_exc_info)
    try:
        1 / 0  # noqa: B018 - it is thrown that counts
    except ZeroDivisionError as error:
        log.exception("a")
        log.error("b", exc_info=error)  # noqa: TRY400 - given as a value
    log.error("c", exception="Traceback ...")
    first, second, third = said(out)

    assert [line[names.EXCEPTION_TYPE] for line in (first, second)] == ["ZeroDivisionError"] * 2
    assert "test_exceptions_are_fields" in first[names.EXCEPTION_STACKTRACE]
    assert first["severity"] == "ERROR"
    assert third[names.EXCEPTION_STACKTRACE] == "Traceback ..."


def test_nothing_raises_and_a_line_is_one_line(out):
    """Hostile values, keys that are no text, cycles, numbers that JSON doesn't know."""

    class Hostile:
        def __repr__(self):
            raise RuntimeError

    cycle = {}
    cycle["self"] = cycle
    render = JsonRenderer(ABOUT)
    for event in (
        {"event": Hostile()},
        {"event": "x", "a": cycle},
        {1: float("nan"), (2,): "\ud800"},
        {"event": "a\nb"},
        {},
        {"level": Hostile()},
    ):
        line = render(None, "info", event)
        assert "\n" not in line
        json.loads(line, parse_constant=pytest.fail)


def test_other_renderers_get_the_ids(out):
    """`add_ids` before any renderer."""
    structlog.configure(
        processors=[add_ids, structlog.processors.JSONRenderer()], logger_factory=structlog.PrintLoggerFactory(out)
    )
    with tracer.start_as_current_span("request") as span:
        structlog.get_logger().info("in")
    structlog.get_logger().info("out")
    inside, outside = said(out)

    assert inside["span_id"] == f"{span.get_span_context().span_id:016x}"
    assert inside["xray_trace_id"].startswith("1-")
    assert outside == {"event": "out"}


def test_a_configured_structlog_keeps_what_it_adds(out):
    """Only the renderers of events and exceptions go, and come back when it is ended."""
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.format_exc_info, structlog.dev.ConsoleRenderer()],
        logger_factory=structlog.PrintLoggerFactory(out),
    )  # fmt: skip
    before = structlog.get_config()["processors"]
    end = configure(JsonRenderer(ABOUT))
    try:
        1 / 0  # noqa: B018 - it is thrown that counts
    except ZeroDivisionError:
        structlog.get_logger().error("failed", exc_info=True)
    end()

    assert said(out)[0][names.EXCEPTION_TYPE] == "ZeroDivisionError"
    assert structlog.get_config()["processors"] == before


def test_an_unconfigured_structlog_needs_nothing(capsys):
    """The defaults, with JSON at their end: context variables, level, exceptions."""
    end = configure(JsonRenderer(ABOUT))
    structlog.get_logger().warning("x", a=1)
    end()
    line = json.loads(capsys.readouterr().out)

    assert (line["severity"], line["message"], line["a"]) == ("WARNING", "x", 1)


def test_bytes_are_written_where_the_logger_wants_bytes():
    """The fastest of structlog's loggers take bytes."""
    out = io.BytesIO()
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()], logger_factory=structlog.BytesLoggerFactory(out)
    )
    configure(JsonRenderer(ABOUT))
    structlog.get_logger().info("x")

    assert json.loads(out.getvalue())["message"] == "x"


@contextlib.contextmanager
def a_program():
    """The root logger as a program finds it, whose standard output is the stream: not as a test finds it."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    root.handlers[:], root.level = [], logging.INFO
    with contextlib.redirect_stdout(stream):
        yield stream
    root.handlers[:], root.level = handlers, level


def console():
    return JsonConsole(JsonFormatter(ABOUT), JsonRenderer(ABOUT))


def test_events_that_structlog_hands_to_logging_are_rendered_once():
    """Through the standard library an event is one object, not a line within a line."""
    structlog.configure(
        processors=[structlog.stdlib.add_logger_name, structlog.stdlib.add_log_level, structlog.processors.JSONRenderer()],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )  # fmt: skip
    with a_program() as out:
        json_console = console()
        json_console.apply()
        json_console.apply()
        try:
            1 / 0  # noqa: B018 - it is thrown that counts
        except ZeroDivisionError:
            structlog.get_logger("payments.api").exception("failed", order=17)
        json_console.restore()
    (line,) = said(out)

    assert (line["message"], line["logger"], line["severity"], line["order"]) == ("failed", "payments.api", "ERROR", 17)
    assert line[names.EXCEPTION_TYPE] == "ZeroDivisionError"


def test_a_root_logger_without_handlers_gets_a_console():
    """As `logging.basicConfig` would give it; and loses it when the setting is taken back."""
    with a_program() as out:
        json_console = console()
        json_console.apply()
        logging.getLogger("payments").info("hello")
        json_console.restore()
        handlers = logging.getLogger().handlers[:]

    assert said(out)[0]["message"] == "hello"
    assert handlers == []


def test_consoles_are_changed_and_files_are_not(tmp_path):
    """A handler that writes to a standard stream shows JSON, also one of a logger that keeps to itself; a file's stays as it is."""
    with a_program() as out:
        own, root, file = (
            logging.getLogger("uvicorn.access"),
            logging.getLogger(),
            logging.FileHandler(tmp_path / "log"),
        )
        access = logging.StreamHandler(sys.stdout)
        root.handlers[:] = [logging.StreamHandler(sys.stdout), file]
        own.addHandler(access)
        own.propagate, level = False, own.level
        own.setLevel(logging.INFO)  # whatever other tests' servers made of it, and of what is above it
        json_console = console()
        json_console.apply()
        logging.getLogger("payments").info("hello")
        own.info("GET /")
        json_console.restore()
        logging.getLogger("payments").info("as before")
        file.close()
        own.removeHandler(access)
        own.propagate = True
        own.setLevel(level)

    first, second, third = out.getvalue().splitlines()
    assert [json.loads(line)["message"] for line in (first, second)] == ["hello", "GET /"]
    assert third == "as before"
    assert (tmp_path / "log").read_text() == "hello\nas before\n"


def test_what_consoles_show_is_one_of_three(made_logs):
    """Anything else is a mistake of the call, told at once."""
    with pytest.raises(InstrumentationError, match="jsn"):
        made_logs().show("jsn")
