"""aws-xray-sdk in an instrumented service: its recorder speaks of the same requests, in threads and tasks, and once."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from aws_xray_sdk.core.async_context import AsyncContext, task_factory
from aws_xray_sdk.core.async_recorder import AsyncAWSXRayRecorder
from aws_xray_sdk.core.context import Context
from aws_xray_sdk.core.sampling.connector import ServiceConnector
from aws_xray_sdk.ext.util import inject_trace_header
from fastapi import FastAPI, Request
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from fournines.instrumentation.aws.recording import SpanContexts, join
from fournines.instrumentation.names import PROM_ERRORS

CARD = "4111 1111 1111 1111"


class Kept:
    """An emitter that sends nothing, and keeps what it was to send."""

    def __init__(self):
        self.documents = []

    def send_entity(self, entity):
        self.documents.append(json.loads(entity.serialize()))


@pytest.fixture
def recorder(monkeypatch):
    """A recorder as a service has it, joined; what it would send to a daemon stays in its emitter."""
    monkeypatch.delenv("AWS_XRAY_CONTEXT_MISSING", raising=False)
    monkeypatch.setattr(ServiceConnector, "_create_xray_client", lambda *_: None)  # half a second, and nobody asks it
    made = AsyncAWSXRayRecorder()
    made.emitter._socket.close()
    join(made)
    made.configure(service="bank", sampling=False, emitter=Kept(), context_missing="LOG_ERROR")
    yield made
    made.clear_trace_entities()


@pytest.fixture
def spans(watch):
    """Instruments an application; returns its spans after the requests, as the exporter would take them."""

    def start(app, **env):
        telemetry = watch(app, OTEL_TRACES_EXPORTER="otlp", make=lambda target: None, **env)
        return lambda: telemetry._spans.take(500)

    return start


def ids():
    """The current OpenTelemetry span's ids, as X-Ray writes them."""
    context = trace.get_current_span().get_span_context()
    digits = f"{context.trace_id:032x}"
    return f"1-{digits[:8]}-{digits[8:]}", f"{context.span_id:016x}"


def bank(recorder):
    """A service that uses the recorder everywhere."""
    app = FastAPI()

    def seen():
        segment = recorder.current_segment()
        return [[segment.trace_id, segment.id], list(ids())]

    @recorder.capture("work")
    def work(number):
        recorder.current_subsegment().put_annotation("number", number)
        return ids()[0]

    @recorder.capture_async("rest")
    async def rest():
        await asyncio.sleep(0.01)
        with recorder.in_subsegment("inner"):
            return ids()[0]

    @app.get("/thread/{number}")
    def threaded(number: int):
        return [*seen(), work(number), *seen()]

    @app.get("/task/{number}")
    async def tasked(number: int):
        first = seen()
        got = await asyncio.gather(rest(), asyncio.create_task(rest()), asyncio.to_thread(work, number))
        return [*first, got[number % 3], *seen()]

    return app


def test_each_of_many_requests_sees_its_own_segment(recorder, spans, async_call):
    """Thirty at a time, in threads and in tasks: the segment is the request's, before and after what was captured."""
    app = bank(recorder)
    taken = spans(app)

    async def probe():
        paths = [f"/{'thread' if number % 2 else 'task'}/{number}" for number in range(30)]
        return [json.loads(answer.body) for answer in await asyncio.gather(*(async_call(app, path) for path in paths))]

    answers = asyncio.run(probe())
    made = taken()
    roots = {span.context.span_id: span for span in made if span.kind is SpanKind.SERVER}

    assert all(segment == span == again == after for segment, span, _, again, after in answers)
    assert all(inside == segment[0] for segment, _, inside, _, _ in answers)
    assert len({segment[0] for segment, *_ in answers}) == len(roots) == 30
    assert {f"{span_id:016x}" for span_id in roots} == {segment[1] for segment, *_ in answers}
    works = [span for span in made if span.name == "work"]
    assert len(works) == 30
    assert all(
        roots[span.parent.span_id].attributes["url.path"].endswith(f"/{span.attributes['number']}") for span in works
    )
    assert recorder.emitter.documents == []


