"""What the machine itself knows of where a service runs."""

from __future__ import annotations

import os
import socket
import sys

import pytest
from opentelemetry.sdk.resources import OsResourceDetector, ProcessResourceDetector

from fournines.instrumentation.config.config import read_config
from fournines.instrumentation.resources.container import container, text_of
from fournines.instrumentation.resources.here import DETECTORS, Surroundings, found_here
from fournines.instrumentation.resources.kubernetes import kubernetes

ID = "3f" * 32
OTHER = "a1" * 32
UID = "0f8fad5b-d9cb-469f-a165-70867728950e"
FARGATE = "1ae1d6b1b9a04a5e8c9d0f3a2b1c4d5e-2506266457"
SLICE = f"kubepods-besteffort-pod{UID.replace('-', '_')}.slice"
PODMAN = f"1 0 8:1 /x/storage/overlay-containers/{ID}/userdata/hostname /etc/hostname rw\n"
KUBELET = f"""
1204 1191 8:1 /var/lib/kubelet/pods/{UID}/etc-hosts /etc/hosts rw,relatime - ext4 /dev/root rw
1205 1191 8:1 /var/lib/kubelet/pods/{UID}/containers/payments/3f2a1b7c /dev/termination-log rw,relatime - ext4 /dev/root rw
1206 1191 8:1 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/{OTHER}/hostname /etc/hostname rw - ext4 /dev/root rw
"""


@pytest.mark.parametrize(
    ("groups", "mounts", "expected"),
    [
        (f"12:memory:/docker/{ID}\n0::/\n", "", ID),
        (f"0::/system.slice/docker-{ID}.scope\n", "", ID),
        (f"11:cpu:/ecs/9781c248-0edd-4cdb-9a93-f63cb662a5d3/{ID}\n", "", ID),
        (f"9:cpu:/ecs/55091c13b8cf4c6aabc4/{FARGATE}\n", "", FARGATE),
        (f"0::/kubepods.slice/kubepods-besteffort.slice/{SLICE}/cri-containerd-{ID}.scope\n", "", ID),
        (f"4:cpu:/kubepods/burstable/pod{UID}/{ID}\n", "", ID),
        (f"0::/machine.slice/libpod-{ID}.scope/container\n0::/\n", PODMAN, ID),
        ("0::/\n", PODMAN, ID),
        ("0::/\n", f"9 8 8:1 /var/lib/docker/containers/{ID}/hostname /etc/hostname rw - ext4 /dev/root rw\n", ID),
        ("0::/\n", KUBELET, None),
        ("0::/\n", f"9 8 8:1 /var/lib/docker/containers/{OTHER}/hostname /etc/hostname rw\n{KUBELET}", None),
        ("0::/user.slice/user-1000.slice/session-3.scope\n", "21 1 8:1 / / rw - ext4 /dev/root rw\n", None),
        (f"0::/{ID}abc\n", "", None),
        ("", "", None),
    ],
)  # fmt: skip
def test_a_container_s_id_is_told_by_its_groups_or_its_mounts(groups, mounts, expected):
    """Docker, Podman, ECS on instances and on Fargate, Kubernetes; a pod's sandbox is not the container, a machine is none."""
    assert container(groups, mounts) == ({} if expected is None else {"container.id": expected})


def pod(environ, namespace="", hostname="payments-6d4cf56db6-x7k2p", mounts="", groups=""):
    return kubernetes({"KUBERNETES_SERVICE_HOST": "10.0.0.1", **environ}, namespace, hostname, mounts, groups)


def test_the_downward_api_counts_first():
    """What a manifest hands in stands as it is, whichever of the usual names it chose."""
    found = pod(
        {"POD_NAME": "pay-0", "MY_POD_UID": "u-1", "K8S_NAMESPACE": "bank", "NODE_NAME": "n-1", "CONTAINER_NAME": "api",
         "K8S_CLUSTER_NAME": "prod", "K8S_DEPLOYMENT_NAME": "pay", "K8S_POD_UID": ""},
        namespace="other\n", mounts=KUBELET,
    )  # fmt: skip

    assert found == {
        "k8s.pod.name": "pay-0", "k8s.pod.uid": "u-1", "k8s.namespace.name": "bank", "k8s.node.name": "n-1",
        "k8s.container.name": "api", "k8s.cluster.name": "prod", "k8s.deployment.name": "pay",
    }  # fmt: skip


def test_without_a_word_of_the_manifest_a_pod_is_known_all_the_same():
    """Name and deployment by the host's name, the namespace by its file, uid and container by what the node mounted."""
    assert pod({}, namespace="bank\n", mounts=KUBELET) == {
        "k8s.pod.name": "payments-6d4cf56db6-x7k2p", "k8s.replicaset.name": "payments-6d4cf56db6", "k8s.deployment.name": "payments",
        "k8s.namespace.name": "bank", "k8s.pod.uid": UID, "k8s.container.name": "payments",
    }  # fmt: skip
    assert pod({}, groups=f"0::/kubepods-pod{UID.replace('-', '_')}.slice/x")["k8s.pod.uid"] == UID


