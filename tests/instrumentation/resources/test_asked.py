"""What has to be asked for: the metadata of tasks and instances, over loopback, as the real documents have them."""

from __future__ import annotations

import json
import os
import threading
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from fastapi import FastAPI
from opentelemetry.sdk.extension.aws.resource.ecs import AwsEcsResourceDetector

from fournines.instrumentation.health import Health
from fournines.instrumentation.names import PROM_ERRORS
from fournines.instrumentation.resources.asking import NoAnswer, ask
from fournines.instrumentation.resources.discovery import Asked, ResourceDiscovery
from fournines.instrumentation.resources.ec2 import ec2
from fournines.instrumentation.resources.ecs import ecs

TASK_ARN = "arn:aws:ecs:eu-central-1:111122223333:task/bank/158d1c8083dd49d6b527399fd6414f5c"
CONTAINER_ARN = "arn:aws:ecs:eu-central-1:111122223333:container/bank/158d1c8083dd49d6b527399fd6414f5c/0206b271-b33f-47ab-86c6-a0ba208a70a9"
CONTAINER = {
    "DockerId": "ea32192c8553fbff06c9340478a2ff089b2bb5646fb718b4ee206641c9086d66",
    "Name": "payments",
    "DockerName": "ecs-payments-24-payments-cca48e8dcadd97805600",
    "Image": "111122223333.dkr.ecr.eu-central-1.amazonaws.com:443/bank/payments:1.7@sha256:0d0b",
    "ImageID": "sha256:d691691e9652791a60114e67b365688d20d19940dde7c4736ea30e660d8d3553",
    "Labels": {"com.amazonaws.ecs.cluster": "bank", "com.amazonaws.ecs.container-name": "payments"},
    "DesiredStatus": "RUNNING", "KnownStatus": "RUNNING", "Limits": {"CPU": 10, "Memory": 128},
    "CreatedAt": "2026-10-02T00:15:07.620912337Z", "StartedAt": "2026-10-02T00:15:08.062559351Z", "Type": "NORMAL",
    "LogDriver": "awslogs",
    "LogOptions": {"awslogs-group": "/ecs/payments", "awslogs-region": "eu-central-1", "awslogs-stream": "ecs/payments/158d"},
    "ContainerARN": CONTAINER_ARN,
    "Networks": [{"NetworkMode": "awsvpc", "IPv4Addresses": ["10.0.2.100"], "AttachmentIndex": 0}],
}  # fmt: skip
TASK = {
    "Cluster": "bank", "TaskARN": TASK_ARN, "Family": "payments", "Revision": "26", "DesiredStatus": "RUNNING",
    "KnownStatus": "RUNNING", "PullStartedAt": "2026-10-02T00:43:06.202617438Z", "AvailabilityZone": "eu-central-1b",
    "VPCID": "vpc-1234567890abcdef0", "LaunchType": "FARGATE", "Containers": [CONTAINER],
}  # fmt: skip
EXPECTED = {
    "cloud.provider": "aws", "cloud.platform": "aws_ecs", "cloud.region": "eu-central-1", "cloud.account.id": "111122223333",
    "cloud.availability_zone": "eu-central-1b", "cloud.resource_id": CONTAINER_ARN,
    "aws.ecs.container.arn": CONTAINER_ARN, "aws.ecs.cluster.arn": "arn:aws:ecs:eu-central-1:111122223333:cluster/bank",
    "aws.ecs.launchtype": "fargate", "aws.ecs.task.arn": TASK_ARN, "aws.ecs.task.id": "158d1c8083dd49d6b527399fd6414f5c",
    "aws.ecs.task.family": "payments", "aws.ecs.task.revision": "26", "container.id": CONTAINER["DockerId"],
    "container.name": CONTAINER["DockerName"], "container.image.id": CONTAINER["ImageID"],
    "container.image.name": "111122223333.dkr.ecr.eu-central-1.amazonaws.com:443/bank/payments",
}  # fmt: skip
IDENTITY = {
    "accountId": "111122223333", "architecture": "x86_64", "availabilityZone": "us-west-2b", "billingProducts": None,
    "imageId": "ami-5fb8c835", "instanceId": "i-1234567890abcdef0", "instanceType": "t2.micro", "kernelId": None,
    "pendingTime": "2016-11-19T16:32:11Z", "privateIp": "10.158.112.84", "region": "us-west-2", "version": "2017-09-30",
}  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        agent = self.server.agent
        agent.asked.append((self.command, self.path, dict(self.headers)))
        agent.gate.wait(30)
        status, body = agent.answers.get((self.command, self.path), (404, b"{}"))
        if self.path.startswith("/latest/dynamic") and self.headers.get("X-aws-ec2-metadata-token") != "a-token==":
            status = 401
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):
        self.do_GET()

    def log_message(self, *_):
        pass