def test_subsegments_are_spans_below_what_is_current(recorder, spans, call):
    """Captured, nested, and mixed with OpenTelemetry's own: each is the child of the one around it."""
    app = FastAPI()

    @app.get("/")
    def index():
        with recorder.in_subsegment("outer") as outer:
            with (
                trace.get_tracer("own").start_as_current_span("own"),
                recorder.in_subsegment("inner", namespace="remote") as inner,
            ):
                assert recorder.current_subsegment() is inner
                assert inner.id == ids()[1]
            assert recorder.current_subsegment() is outer
            assert outer.id == ids()[1]
        assert recorder.current_subsegment() is None

    taken = spans(app)
    call(app, "/")
    made = {span.name: span for span in taken()}
    above = {name: next((other.name for other in made.values() if span.parent and other.context.span_id == span.parent.span_id), None)
             for name, span in made.items()}  # fmt: skip

    assert above == {"GET /": None, "outer": "GET /", "own": "outer", "inner": "own"}
    assert {name: made[name].kind for name in ("outer", "inner")} == {
        "outer": SpanKind.INTERNAL,
        "inner": SpanKind.CLIENT,
    }


def test_statements_of_subsegments_leave_without_their_literals(recorder, watch, http_receiver, rx, call):
    """What the SDK calls a sanitized query is whatever was handed to it."""
    app = FastAPI()

    @app.get("/pay")
    def pay():
        with recorder.in_subsegment("bank", namespace="remote") as subsegment:
            subsegment.set_sql(
                {"sanitized_query": "SELECT id FROM u WHERE name = 'Ada'", "database_type": "PostgreSQL"}
            )
        with recorder.in_subsegment("old bank", namespace="remote") as subsegment:
            subsegment.set_sql({"sanitized_query": 'SELECT id FROM u WHERE name = "Ada"', "database_type": "MySQL"})

    telemetry = watch(app, http_receiver)
    call(app, "/pay")
    assert telemetry.flush()

    said = {span.name: rx.labels(span).get("db.query.text") for span in http_receiver.spans()}
    assert said["bank"] == said["old bank"] == "SELECT id FROM u WHERE name = ?"


def test_what_is_said_of_a_segment_is_said_of_the_request_without_secrets(recorder, watch, http_receiver, rx, call):
    """Annotations, metadata, user, exceptions: on the request's span, on the subsegment's; card numbers and keys taken out."""
    app = FastAPI()

    @app.get("/pay")
    async def pay():
        recorder.put_annotation("tenant", "acme")
        recorder.put_metadata("order", {"card": CARD, "password": "hunter2", "items": 3})
        recorder.put_metadata("when", object(), "audit")
        recorder.current_segment().set_user("u-1")
        with recorder.in_subsegment("check", namespace="remote") as check:
            check.put_http_meta("url", f"https://bank.example/pay?card={CARD.replace(' ', '')}")
            check.put_http_meta("status", 503)
            check.put_metadata("seen", CARD)
            check.set_sql({"sanitized_query": "select 1", "database_type": "PostgreSQL"})
            check.set_aws({"operation": "Charge", "retries": 2, "keys": ["a"]})
        return 1

    telemetry = watch(app, http_receiver)
    telemetry.start()
    call(app, "/pay")
    assert telemetry.flush()
    request, check = (
        rx.labels(next(s for s in http_receiver.spans() if s.name == name)) for name in ("GET /pay", "check")
    )

    assert (request["tenant"], request["enduser.id"]) == ("acme", "u-1")
    assert json.loads(request["aws.xray.metadata.default"]) == {
        "order": {"card": "REDACTED", "password": "REDACTED", "items": 3}
    }
    assert "object" in request["aws.xray.metadata.audit"]
    assert (check["http.response.status_code"], check["error.type"]) == (503, "503")
    assert (check["db.query.text"], check["db.system.name"]) == ("select ?", "PostgreSQL")
    assert (check["aws.operation"], check["aws.retries"], check["aws.keys"]) == ("Charge", 2, '["a"]')
    assert check["aws.xray.namespace"] == "remote"
    assert not any("4111" in str(value) or "hunter2" in str(value) for value in (*request.values(), *check.values()))
    assert http_receiver.count() == 1


def test_a_captured_failure_is_the_span_s(recorder, spans, call):
    """The exception is an event of the span, its class the reason, and it goes on as it was raised."""
    app = FastAPI()

    @recorder.capture("charge")
    def charge():
        raise LookupError("no such account")

    @app.get("/")
    def index():
        charge()

    taken = spans(app)
    answer = call(app, "/")
    made = {span.name: span for span in taken()}

    assert answer.status == 500
    assert made["charge"].status.status_code is StatusCode.ERROR
    assert made["charge"].attributes["error.type"] == "LookupError"
    assert [event.attributes["exception.type"] for event in made["charge"].events] == ["LookupError"]
    assert made["GET /"].attributes["error.type"] == "LookupError"


