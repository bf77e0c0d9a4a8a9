"""The hooks of deployment tools: each lets a release go on if the gate says pass, and at no other answer."""

import json
import shlex
import shutil
import subprocess
from pathlib import Path
from string import Template

import pytest
import yaml
from typer.testing import CliRunner

from fournines.cli.program import app
from fournines.examples.gates import codedeploy
from fournines.serving.routes.gate import GateQuestion

GATES = Path(__file__).resolve().parents[2] / "examples" / "gates"
EVENT = {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "e-1"}


class Both:
    """A collector's gate and CodeDeploy's API in one: answers as it is told, and keeps what was asked of each."""

    def __init__(self, *verdicts):
        self.verdicts, self.asked, self.told = list(verdicts), [], []
        self.deployment = {"description": "2.0.3"}

    def answer(self, path, target, body):
        if path == "/api/v1/gate":
            self.asked.append(GateQuestion.model_validate(body).model_dump(exclude_defaults=True))
            verdict = self.verdicts.pop(0) if len(self.verdicts) > 1 else self.verdicts[0]
            inner = {"verdict": "pass", "slos": [{"verdict": "fail"}]}
            return {"verdict": verdict, "reasons": ["why"], "evidence": inner} if verdict else None
        operation = target.rpartition(".")[2]
        self.told.append((operation, body))
        return {"deploymentInfo": self.deployment} if operation == "GetDeployment" else {}


@pytest.fixture
def served(on_loopback):
    """Serves it on loopback; gives its address."""

    def serve(both):
        def answer(method, path, headers, body):
            found = both.answer(path, headers.get("x-amz-target", ""), json.loads(body))
            return 503 if found is None else 200, found

        return on_loopback(answer)

    return serve


def read(name):
    """The documents of one of the files."""
    return list(yaml.safe_load_all((GATES / name).read_text()))


class Lambda:
    """The context of a function that has so many seconds left, ten fewer each time it asks."""

    def __init__(self, seconds=900):
        self.seconds = seconds

    def get_remaining_time_in_millis(self):
        self.seconds -= 10
        return (self.seconds + 10) * 1000


