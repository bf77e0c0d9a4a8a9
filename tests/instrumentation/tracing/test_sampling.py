"""Which spans are kept: the whole of a request or nothing of it, and never a count less."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult

from fournines.instrumentation.tracing import samplers
from fournines.instrumentation.tracing.samplers import head_sampler
from fournines.instrumentation.tracing.sampling import Sampling

UNWANTED = (b"traceparent", b"00-65a1b2c3d4e5f60718293a4b5c6d7e8f-00f067aa0ba902b7-00")


def shop():
    app = FastAPI()

    @app.get("/items/{item_id}")
    async def item(item_id: int):
        with trace.get_tracer("library").start_as_current_span("inside"):
            return item_id

    @app.get("/fail")
    async def fail():
        with trace.get_tracer("library").start_as_current_span("inside"):
            pass
        raise ValueError

    @app.get("/says")
    async def says():
        trace.get_current_span().set_status(trace.StatusCode.ERROR, "no")

    return app


@pytest.fixture
def kept(watch, call):
    """Calls a shop with these settings; the names of the spans kept, and the handle."""

    def run(*paths, headers=(), **env):
        telemetry = watch(shop(), OTEL_TRACES_EXPORTER="otlp", make=lambda target: None, **env)
        for path in paths:
            call(telemetry.app, path, headers=headers)
        return telemetry._spans.take(9999), telemetry

    return run


def names(spans):
    return [span.name for span in spans]


def test_a_share_is_kept_whole_or_not_at_all(kept, recorded):
    """Of good requests the given share is kept, root and children together; all are counted."""
    spans, telemetry = kept(*["/items/1"] * 300, FOURNINES_TRACES_KEPT="0.25")

    traces = {}
    for span in spans:
        traces.setdefault(span.context.trace_id, []).append(span.name)
    assert 35 < len(traces) < 120
    assert all(sorted(found) == ["GET /items/{item_id}", "inside"] for found in traces.values())
    assert recorded(telemetry) == {("GET", "/items/{item_id}", 200, None): 300}


def test_what_is_kept_for_others_says_for_how_many(kept):
    """A span of the share says its threshold (`ot=th:c` stands for four), a failed one speaks for itself alone."""
    spans, _ = kept(*["/items/1"] * 60, "/fail", FOURNINES_TRACES_KEPT="0.25")

    share = [span for span in spans if span.status.status_code is not trace.StatusCode.ERROR and span.name != "inside"]
    failed = [span for span in spans if span.name == "GET /fail"]
    assert {span.context.trace_state.get("ot") for span in share} == {"th:c"}
    assert [span.context.trace_state.get("ot") for span in failed] == [None]


@pytest.mark.parametrize("share", ["0", "0.25"])
def test_failed_requests_are_kept_with_their_children(kept, share):
    """A failed request is kept whatever the share, and with it what was done inside."""
    spans, _ = kept(*["/fail"] * 20, FOURNINES_TRACES_KEPT=share)

    assert sorted(names(spans)) == ["GET /fail"] * 20 + ["inside"] * 20


def test_slow_requests_are_kept(kept):
    """A request as slow as the threshold is kept; the threshold can be chosen."""
    slow, _ = kept("/items/1", FOURNINES_TRACES_KEPT="0", FOURNINES_TRACES_SLOW="0.0000001")
    assert sorted(names(slow)) == ["GET /items/{item_id}", "inside"]
    assert kept("/items/1", FOURNINES_TRACES_KEPT="0", FOURNINES_TRACES_SLOW="60")[0] == []


def test_what_user_code_calls_failed_is_kept(kept):
    """So is a request whose status user code set to ERROR."""
    assert names(kept("/says", FOURNINES_TRACES_KEPT="0")[0]) == ["GET /says"]


def test_a_caller_s_no_holds_for_children_too(kept):
    """Below a caller who decided against, nothing of a good request is kept, all of a failed one."""
    assert kept("/items/1", headers=(UNWANTED,))[0] == []
    assert sorted(names(kept("/fail", headers=(UNWANTED,))[0])) == ["GET /fail", "inside"]


@pytest.mark.parametrize(
    ("sampler", "argument", "headers", "expected"),
    [
        ("always_on", "", (UNWANTED,), True),
        ("always_off", "", (), False),
        ("parentbased_always_on", "", (), True),
        ("parentbased_always_on", "", (UNWANTED,), False),
        ("parentbased_always_off", "", (), False),
        ("traceidratio", "0", (), False),
        ("traceidratio", "1", (UNWANTED,), True),
        ("parentbased_traceidratio", "1", (UNWANTED,), False),
        ("parentbased_traceidratio", "0", (), False),
    ],
)
def test_a_sampler_asked_for_by_name_decides_alone(kept, recorded, sampler, argument, headers, expected):
    """OTEL_TRACES_SAMPLER to the letter: also failed requests go by it, and no count does."""
    spans, telemetry = kept(
        "/fail", "/says", headers=headers, OTEL_TRACES_SAMPLER=sampler, OTEL_TRACES_SAMPLER_ARG=argument
    )

    assert len([span for span in spans if span.name != "inside"]) == (2 if expected else 0)
    assert sum(recorded(telemetry).values()) == 2


@pytest.mark.parametrize("name", ["traceidratio", "parentbased_traceidratio"])
def test_what_is_decided_without_asking_is_what_the_sampler_says(name):
    """The short way for a new trace gives the sampler's own answer, for every id."""
    head = head_sampler(name, "0.3")
    rules = Sampling(head, 1.0, 0.25)

    for trace_id in (1, 2**63, 2**64 - 1, 2**64, *(hash(str(n)) % 2**128 for n in range(500))):
        asked = head.should_sample(None, trace_id, "GET").decision is Decision.RECORD_AND_SAMPLE
        assert rules.at_root(trace_id) is asked


