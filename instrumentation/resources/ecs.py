"""Which task of Amazon ECS a service runs in: what the task's metadata endpoint, version 4, says of it.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-response.html
https://opentelemetry.io/docs/specs/semconv/resource/cloud-provider/aws/ecs/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from .. import names
from .asking import document

METADATA: Final = "the task's metadata"
ARN_PARTS: Final = 6
"""arn:partition:service:region:account:resource"""


def ecs(uri: str, get: Callable[[str], bytes]) -> dict[str, str]:
    """What `uri` (`ECS_CONTAINER_METADATA_URI_V4`) says of this container and its task. Raises `NoAnswer`."""
    own, task = document(get(uri), METADATA), document(get(f"{uri.rstrip('/')}/task"), METADATA)
    region, account = _place(_text(task, "TaskARN"))
    found = {
        names.CLOUD_PROVIDER: "aws",
        names.CLOUD_PLATFORM: "aws_ecs",
        names.CLOUD_REGION: region,
        names.CLOUD_ACCOUNT_ID: account,
        names.CLOUD_AVAILABILITY_ZONE: _text(task, "AvailabilityZone"),
        names.CLOUD_RESOURCE_ID: _text(own, "ContainerARN"),
        names.ECS_CONTAINER_ARN: _text(own, "ContainerARN"),
        names.ECS_CLUSTER_ARN: _cluster(_text(task, "Cluster"), _text(task, "TaskARN")),
        names.ECS_LAUNCHTYPE: _text(task, "LaunchType").lower(),
        names.ECS_TASK_ARN: _text(task, "TaskARN"),
        names.ECS_TASK_ID: _text(task, "TaskARN").rpartition("/")[2],
        names.ECS_TASK_FAMILY: _text(task, "Family"),
        names.ECS_TASK_REVISION: _text(task, "Revision"),
        names.CONTAINER_ID: _text(own, "DockerId"),
        names.CONTAINER_NAME: _text(own, "DockerName"),
        names.CONTAINER_IMAGE_NAME: _image(_text(own, "Image")),
        names.CONTAINER_IMAGE_ID: _text(own, "ImageID"),
    }
    return {name: text for name, text in found.items() if text}


def _text(document: Mapping[str, Any], key: str) -> str:
    value = document.get(key)
    return str(value) if isinstance(value, (str, int)) else ""


def _place(arn: str) -> tuple[str, str]:
    parts = arn.split(":", ARN_PARTS - 1)
    return (parts[3], parts[4]) if len(parts) == ARN_PARTS else ("", "")


def _cluster(cluster: str, task: str) -> str:
    """The endpoint says a cluster's ARN or its name; the ARN's other parts are the task's."""
    if not cluster or cluster.startswith("arn:") or not task.startswith("arn:"):
        return cluster if cluster.startswith("arn:") else ""
    return f"{task.rpartition(':')[0]}:cluster/{cluster}"


def _image(image: str) -> str:
    """The image's name, without tag and digest; a registry's port is neither."""
    name = image.partition("@")[0]
    head, _, last = name.rpartition("/")
    last = last.partition(":")[0]
    return f"{head}/{last}" if head else last