def test_a_segment_of_the_service_s_own_middleware_is_the_request_s(recorder, spans, call):
    """What it begins and ends around each request takes on the request's ids, and is not sent a second time."""
    app, ended = FastAPI(), []

    @app.middleware("http")
    async def traced(request: Request, call_next):
        segment = recorder.begin_segment("bank", traceid="1-00000000-000000000000000000000000", sampling=1)
        assert [segment.trace_id, segment.id] == list(ids())
        segment.put_http_meta("method", request.method)
        try:
            return await call_next(request)
        finally:
            segment.put_annotation("late", True)
            recorder.end_segment()
            ended.append(segment)

    @app.get("/")
    async def index():
        with recorder.in_subsegment("below"):
            return list(ids())

    taken = spans(app)
    for _ in range(3):
        assert call(app, "/").status == 200
    made = taken()
    below, roots = [[span for span in made if span.name == name] for name in ("below", "GET /")]

    assert recorder.emitter.documents == []
    assert [segment.in_progress or segment.ready_to_send() for segment in ended] == [False] * 3
    assert [span.attributes["late"] for span in roots] == [True] * 3
    assert [span.parent.span_id for span in below] == [span.context.span_id for span in roots]


def test_away_from_requests_segments_are_sent_as_ever(recorder):
    """A job's segment goes to the daemon with its subsegments, and each thread has its own."""

    def job(number):
        with recorder.in_segment(f"job-{number}"), recorder.in_subsegment("step") as step:
            step.put_annotation("number", number)
            with recorder.in_subsegment("deeper"):
                return recorder.current_segment().name

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(job, range(8))) == [f"job-{number}" for number in range(8)]
    documents = {document["name"]: document for document in recorder.emitter.documents}

    assert set(documents) == {f"job-{number}" for number in range(8)}
    assert documents["job-3"]["subsegments"][0]["annotations"] == {"number": 3}
    assert documents["job-3"]["subsegments"][0]["subsegments"][0]["name"] == "deeper"
    assert documents["job-3"]["service"]["runtime"] == "CPython"


def test_without_a_segment_the_service_s_choice_counts(recorder, caplog):
    """`context_missing` means what it meant."""
    with caplog.at_level(logging.ERROR):
        assert recorder.current_segment() is None
        recorder.put_annotation("a", 1)
        with recorder.in_subsegment("nothing") as nothing:
            assert nothing is None
    assert "cannot find the current segment" in caplog.text
    recorder.configure(context_missing="RUNTIME_ERROR")
    with pytest.raises(Exception, match="cannot find the current segment"):
        recorder.current_segment()


@pytest.mark.parametrize(("sampler", "sampled"), [("always_on", True), ("always_off", False)])
def test_the_decision_is_one(recorder, spans, call, sampler, sampled):
    """Segment and span are sampled alike, and what is sent on says so, with the trace's id, either way."""
    app, headers = FastAPI(), {}

    @app.get("/")
    async def index():
        with recorder.in_subsegment("call", namespace="remote") as below:
            inject_trace_header(headers, below)
        return [recorder.is_sampled(), *ids()]

    taken = spans(app, OTEL_TRACES_SAMPLER=sampler)
    found, trace_id, span_id = json.loads(call(app, "/").body)
    made = {span.name: span for span in taken()}
    parent = f"{made['call'].context.span_id:016x}" if sampled else span_id

    assert found is sampled
    assert headers["X-Amzn-Trace-Id"] == f"Root={trace_id};Parent={parent};Sampled={int(sampled)}"
    assert len(made) == 2 * sampled


def test_a_call_within_a_remote_subsegment_is_one_call(recorder, spans, call):
    """The subsegment stands for it: its id goes out in every header, and no second span is made for the same call."""
    app, sent = FastAPI(), []

    class Transport(httpx.HTTPTransport):
        pass

    @app.get("/")
    def index():
        with recorder.in_subsegment("far.example", namespace="remote") as below, httpx.Client() as client:
            request = client.build_request("GET", "http://127.0.0.1:9/")
            with pytest.raises(httpx.ConnectError):
                client.send(request)
            sent.append((below.id, request.headers["traceparent"], request.headers["x-amzn-trace-id"]))

    taken = spans(app)
    call(app, "/")
    (below, parent, header), made = sent[0], taken()

    assert [span.name for span in made if span.kind is SpanKind.CLIENT] == ["far.example"]
    assert parent.split("-")[2] == below
    assert f"Parent={below};" in header