@pytest.mark.parametrize(
    ("name", "argument", "described", "logged"),
    [
        ("", "", None, ""),
        ("traceidratio", "0.5", "TraceIdRatioBased{0.5}", ""),
        ("traceidratio", "lots", "TraceIdRatioBased{1.0}", "no number from 0 to 1"),
        ("nosuch", "", "ParentBased{root:AlwaysOnSampler", "not known here"),
    ],
)
def test_names_of_samplers(caplog, name, argument, described, logged):
    """Unknown names and numbers are logged, and the specification's default taken."""
    found = head_sampler(name, argument)

    assert (found is None) == (described is None)
    assert described is None or found.get_description().startswith(described)
    assert logged in caplog.text


class ByPath(Sampler):
    """A sampler of somebody else's, that looks at attributes and adds one."""

    def __init__(self, argument):
        self.argument = argument

    def should_sample(self, parent_context, trace_id, name, kind=None, attributes=None, links=None, trace_state=None):
        """Keeps what the argument names."""
        wanted = attributes and attributes.get("url.path") == self.argument
        return SamplingResult(
            Decision.RECORD_AND_SAMPLE if wanted else Decision.DROP, {**(attributes or {}), "rule": 1}
        )

    def get_description(self):
        """For logs."""
        return "ByPath"


def test_a_sampler_of_an_installed_package_is_found_and_asked(kept, monkeypatch):
    """One that is registered for OpenTelemetry is made with the argument, sees the attributes, and may add its own."""

    class Entry:
        def load(self):
            return ByPath

    monkeypatch.setattr(samplers, "entry_points", lambda group, name: [Entry()] if name == "bypath" else [])
    spans, _ = kept("/items/1", "/says", OTEL_TRACES_SAMPLER="bypath", OTEL_TRACES_SAMPLER_ARG="/says")

    assert names(spans) == ["GET /says"]
    assert spans[0].attributes["rule"] == 1


def test_children_without_number_are_bounded(watch, call, monkeypatch):
    """Children that wait for a request's end are bounded; those beyond are dropped and counted."""
    from fournines.instrumentation.tracing import requestspan

    monkeypatch.setattr(requestspan, "MOST_CHILDREN", 3)
    app = FastAPI()

    @app.get("/many")
    async def many():
        for _ in range(5):
            trace.get_tracer("library").start_span("child").end()
        raise ValueError

    telemetry = watch(app, OTEL_TRACES_EXPORTER="otlp", make=lambda target: None, FOURNINES_TRACES_KEPT="0")
    call(telemetry.app, "/many")

    assert sorted(names(telemetry._spans.take(99))) == ["GET /many", "child", "child", "child"]
    assert telemetry._health.count("fournines_dropped_spans") == 2