@pytest.fixture
def function(served, monkeypatch):
    """A handler called as Lambda calls it; gives what CodeDeploy was told in the end."""

    def call(handler, both, context=None):
        url = served(both)
        for name, value in {
            "FOURNINES_URL": url,
            "FOURNINES_SERVICE": "payments",
            "AWS_ENDPOINT_URL_CODEDEPLOY": url,
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(codedeploy, "EVERY_SECONDS", 0)
        handler(EVENT, context or Lambda())
        operation, said = both.told[-1]
        assert operation == "PutLifecycleEventHookExecutionStatus"
        assert (said["deploymentId"], said["lifecycleEventHookExecutionId"]) == ("d-1", "e-1")
        return said["status"]

    return call


@pytest.mark.parametrize(("verdict", "status"), [("pass", "Succeeded"), ("fail", "Failed"), ("wait", "Failed")])
def test_codedeploy_starts_on_a_pass_alone(function, verdict, status):
    """Asked once, of the service and no version."""
    both = Both(verdict)

    assert function(codedeploy.may_start, both) == status
    assert both.asked == [{"service": "payments"}]


@pytest.mark.parametrize(
    ("verdicts", "status"), [(("wait", "wait", "pass"), "Succeeded"), (("wait", None, "fail"), "Failed")]
)
def test_codedeploy_waits_for_a_verdict(function, verdicts, status):
    """About the version that the deployment's description says; a collector that is starting is asked again."""
    both = Both(*verdicts)

    assert function(codedeploy.may_stay, both) == status
    assert both.asked == [{"service": "payments", "version": "2.0.3"}] * 3


def test_codedeploy_is_told_in_time(function):
    """Before Lambda ends the function, what is not judged is told to have failed."""
    both = Both("wait")

    assert function(codedeploy.may_stay, both, Lambda(60)) == "Failed"
    assert len(both.asked) == 5


def test_codedeploy_is_told_where_there_is_no_collector(function, monkeypatch):
    """A gate that can't be asked lets nothing pass."""
    both = Both(None)

    assert function(codedeploy.may_start, both) == "Failed"


@pytest.mark.parametrize("deployment", [{}, {"description": ""}])
def test_codedeploy_goes_on_with_no_version_that_nobody_named(function, deployment):
    """A deployment without a description fails at once: without a version the gate would be asked about the budgets alone."""
    both = Both("pass")
    both.deployment = deployment

    assert function(codedeploy.may_stay, both) == "Failed"
    assert both.asked == []


@pytest.mark.parametrize("answer", [[], ["pass"], {"status": "ok"}])
def test_codedeploy_is_told_where_something_else_answers(function, monkeypatch, answer):
    """What says no verdict lets nothing pass."""
    both = Both("pass")
    monkeypatch.setattr(
        both, "answer", lambda path, *more: answer if "gate" in path else Both.answer(both, path, *more)
    )

    assert function(codedeploy.may_start, both) == "Failed"


@pytest.mark.parametrize(("verdict", "codes"), [("pass", [0, 0]), ("fail", [1, 1]), ("wait", [2])])
def test_a_step_of_github_actions_fails_where_it_may_not_go_on(served, verdict, codes):
    """Its commands are ours, with options that they have; a step that does not end with 0 fails the job."""
    (workflow,) = read("github-actions.yaml")
    both = Both(verdict)
    said = workflow["env"] | {"FOURNINES": served(both), "VERSION": "2.0.3"}
    steps = [
        step["run"] for step in workflow["jobs"]["release"]["steps"] if step.get("run", "").startswith("fournines ")
    ]
    assert len(steps) == 2

    done = [CliRunner().invoke(app, shlex.split(Template(step).substitute(said))[1:]) for step in steps[: len(codes)]]

    assert [each.exit_code for each in done] == codes
    assert both.asked == [{"service": "payments"}, {"service": "payments", "version": "2.0.3"}][: len(codes)]


def test_the_workflow_takes_back_what_failed():
    """Only what went out: a release that may not start leaves the one before it alone. And `on`, which YAML reads as true, is there."""
    (workflow,) = read("github-actions.yaml")

    assert workflow[True] == {"push": {"branches": ["main"]}}
    steps = workflow["jobs"]["release"]["steps"]
    (sent,) = (step for step in steps if step.get("id") == "canary")
    assert "deploy canary" in sent["run"]
    assert steps[-1]["if"] == "failure() && steps.canary.outcome != 'skipped'"


@pytest.mark.parametrize(
    ("verdict", "met"), [("pass", (True, False)), ("fail", (False, True)), ("wait", (False, False))]
)
def test_argo_rollouts_sees_each_verdict_as_what_it_is(verdict, met):
    """`pass` meets the condition of success and `fail` that of failure; `wait` is inconclusive, and is asked again for 20 minutes."""
    template, rollout = read("argo-rollouts.yaml")
    (metric,) = template["spec"]["metrics"]
    web = metric["provider"]["web"]
    names = {each["name"]: each.get("value", each["name"]) for each in template["spec"]["args"]}
    body = web["body"]
    for name, value in names.items():
        body = body.replace(f"{{{{ args.{name} }}}}", value)
    both = Both(verdict)

    result = both.answer("/api/v1/gate", "", json.loads(body))[web["jsonPath"].removeprefix("{$.").removesuffix("}")]

    assert tuple(eval(metric[f"{kind}Condition"], {"result": result}) for kind in ("success", "failure")) == met
    assert both.asked == [{"service": "service", "version": "version"}]
    assert (metric["interval"], metric["inconclusiveLimit"], metric["failureLimit"]) == ("10s", 120, 0)
    assert web["url"] == "{{ args.collector }}/api/v1/gate"
    (analysis,) = (step["analysis"] for step in rollout["spec"]["strategy"]["canary"]["steps"] if "analysis" in step)
    assert analysis["templates"] == [{"templateName": template["metadata"]["name"]}]
    assert {each["name"] for each in analysis["args"]} == {name for name, value in names.items() if name == value}


@pytest.mark.parametrize(
    ("verdict", "open_"),
    [("pass", {"confirm-rollout", "confirm-promotion"}), ("fail", {"rollback"}), ("wait", set()), (None, set())],
)
def test_flagger_promotes_on_a_pass_and_goes_back_on_a_fail(served, verdict, open_):
    """Its hooks are commands that end with 0 where Flagger is to do what they are for; without an answer it does nothing."""
    if missing := [name for name in ("bash", "curl", "jq") if shutil.which(name) is None]:
        pytest.skip(f"needs {', '.join(missing)}")
    (canary,) = read("flagger.yaml")
    both = Both(verdict)
    url = served(both)

    done = {
        hook["type"]: subprocess.run(
            ["bash", "-c", hook["metadata"]["cmd"].replace("http://fournines:8400", url)],
            capture_output=True,
            check=False,
        ).returncode
        for hook in canary["spec"]["analysis"]["webhooks"]
    }

    assert {kind for kind, code in done.items() if code == 0} == open_
    assert {hook["metadata"]["type"] for hook in canary["spec"]["analysis"]["webhooks"]} == {"bash"}
    versioned = {"service": "payments", "version": "2.0.3"}
    assert both.asked == [{"service": "payments"}, versioned, versioned]
