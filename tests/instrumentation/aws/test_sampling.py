"""X-Ray's centralized sampling rules in a service: asked for, followed, reported; aws-xray-sdk's own as oracle."""

from __future__ import annotations

import gc
import json
import os
import random
import threading
import time
import weakref

import pytest
import uvicorn
from aws_xray_sdk.core.sampling.rule_cache import RuleCache
from aws_xray_sdk.core.sampling.sampling_rule import SamplingRule as SdkRule
from aws_xray_sdk.core.utils.search_pattern import wildcard_match
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context
from prometheus_client import CollectorRegistry

from fournines.collector.xray.instruments import Instruments
from fournines.collector.xray.sampling import SamplingRule, SamplingService, sampling_app
from fournines.instrumentation.aws.polling import ENDPOINT, Polling, Told, read_argument, xray_sampler
from fournines.instrumentation.aws.rules import fits, read_rules
from fournines.instrumentation.aws.sampler import CACHED, Book, ByRules, XRaySampler
from fournines.instrumentation.health import Health
from fournines.instrumentation.names import PROM_ERRORS
from fournines.instrumentation.resources.asking import NoAnswer

NEVER, ALWAYS = (1 << 64) - 1, 0
"""Trace ids that no share, and that every share takes in."""
RESOURCE = {
    "service.name": "payments",
    "cloud.platform": "aws_ecs",
    "aws.ecs.container.arn": "arn:aws:ecs:eu:1:container/c",
}


def record(name="r", priority=100, rate=0.5, reservoir=1, **more):
    """A rule as `GetSamplingRules` tells it."""
    rule = {
        "RuleName": name, "RuleARN": f"arn:{name}", "ResourceARN": "*", "Priority": priority, "FixedRate": rate,
        "ReservoirSize": reservoir, "ServiceName": "*", "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*",
        "Version": 1, "Attributes": {},
    }  # fmt: skip
    return {"SamplingRule": rule | more, "CreatedAt": 1.0, "ModifiedAt": 1.0}


def told(method="GET", host="shop.example", path="/", **more):
    """A request's attributes."""
    return {"http.request.method": method, "server.address": host, "url.path": path, **more}


@given(st.text("aB*?.(", max_size=8), st.text("aAbB.(x", max_size=8))
def test_patterns_fit_as_the_sdk_s_do(pattern, text):
    """`*` and `?`, upper and lower case, and what other languages of patterns would take for theirs."""
    assert fits(pattern, text) == wildcard_match(pattern, text)


def test_a_pattern_of_many_stars_is_answered():
    """One expression for it would look for longer than the universe is old; texts are chosen by clients."""
    assert not fits("*a" * 40 + "*b", "a" * 5000)
    assert fits("*a" * 40 + "*", "a" * 5000)


RULES = [
    record("health", 1, URLPath="/health*"),
    record("writes", 10, HTTPMethod="PO?T", URLPath="/api/*"),
    record("host", 10, Host="*.internal"),
    record("mine", 50, ServiceName="pay*", URLPath="/mine"),
    record("other", 40, ServiceName="users"),
    record("ecs", 60, ServiceType="AWS::ECS::*", URLPath="/ecs"),
    record("lambda", 5, ServiceType="AWS::Lambda::Function"),
    record("Default", 10000),
]
REQUESTS = [
    told(method=method, host=host, path=path)
    for method in ("GET", "POST", "post")
    for host in ("shop.example", "a.INTERNAL", "internal")
    for path in ("/", "/healthz", "/api/x", "/API/", "/mine", "/ecs", "/health")
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_the_rule_is_the_one_that_the_sdk_finds(request_):
    """By priority, then by name, over methods, hosts, paths, service and its type."""
    cache = RuleCache()
    cache.load_rules([
        SdkRule(name=r["RuleName"], priority=r["Priority"], rate=r["FixedRate"], reservoir_size=r["ReservoirSize"], host=r["Host"],
                service=r["ServiceName"], method=r["HTTPMethod"], path=r["URLPath"], service_type=r["ServiceType"])
        for r in (one["SamplingRule"] for one in RULES)
    ])  # fmt: skip
    cache.last_updated = 100
    asked = {"host": request_["server.address"], "method": request_["http.request.method"], "path": request_["url.path"],
             "service": "payments", "service_type": "AWS::ECS::Container"}  # fmt: skip
    book = Book(lambda: 100.0)
    book.renew(read_rules(RULES), RESOURCE, 100.0)

    assert book.decide(ALWAYS, request_)[1] == cache.get_matched_rule(asked, 100).name


def test_rules_may_ask_for_attributes_and_for_an_arn():
    """All of the attributes have to fit; one that is missing fits `*` only."""
    (rule,) = read_rules([record(Attributes={"tenant": "ac*", "tier": "?"}, ResourceARN="arn:*:container/*")])

    assert rule.is_for_service(RESOURCE)
    assert not rule.is_for_service({"service.name": "payments"})
    assert rule.is_for(told(tenant="acme", tier=1))
    assert not rule.is_for(told(tenant="acme"))
    assert not rule.is_for(told(tenant="other", tier="1"))


@pytest.mark.parametrize(
    "bad",
    [None, 1, {}, {"SamplingRule": None}, record(Version=2), record(FixedRate="x"), record(Priority=None), record(Attributes=[1]),
     record(ReservoirSize=float("inf")), {"SamplingRule": {"Version": 1}}],
)  # fmt: skip
def test_a_rule_that_is_none_is_left_out(bad):
    """The others are followed."""
    assert [rule.name for rule in read_rules([bad, record("good"), bad])] == ["good"]


def test_a_rule_that_cannot_be_read_is_said_once(caplog):
    """Whoever wrote it thinks that it decides; and rules are asked for every few minutes."""
    for _ in range(3):
        read_rules([record("slips of the pen", FixedRate="x"), record("good")])

    assert ["X-Ray's sampling rule slips of the pen can't be read (ValueError), and decides nothing"] == caplog.messages


class Server:
    """The collector's own answers on a port, as the daemon gives them."""

    def __init__(self, rules):
        self.asked = []
        answers = sampling_app(SamplingService(rules, time.time, Instruments(CollectorRegistry())))

        async def app(scope, receive, send):
            messages = [await receive()]
            self.asked.append((scope["path"], json.loads(messages[0]["body"])))
            await answers(scope, lambda: _ready(messages.pop()), send)

        self.server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off"))
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        while not self.server.started:
            self.thread.join(0.01)
        self.url = f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}"

    def close(self):
        self.server.should_exit = True
        self.thread.join()