class Agent:
    """A machine's metadata over loopback; it hangs while `gate` is clear."""

    def __init__(self):
        self.asked, self.gate = [], threading.Event()
        self.gate.set()
        self.answers = {
            ("GET", "/v4/1"): (200, json.dumps(CONTAINER).encode()),
            ("GET", "/v4/1/task"): (200, json.dumps(TASK).encode()),
            ("PUT", "/latest/api/token"): (200, b"a-token=="),
            ("GET", "/latest/dynamic/instance-identity/document"): (200, json.dumps(IDENTITY).encode()),
        }
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.server.daemon_threads, self.server.agent = True, self
        self.server.handle_error = lambda *_: None
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.uri = f"{self.url}/v4/1"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def close(self):
        self.gate.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def agent():
    """A machine's metadata."""
    made = Agent()
    yield made
    made.close()


get = partial(ask, timeout=5)


def test_a_task_says_who_it_is(agent):
    """Every attribute of the conventions that the documents hold, under its name."""
    assert ecs(agent.uri, get) == EXPECTED


def test_a_task_is_said_as_opentelemetry_s_own_detector_says_it(agent, monkeypatch):
    """Where both say something, they say the same; but for the container, which theirs reads off the host."""
    monkeypatch.setenv("ECS_CONTAINER_METADATA_URI_V4", agent.uri)
    theirs, ours = dict(AwsEcsResourceDetector().detect().attributes), ecs(agent.uri, get)
    both = set(ours) & set(theirs) - {"container.name", "container.id"}

    assert {key: ours[key] for key in both} == {key: theirs[key] for key in both}
    assert len(both) == 8


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("payments", "payments"),
        ("payments:1", "payments"),
        ("r:5000/p", "r:5000/p"),
        ("r:5000/p:2@sha256:00", "r:5000/p"),
        ("a/b@sha256:0", "a/b"),
    ],
)
def test_an_image_s_name_is_without_its_tag(agent, image, name):
    """A registry's port is no tag."""
    agent.answers["GET", "/v4/1"] = (200, json.dumps({"Image": image}).encode())

    assert ecs(agent.uri, get)["container.image.name"] == name


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff{", b"[" * 100_000, b'"text"', b"null"])
def test_a_document_that_is_none_is_no_answer(agent, body):
    """Empty, no object, no text, bottomless: said in one word, and never raised as anything else."""
    agent.answers["GET", "/v4/1/task"] = (200, body)
    agent.answers["GET", "/latest/dynamic/instance-identity/document"] = (200, body)
    with pytest.raises(NoAnswer):
        ecs(agent.uri, get)
    with pytest.raises(NoAnswer):
        ec2(lambda method, url, headers: ask(url, 5, method, headers), agent.url)


@pytest.mark.parametrize(
    "values", [{"TaskARN": None, "Revision": 7, "Cluster": ["x"]}, {"TaskARN": "arn:x", "Cluster": "c"}, {}]
)
def test_a_task_that_says_less_is_less_told(agent, values):
    """A key that is missing, or of another kind, costs that attribute and no other."""
    agent.answers["GET", "/v4/1/task"] = (200, json.dumps(values).encode())
    found = ecs(agent.uri, get)

    assert found["container.id"] == CONTAINER["DockerId"]
    assert all(isinstance(value, str) and value for value in found.values())


def test_an_instance_is_asked_with_a_token(agent):
    """Version 2 of the metadata service: a PUT for a token, and the token with the question."""
    found = ec2(lambda method, url, headers: ask(url, 5, method, headers), agent.url)

    assert found == {
        "cloud.provider": "aws", "cloud.platform": "aws_ec2", "cloud.region": "us-west-2", "cloud.account.id": "111122223333",
        "cloud.availability_zone": "us-west-2b", "host.id": "i-1234567890abcdef0", "host.type": "t2.micro",
        "host.image.id": "ami-5fb8c835",
    }  # fmt: skip
    assert [(method, path) for method, path, _ in agent.asked] == [
        ("PUT", "/latest/api/token"), ("GET", "/latest/dynamic/instance-identity/document"),
    ]  # fmt: skip
    assert agent.asked[0][2]["X-aws-ec2-metadata-token-ttl-seconds"] == "60"


@pytest.mark.parametrize(
    "url", ["ftp://x/", "http://", "nonsense", "http://[::1", "http://127.0.0.1:99999/", "http://127.0.0.1:9/"]
)
def test_an_address_that_is_none_is_no_answer(url):
    """Whatever stands in the variable, one kind of error comes of it."""
    with pytest.raises(NoAnswer):
        ask(url, 1)


def test_a_proxy_is_never_asked(agent, monkeypatch):
    """A machine's own metadata are no business of a proxy's, which would say its own."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    assert ecs(agent.uri, get) == EXPECTED


def test_the_first_export_says_it_all(agent, watch, http_receiver, rx, async_call):
    """Counts and spans of a task name the task from the first export on; what the environment says stands above it."""
    telemetry = watch(
        FastAPI(), http_receiver, ECS_CONTAINER_METADATA_URI_V4=agent.uri, OTEL_RESOURCE_ATTRIBUTES="cloud.region=mine"
    )
    telemetry.start()
    http_receiver.wait_for(lambda r: r.metrics())
    said = rx.labels(http_receiver.metrics()[0].resource_metrics[0].resource)

    assert {**EXPECTED, "cloud.region": "mine"}.items() <= said.items()
    assert said["process.pid"] == os.getpid()


def test_a_hanging_agent_holds_up_nothing_for_long(agent, watch, http_receiver, rx):
    """The first export leaves without it after a second; once it answers, the exports after say it; the instance's id stays."""
    agent.gate.clear()
    telemetry = watch(
        FastAPI(), http_receiver, ECS_CONTAINER_METADATA_URI_V4=agent.uri, OTEL_METRIC_EXPORT_INTERVAL="100"
    )
    telemetry.start()
    http_receiver.wait_for(lambda r: r.metrics())
    agent.gate.set()

    def said(request):
        return rx.labels(request.resource_metrics[0].resource)

    http_receiver.wait_for(lambda r: "aws.ecs.task.arn" in said(r.metrics()[-1]))
    first, last = said(http_receiver.metrics()[0]), said(http_receiver.metrics()[-1])
    assert "aws.ecs.task.arn" not in first
    assert first["service.instance.id"] == last["service.instance.id"]


def until(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_agent_that_is_late_is_asked_again(agent):
    """It may start after the service: what it could not say at first is said later, once."""
    agent.answers["GET", "/v4/1/task"], late = (500, b""), agent.answers["GET", "/v4/1/task"]
    health = Health()
    discovery = ResourceDiscovery(Asked(ecs=agent.uri), health, pauses=(2.0, 0.01))
    discovery._detectors = {"aws_ecs": partial(ecs, agent.uri, get)}
    discovery._pauses = (0.01,) * 500
    until(lambda: discovery.news() == {} and len(agent.asked) >= 4)
    agent.answers["GET", "/v4/1/task"] = late
    found = {}
    until(lambda: found.update(discovery.news()) or found)

    assert found == EXPECTED
    assert discovery.news() == {}
    assert health.count(PROM_ERRORS, "resource") == 0


def test_an_agent_that_never_answers_is_given_up_and_counted():
    """After the last try one line is logged, and the fault counted; nothing is asked any more."""
    health = Health()
    discovery = ResourceDiscovery(Asked(ecs="http://127.0.0.1:9/v4"), health, pauses=(0.0,))
    until(lambda: discovery.news() == {} and health.count(PROM_ERRORS, "resource") == 1)
    discovery._thread.join()

    assert discovery.news() == {}


def test_a_child_finds_its_place_itself(agent):
    """A fork has none of its parent's threads: it asks again, and hears the same."""
    discovery = ResourceDiscovery(Asked(ecs=agent.uri), Health())
    found = {}
    until(lambda: found.update(discovery.news()) or found)
    discovery.forget()

    assert discovery.news() == found == EXPECTED


def test_detectors_of_other_packages_are_heard(monkeypatch, caplog):
    """By their entry point's name; one that raises, can't be made, or is not there, is told and left out."""
    health = Health()
    function = {"NAME": "settle", "VERSION": "7", "MEMORY_SIZE": "128"}
    for name, value in function.items():
        monkeypatch.setenv(f"AWS_LAMBDA_FUNCTION_{name}", value)
    monkeypatch.setenv("AWS_LAMBDA_LOG_STREAM_NAME", "stream")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    discovery = ResourceDiscovery(Asked(others=("aws_lambda", "nobody_s")), health, pauses=())
    found = {}
    until(lambda: found.update(discovery.news()) or found)

    assert (found["faas.name"], found["cloud.region"]) == ("settle", "eu-west-1")
    assert "nobody_s" in caplog.text


def test_a_detector_that_raises_costs_only_itself():
    """Whatever a foreign detector does, the others are heard, and it is counted."""
    health = Health()
    discovery = ResourceDiscovery(Asked(others=("aws_lambda",)), health, pauses=())
    discovery._detectors = {"bad": lambda: 1 / 0, "good": lambda: {"a": "b", "c": 1, "d": ["no", "list"]}}
    found = {}
    until(lambda: found.update(discovery.news()) or found)

    assert found == {"a": "b", "c": 1}
    assert health.count(PROM_ERRORS, "resource") == 1
