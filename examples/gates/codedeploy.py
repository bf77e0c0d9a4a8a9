"""A Lambda function for CodeDeploy's lifecycle hooks: a deployment goes on if the gate lets it pass, and is rolled back if not.

It needs this file alone, FOURNINES_URL and FOURNINES_SERVICE in its environment, a way to the collector, and the right to
codedeploy:GetDeployment and codedeploy:PutLifecycleEventHookExecutionStatus. The version is the deployment's description:

    aws deploy create-deployment --description 2.0.3 ...

In the AppSpec a function with the handler `codedeploy.may_start` stands at BeforeInstall, one with `codedeploy.may_stay` at
AfterAllowTraffic, where CodeDeploy still can roll back. Give the latter a timeout of 15 minutes: what is not judged by then fails.
"""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from typing import Any

import boto3

EVERY_SECONDS = 10
SPARE_SECONDS = 20  # to answer in before Lambda ends the function


def may_start(event: dict[str, str], context: Any) -> str:
    """Whether the service's budgets allow a release: asked once, before anything is touched."""
    return _told(event, _ask({}))


def may_stay(event: dict[str, str], context: Any) -> str:
    """Whether the version is no worse than the others: asked until there is a verdict, or the function's time is over."""
    deployment = boto3.client("codedeploy").get_deployment(deploymentId=event["DeploymentId"])
    version = {"version": deployment["deploymentInfo"].get("description", "")}
    if not version["version"]:
        print("the deployment's description names no version")  # noqa: T201 - Lambda's log
        return _told(event, "wait")
    verdict = _ask(version)
    while verdict == "wait" and context.get_remaining_time_in_millis() > 1000 * (EVERY_SECONDS + SPARE_SECONDS):
        time.sleep(EVERY_SECONDS)
        verdict = _ask(version)
    return _told(event, verdict)


def _ask(question: dict[str, str]) -> str:
    """The gate's verdict; to wait where the collector gives none."""
    body = json.dumps({"service": os.environ["FOURNINES_SERVICE"], **question}).encode()
    request = urllib.request.Request(  # noqa: S310 - the address is the function's own configuration
        f"{os.environ['FOURNINES_URL']}/api/v1/gate", body, {"content-type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310 - as above
            answer = json.load(response)
            verdict = str(answer["verdict"])
    except urllib.error.HTTPError as error:
        with error:
            answer, verdict = repr(error), "wait"
    except (OSError, ValueError, LookupError, TypeError) as error:  # no way there, no JSON, no verdict
        answer, verdict = repr(error), "wait"
    print(json.dumps(answer))  # noqa: T201 - Lambda's log
    return verdict


def _told(event: dict[str, str], verdict: str) -> str:
    """Tells CodeDeploy; nothing but a pass lets the deployment go on."""
    boto3.client("codedeploy").put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status="Succeeded" if verdict == "pass" else "Failed",
    )
    return verdict