async def _ready(message):
    return message


@pytest.fixture
def daemon():
    """Serves rules; ended after the test."""
    made = []

    def start(*rules):
        made.append(Server(rules))
        return made[-1]

    yield start
    for server in made:
        server.close()


class Clock:
    now = 1_000_000.0

    def __call__(self):
        return self.now


def polling(post=None, clock=None, endpoint=ENDPOINT, interval=300.0):
    """Somebody who asks, whose steps the test makes."""
    clock = clock or Clock()
    book, health = Book(clock), Health()
    return Polling(Told(endpoint, interval), book, lambda: RESOURCE, health, post, clock), book, health, clock


def test_the_collector_s_rules_are_followed_and_reported(daemon):
    """Asked of the collector's own port: its rules decide, what became of them is reported, its quota is kept to."""
    server = daemon(SamplingRule("pay", rate=0.0, reservoir=2, priority=1, path="/pay"), SamplingRule(rate=1.0))
    one, book, health, _ = polling(endpoint=server.url, clock=time.time)
    one.step()
    assert [rule.rule.name for rule in book.reservoirs] == ["pay", "Default"]
    sampled = [book.decide(NEVER, told(path="/pay"))[0] for _ in range(5)]
    assert book.decide(ALWAYS, told()) == (True, "Default")
    one._report_due = 0.0
    one.step()
    (path, question) = server.asked[-1]
    documents = {document["RuleName"]: document for document in question["SamplingStatisticsDocuments"]}

    assert sum(sampled) in (1, 2)  # borrowed: one a second
    assert path == "/SamplingTargets"
    assert documents["pay"]["RequestCount"] == 5
    assert documents["pay"]["BorrowCount"] == documents["pay"]["SampledCount"] == sum(sampled)
    assert documents["Default"]["SampledCount"] == 1
    assert len(documents["pay"]["ClientID"]) == 24
    while time.time() % 1 > 0.5:
        time.sleep(0.01)
    time.sleep(1 - time.time() % 1)
    assert [book.decide(NEVER, told(path="/pay"))[0] for _ in range(3)] == [True, True, False]
    assert health.count(PROM_ERRORS, "sampling") == 0


@pytest.fixture
def collected():
    """What a test leaves is gone after it: who still asks for rules would ask a server that has ended, and warn of it in other tests."""
    yield
    for _ in range(2):  # the handle, and then all that its finalizer held
        gc.collect()


