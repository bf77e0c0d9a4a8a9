"""What the environment says of where a service runs, and which detectors are to look.

`OTEL_EXPERIMENTAL_RESOURCE_DETECTORS` names them, separated by commas, as the SDK has it; `*` stands for all there are.
https://opentelemetry-python.readthedocs.io/en/stable/sdk/environment_variables.html
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Final

from .. import names
from ..resources.discovery import GROUP, Asked
from ..resources.ec2 import ENDPOINT
from ..resources.here import DETECTORS, Surroundings, found_here
from .variables import Variables

VARIABLE: Final = "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS"
USUAL: Final = (*DETECTORS, "aws_ecs")
"""Those that look where nobody chose: none of them asks a network, but a task of ECS, which says that it is one."""
ALWAYS: Final = frozenset({"otel", "service_instance"})
"""What the SDK calls what is said in any case: the attributes of the environment, and `service.instance.id`."""
EVERY: Final = "*"


def detected(env: Variables) -> dict[str, str]:
    """What the chosen detectors find on the machine itself, and `deployment.id`."""
    found = found_here(_chosen(env), Surroundings(env.environ))
    if deployment := env.text("FOURNINES_DEPLOYMENT_ID"):
        found[names.DEPLOYMENT_ID] = deployment
    return found


def asked(env: Variables) -> Asked:
    """What has to be asked for."""
    chosen = _chosen(env)
    own = {*DETECTORS, *ALWAYS, "aws_ecs", "aws_ec2"}
    return Asked(
        ecs=env.text("ECS_CONTAINER_METADATA_URI_V4") if "aws_ecs" in chosen else "",
        ec2=_instance(env) if "aws_ec2" in chosen else "",
        others=tuple(name for name in chosen if name not in own),
    )


def _instance(env: Variables) -> str:
    # Both variables are those of AWS's own tools.
    if env.is_true("AWS_EC2_METADATA_DISABLED"):
        return ""
    return env.text("AWS_EC2_METADATA_SERVICE_ENDPOINT").rstrip("/") or ENDPOINT


def _chosen(env: Variables) -> tuple[str, ...]:
    named = env.words(VARIABLE)
    if not named:
        return USUAL
    if EVERY in named:
        installed = sorted(entry.name for entry in entry_points(group=GROUP))
        named = tuple(dict.fromkeys((*(name for name in named if name != EVERY), *USUAL, "aws_ec2", *installed)))
    return named
