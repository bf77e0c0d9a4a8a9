"""Which pod a service runs in: what its environment was given by the downward API, its namespace's file, and what is mounted.

The cluster's API is never asked. The names of the variables are those that people, operators and the documentation use:
https://kubernetes.io/docs/tasks/inject-data-application/environment-variable-expose-pod-information/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from .. import names

IN_A_POD: Final = "KUBERNETES_SERVICE_HOST"
"""Every container of a pod has it."""
VARIABLES: Final = {
    names.K8S_POD_NAME: ("K8S_POD_NAME", "OTEL_RESOURCE_ATTRIBUTES_POD_NAME", "POD_NAME", "MY_POD_NAME"),
    names.K8S_POD_UID: ("K8S_POD_UID", "OTEL_RESOURCE_ATTRIBUTES_POD_UID", "POD_UID", "MY_POD_UID"),
    names.K8S_NAMESPACE_NAME: ("K8S_NAMESPACE_NAME", "K8S_NAMESPACE", "POD_NAMESPACE", "MY_POD_NAMESPACE"),
    names.K8S_NODE_NAME: ("K8S_NODE_NAME", "OTEL_RESOURCE_ATTRIBUTES_NODE_NAME", "NODE_NAME", "MY_NODE_NAME"),
    names.K8S_DEPLOYMENT_NAME: ("K8S_DEPLOYMENT_NAME", "DEPLOYMENT_NAME"),
    names.K8S_CONTAINER_NAME: ("K8S_CONTAINER_NAME", "CONTAINER_NAME"),
    names.K8S_CLUSTER_NAME: ("K8S_CLUSTER_NAME", "CLUSTER_NAME"),
}
"""Attribute -> the variables it may stand in; the first counts."""

# A replica set is named after its deployment and the digits of a checksum, written with other characters, and its pods
# get five random ones more; neither alphabet has vowels or what can be mistaken:
# https://github.com/kubernetes/apimachinery/blob/master/pkg/util/rand/rand.go
_OF_DEPLOYMENT = re.compile(r"(?P<set>(?P<deployment>[a-z0-9].*)-[4-9bcdf]{6,10})-[bcdfghjklmnpqrstvwxz2456789]{5}")
_POD_OF_MOUNT = re.compile(r"/pods/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/(?:containers/([^/\s]+)/|etc-hosts\s)")
_POD_OF_GROUP = re.compile(r"pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})")


def kubernetes(environ: Mapping[str, str], namespace: str, hostname: str, mounts: str, groups: str) -> dict[str, str]:
    """`k8s.*` of the pod; nothing outside of one.

    The name falls back to the host's, which in a pod is the pod's, unless the pod has the network of its node; the
    deployment and the replica set, to what the pod's name says of them; uid and container, to what the node has mounted.
    """
    if IN_A_POD not in environ:
        return {}
    found = {name: text for name, variables in VARIABLES.items() if (text := _first(environ, variables))}
    found = _from_node(mounts, groups) | found
    if namespace.strip():
        found.setdefault(names.K8S_NAMESPACE_NAME, namespace.strip())
    if names.K8S_NODE_NAME not in found or hostname != found[names.K8S_NODE_NAME]:
        found.setdefault(names.K8S_POD_NAME, hostname)
    return _from_name(found.get(names.K8S_POD_NAME, "")) | found


def _first(environ: Mapping[str, str], variables: tuple[str, ...]) -> str:
    return next((text for name in variables if (text := environ.get(name, "").strip())), "")


def _from_name(pod: str) -> dict[str, str]:
    read = _OF_DEPLOYMENT.fullmatch(pod)
    return {names.K8S_DEPLOYMENT_NAME: read["deployment"], names.K8S_REPLICASET_NAME: read["set"]} if read else {}


def _from_node(mounts: str, groups: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for uid, container in _POD_OF_MOUNT.findall(mounts):
        found[names.K8S_POD_UID] = uid
        if container:
            found[names.K8S_CONTAINER_NAME] = container
    if not found and (read := _POD_OF_GROUP.search(groups)):
        found[names.K8S_POD_UID] = read[1].replace("_", "-")
    return found