def test_a_service_samples_by_the_rules(collected, daemon, watch, async_call, call):
    """`OTEL_TRACES_SAMPLER=xray` and where to ask: the rule's decision is the request's, and its name stands on the span."""
    server = daemon(
        SamplingRule("never", rate=0.0, reservoir=0, priority=1, path="/never"),
        SamplingRule("theirs", rate=0.0, reservoir=0, priority=2, service="other"),
        SamplingRule("always", rate=1.0, reservoir=0, priority=3, service="sh?p", method="GET"),
    )
    app = FastAPI()
    telemetry = watch(
        app, OTEL_TRACES_EXPORTER="otlp", make=lambda target: None, OTEL_TRACES_SAMPLER="xray",
        OTEL_TRACES_SAMPLER_ARG=f"endpoint={server.url},polling_interval=10",
    )  # fmt: skip
    call(app, "/first")
    deadline = time.monotonic() + 20
    while not telemetry._instruments.sampling.head._root._book.reservoirs and time.monotonic() < deadline:
        time.sleep(0.01)
    telemetry._spans.take(10)
    for _ in range(5):
        call(app, "/never")
        call(app, "/ever")
    decided = (b"traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    call(app, "/never", headers=[decided])
    spans = telemetry._spans.take(99)

    assert [span.attributes["url.path"] for span in spans] == ["/ever"] * 5 + ["/never"]
    assert {span.attributes.get("aws.xray.sampling_rule") for span in spans[:5]} == {"always"}
    assert {path for path, _ in server.asked} == {"/GetSamplingRules"}


def test_who_does_not_answer_is_warned_of_once_until_he_has_answered(caplog):
    """However many times it was asked meanwhile, and however many seconds went by in which nothing was to be asked."""
    answers = []

    def post(path, question):
        if isinstance(answers[-1], NoAnswer):
            raise answers[-1]
        return answers[-1]

    one, _, health, clock = polling(post)
    told = []
    for answer in (NoAnswer("away"), {"SamplingRuleRecords": []}, NoAnswer("away again")):
        answers.append(answer)
        for _ in range(700):
            one.step()
            clock.now += 1
        told.append(len(caplog.messages))

    assert [1, 1, 2] == told
    assert health.count(PROM_ERRORS, "sampling") >= 20


def test_without_rules_one_a_second_and_a_twentieth():
    """Nobody answers: as X-Ray does where nobody wrote a rule; so too for rules that nobody renewed for an hour."""
    one, book, health, clock = polling(post=refused)
    one.step()
    assert [book.decide(NEVER, told()) for _ in range(3)] == [(True, ""), (False, ""), (False, "")]
    clock.now += 1
    assert [book.decide(NEVER, told())[0] for _ in range(2)] == [True, False]
    assert book.decide(ALWAYS, told())[0]
    assert health.count(PROM_ERRORS, "sampling") == 1
    book.renew(read_rules([record("all", rate=1.0)]), RESOURCE, clock.now)
    assert book.decide(NEVER - 1, told())[1] == "all"
    clock.now += CACHED + 1
    assert book.decide(NEVER, told())[1] == ""


def refused(path, question):
    raise NoAnswer("nobody there")


class Answers:
    """Answers from a table; what was asked is kept."""

    def __init__(self, **answers):
        self.answers, self.asked = answers, []

    def __call__(self, path, question):
        self.asked.append((path, question))
        answer = self.answers[path.strip("/")]
        answer = answer.pop(0) if isinstance(answer, list) else answer
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_the_service_s_own_random_numbers_stay_its_own():
    """Who asks draws nothing from the module's generator: a service that has seeded it gets the same numbers as without us."""
    before = random.getstate()
    one, _, _, _ = polling(refused)
    one.step()

    assert random.getstate() == before


def test_rules_of_several_pages_are_read_wholly():
    """Page by page, until there is no more."""
    post = Answers(GetSamplingRules=[
        {"SamplingRuleRecords": [record("a")], "NextToken": "more"},
        {"SamplingRuleRecords": [record("b")], "NextToken": ""},
    ])  # fmt: skip
    one, book, _, _ = polling(post)
    one.step()

    assert [rule.rule.name for rule in book.reservoirs] == ["a", "b"]
    assert [question for _, question in post.asked] == [{}, {"NextToken": "more"}]


def test_a_report_that_did_not_arrive_is_reported_with_the_next():
    """No decision is lost, none told twice; at most 25 rules are in one report."""
    rules = {"SamplingRuleRecords": [record(f"r{number:02}", number, URLPath=f"/{number}") for number in range(30)]}
    post = Answers(GetSamplingRules=rules, SamplingTargets=[{}, NoAnswer("away"), {}, {}])
    one, book, health, clock = polling(post)
    one.step()
    for number in range(30):
        book.decide(NEVER, told(path=f"/{number}"))
    for _ in range(3):
        clock.now += 10
        one.step()
    sent = [question["SamplingStatisticsDocuments"] for path, question in post.asked if path == "/SamplingTargets"]

    assert [len(documents) for documents in sent] == [25, 5, 5]
    assert sent[1] == [{**document, "Timestamp": sent[1][0]["Timestamp"]} for document in sent[2]]
    assert health.count(PROM_ERRORS, "sampling") == 1


def test_changed_rules_are_read_at_once_and_go_on_where_they_were():
    """X-Ray says when its rules have changed; what is known of a rule that stays is kept."""
    post = Answers(
        GetSamplingRules=[{"SamplingRuleRecords": [record("stays", rate=0.0)]},
                          {"SamplingRuleRecords": [record("stays", rate=0.0), record("new", 1)]}],
        SamplingTargets={"SamplingTargetDocuments": [
            {"RuleName": "stays", "FixedRate": 0.0, "ReservoirQuota": 2, "ReservoirQuotaTTL": 1_000_100, "Interval": 20},
            {"RuleName": "unknown"}, 7,
        ], "LastRuleModification": 1_000_005.0},
    )  # fmt: skip
    one, book, health, clock = polling(post)
    one.step()
    book.decide(NEVER, told())
    clock.now += 10
    one.step()
    assert book.decide(NEVER, told())[0]
    clock.now += 0.5
    one.step()

    assert [rule.rule.name for rule in book.reservoirs] == ["new", "stays"]
    stays = book.reservoirs[1]
    assert [stays.sample(NEVER, clock.now) for _ in range(2)] == [True, False]  # one of its two is taken in this second
    assert [path for path, _ in post.asked] == ["/GetSamplingRules", "/SamplingTargets", "/GetSamplingRules"]
    assert health.count(PROM_ERRORS, "sampling") == 2  # what was said of no rule


@pytest.mark.parametrize(
    "answer", [{}, {"SamplingRuleRecords": None}, {"SamplingRuleRecords": "x"}, RuntimeError("odd"), KeyError(1)]
)
def test_an_answer_that_is_none_leaves_the_rules_in_force(answer):
    """Whatever comes back, the last good rules decide, it is counted, and asked again soon."""
    post = Answers(
        GetSamplingRules=[{"SamplingRuleRecords": [record("kept")]}, answer, {"SamplingRuleRecords": [record("next")]}]
    )
    one, book, health, clock = polling(post)
    one.step()
    clock.now += 310
    one.step()
    assert [rule.rule.name for rule in book.reservoirs] == ["kept"]
    clock.now += 60
    one.step()

    assert [rule.rule.name for rule in book.reservoirs] == ["next"]
    assert health.count(PROM_ERRORS, "sampling") == 1


def test_a_parent_s_decision_stands():
    """Rules are for traces that begin here."""
    _, book, _, _ = polling(refused)
    sampler = XRaySampler(ByRules(book, lambda: None))
    for flags, decision in ((1, Decision.RECORD_AND_SAMPLE), (0, Decision.DROP)):
        parent = SpanContext(1, 2, is_remote=True, trace_flags=TraceFlags(flags))
        found = sampler.should_sample(set_span_in_context(NonRecordingSpan(parent)), NEVER, "GET", attributes=told())
        assert found.decision is decision
    assert book.decide(NEVER, told())[0]  # nothing was taken from the second's one
    assert sampler._root.get_description() == "XRay"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Told()),
        ("endpoint=http://localhost:2000,polling_interval=300", Told()),
        (" endpoint = http://agent:2001/ , polling_interval=10", Told("http://agent:2001", 10.0)),
        ("endpoint=https://x,polling_interval=-1,other=1", Told()),
        ("polling_interval=soon", Told()),
        ("polling_interval=inf", Told()),
        ("0.05", Told()),
    ],
)
def test_the_argument_is_adot_s(text, expected):
    """As AWS's distributions document it; what can't be understood is logged, and the default taken."""
    assert read_argument(text) == expected