def test_a_thread_of_the_service_s_own_may_be_handed_the_entity(recorder, spans, call):
    """As the SDK's users do it: what is captured there is below the request."""
    app = FastAPI()

    @app.get("/")
    def index():
        entity = recorder.get_trace_entity()

        def elsewhere():
            recorder.set_trace_entity(entity)
            with recorder.in_subsegment("elsewhere"):
                pass
            recorder.clear_trace_entities()

        with ThreadPoolExecutor(1) as pool:
            pool.submit(elsewhere).result()

    taken = spans(app)
    call(app, "/")
    made = {span.name: span for span in taken()}

    assert made["elsewhere"].parent.span_id == made["GET /"].context.span_id


def test_a_context_configured_later_does_not_undo_it(recorder):
    """The SDK's own context storages are replaced, with their strategy; its factory of tasks, which loops can't use, goes."""

    async def configured():
        context = AsyncContext(context_missing="IGNORE_ERROR")
        assert asyncio.get_running_loop().get_task_factory() is task_factory
        recorder.configure(context=context)
        return asyncio.get_running_loop().get_task_factory(), await asyncio.create_task(asyncio.sleep(0, "ran"))

    assert asyncio.run(configured()) == (None, "ran")
    assert type(recorder.context) is SpanContexts
    assert recorder.context.context_missing == "IGNORE_ERROR"
    assert isinstance(recorder, AsyncAWSXRayRecorder)


def test_a_context_of_the_service_s_own_is_kept(recorder, caplog):
    """Whoever wrote one has a reason; a line says that it stays."""

    class Own(Context):
        pass

    own = Own()
    with caplog.at_level(logging.WARNING):
        recorder.configure(context=own)

    assert recorder.context is own
    assert "of the service's own" in caplog.text


def test_what_a_segment_is_told_never_raises_for_ours(recorder, spans, call):
    """Values that nothing can write, words after the request's end: the service goes on, and the SDK's object has them."""
    app, kept = FastAPI(), []
    endless = {}
    endless["again"] = endless

    @app.get("/")
    def index():
        recorder.put_metadata("endless", endless)
        kept.append(recorder.current_segment())
        return 1

    taken = spans(app)
    assert call(app, "/").status == 200
    kept[0].put_annotation("after", 1)
    (request,) = taken()

    assert request.attributes["aws.xray.metadata.default"] == "(can't be written)"
    assert kept[0].annotations == {"after": 1}
    assert not kept[0].ready_to_send()


def test_a_span_that_can_t_be_begun_costs_only_itself(recorder, watch, call, monkeypatch):
    """Somebody else's sampler or processor raises: what is captured runs, below the request as ever, and it is counted."""
    app = FastAPI()

    @app.get("/")
    def index():
        with recorder.in_subsegment("outer") as outer:
            outer.put_annotation("a", 1)
            return outer.parent_id == recorder.current_segment().id

    telemetry = watch(app)
    monkeypatch.setattr(telemetry._instruments, "tracer", None)

    assert call(app, "/").body == b"true"
    assert telemetry._health.count(PROM_ERRORS, "xray") == 1
    assert recorder.emitter.documents == []


PATCHED = """
import json, sys
from fastapi import FastAPI
from starlette.testclient import TestClient
from fournines.instrumentation import instrument

app = FastAPI()
telemetry = instrument(app, service="bank")

from aws_xray_sdk.core import patch_all, xray_recorder  # only now: it is joined when it is imported
import boto3
from moto import mock_aws
xray_recorder.configure(service="bank")
patch_all()

@app.get("/send")
def send():
    client = boto3.client("sqs", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="y")
    queue = client.create_queue(QueueName="jobs")["QueueUrl"]
    client.send_message(QueueUrl=queue, MessageBody="pay")
    return xray_recorder.current_segment().trace_id

with mock_aws(), TestClient(app) as client:
    trace_id = client.get("/send").json()
print(trace_id)
"""


@pytest.mark.long
def test_a_service_with_everything_patched_tells_one_trace(http_receiver, rx):
    """`patch_all` of the SDK beside ours: each call of boto3 is one CLIENT span below the request, in the request's trace."""
    env = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": http_receiver.endpoint, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PATCHED)],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert done.returncode == 0, done.stderr
    spans = [span for span in http_receiver.spans() if rx.labels(span).get("url.path") == "/send" or span.kind == 3]
    (root,) = (span for span in spans if span.kind == 2)
    calls = [span for span in spans if span.kind == 3 and span.trace_id == root.trace_id]

    assert done.stdout.strip().replace("-", "")[1:] == root.trace_id.hex()
    assert [rx.labels(span)["aws.operation"] for span in calls] == ["CreateQueue", "SendMessage"]
    assert {span.parent_span_id for span in calls} == {root.span_id}