@pytest.mark.parametrize(
    ("name", "deployment"),
    [
        ("payments-6d4cf56db6-x7k2p", "payments"),
        ("a-b-c-84f9d7c6b5-zzzzz", "a-b-c"),
        ("kafka-0", None),
        ("nightly-29830140-x7k2p", None),
        ("agent-x7k2p", None),
        ("payments-6d4cf56db6", None),
    ],
)
def test_a_deployment_is_read_from_a_pod_s_name_or_not_at_all(name, deployment):
    """Stateful sets, jobs of a cron job, daemon sets: their pods are named otherwise, and none of them becomes a deployment."""
    assert pod({}, hostname=name).get("k8s.deployment.name") == deployment


def test_a_pod_on_its_node_s_network_is_not_called_like_the_node():
    """There the host's name is the node's."""
    assert "k8s.pod.name" not in pod({"NODE_NAME": "node-7"}, hostname="node-7")


def test_outside_of_a_pod_nothing_is_said_of_one():
    """A variable by chance of such a name makes no pod."""
    assert kubernetes({"POD_NAME": "x", "NODE_NAME": "y"}, "bank", "host", KUBELET, "") == {}


def test_process_and_system_are_as_the_sdk_says_them():
    """The same attributes with the same values as OpenTelemetry's own detectors find here."""
    ours = found_here(["process", "os"], Surroundings({}))
    theirs = {**ProcessResourceDetector().detect().attributes, **OsResourceDetector().detect().attributes}

    assert ours == {key: theirs[key] for key in ours}
    assert {"process.runtime.name", "process.runtime.version", "process.runtime.description", "os.type"} <= set(ours)


def test_a_machine_without_these_files_is_no_fault(tmp_path):
    """No folder of the kernel's, no right to read: nothing is found, and nothing raised."""
    place = Surroundings({"KUBERNETES_SERVICE_HOST": "x"}, tmp_path / "none", tmp_path)

    assert set(found_here(DETECTORS, place)) >= {"host.name", "os.type", "k8s.pod.name"}
    assert text_of(tmp_path) == ""


def attributes(**environ):
    return read_config("shop", environ=environ).attributes


def test_the_environment_s_word_stands_above_what_was_found():
    """`OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME` first; the deployment's id has a variable of its own, below them."""
    said = attributes(OTEL_RESOURCE_ATTRIBUTES="host.name=mine,os.type=plan9", FOURNINES_DEPLOYMENT_ID=" d-42 ")
    over = attributes(OTEL_RESOURCE_ATTRIBUTES="deployment.id=theirs", FOURNINES_DEPLOYMENT_ID="d-42")

    assert (said["host.name"], said["os.type"], said["deployment.id"]) == ("mine", "plan9", "d-42")
    assert over["deployment.id"] == "theirs"
    assert attributes()["host.name"] == socket.gethostname()
    assert attributes()["process.runtime.name"] == sys.implementation.name


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ("otel", set()),
        ("os", {"os.type", "os.version"}),
        (" host , nonsense ", {"host.name", "host.arch"}),
        ("", {"host.name", "host.arch", "os.type", "os.version", "process.runtime.name", "process.runtime.version",
              "process.runtime.description"}),
    ],
)  # fmt: skip
def test_detectors_are_chosen_by_name(named, found):
    """As the SDK has it: those that are named, and no others; none named: the usual ones."""
    said = set(attributes(OTEL_EXPERIMENTAL_RESOURCE_DETECTORS=named)) - {"service.name", "container.id"}

    assert said == found


@pytest.mark.parametrize(
    ("environ", "ecs", "ec2", "others"),
    [
        ({}, "", "", ()),
        ({"ECS_CONTAINER_METADATA_URI_V4": "http://e/v4/1"}, "http://e/v4/1", "", ()),
        ({"ECS_CONTAINER_METADATA_URI_V4": "http://e", "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "host"}, "", "", ()),
        ({"OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "aws_ec2,otel"}, "", "http://169.254.169.254", ()),
        ({"OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "aws_ec2", "AWS_EC2_METADATA_DISABLED": "True"}, "", "", ()),
        ({"OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "aws_ec2", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://i:1/"}, "", "http://i:1", ()),
        ({"OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "process,aws_eks"}, "", "", ("aws_eks",)),
    ],
)  # fmt: skip
def test_a_network_is_asked_only_where_something_says_so(environ, ecs, ec2, others):
    """A task of ECS says so itself; an instance, and other packages' detectors, have to be named."""
    asked = read_config("shop", environ=environ).asked

    assert (asked.ecs, asked.ec2, asked.others) == (ecs, ec2, others)


def test_all_detectors_are_one_word():
    """`*` stands for ours and for those of every installed package, each once."""
    asked = read_config("shop", environ={"OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "*"}).asked

    assert asked.ec2
    assert "aws_lambda" in asked.others
    assert not {"host", "os", "process", "otel", "service_instance", "aws_ecs"} & set(asked.others)
    assert os.environ.get("OTEL_EXPERIMENTAL_RESOURCE_DETECTORS") is None