def test_a_child_is_a_client_of_its_own():
    """After a fork the rules stay, the counts and the client's id begin anew, and the thread can be begun again."""
    one, book, _, _ = polling(Answers(GetSamplingRules={"SamplingRuleRecords": [record("r")]}))
    one.step()
    book.decide(NEVER, told())
    before, one._begun = one._client, True
    one.forget()

    assert one._client != before
    assert not one._begun
    assert [reservoir.reported().requests for reservoir in book.reservoirs] == [0]


def test_whoever_asks_ends_with_the_sampler():
    """The thread holds nobody: when the application goes, so does it."""
    before = threading.enumerate()
    sampler = xray_sampler("endpoint=http://127.0.0.1:9,polling_interval=10", dict, Health())
    sampler.should_sample(None, NEVER, "GET", attributes=told())
    polling = sampler._root._asked.__self__
    (thread,) = (one for one in threading.enumerate() if one.name == "fournines-xray" and one not in before)
    gone = weakref.ref(polling)
    assert thread.daemon
    del sampler, polling
    deadline = time.monotonic() + 20
    while thread.is_alive() and time.monotonic() < deadline:
        gc.collect()
        thread.join(0.1)

    assert not thread.is_alive()
    assert gone() is None
    assert os.environ.get("OTEL_TRACES_SAMPLER") is None
