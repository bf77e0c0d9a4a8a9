"""What the machine itself knows: detectors by name, each some reads of files and environment.

The names of the attributes are the semantic conventions': https://opentelemetry.io/docs/specs/semconv/resource/
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .. import names
from .container import container, text_of
from .kubernetes import kubernetes

NAMESPACE_FILE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
ARCHITECTURES: Final = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "i686": "x86", "i386": "x86"}
"""What systems call their processors -> what the conventions call them."""
SYSTEMS: Final = {"win32": "windows", "sunos5": "solaris"}


@dataclass(frozen=True)
class Surroundings:
    """Where to look: the environment, this process's folder of the kernel's, and the file that names a pod's namespace."""

    environ: Mapping[str, str]
    process: Path = Path("/proc/self")
    namespace: Path = NAMESPACE_FILE


def found_here(detectors: Iterable[str], place: Surroundings) -> dict[str, str]:
    """What the named detectors find; names of others are none of its business. It never raises for what a machine may hold."""
    found: dict[str, str] = {}
    for name in detectors:
        if name in DETECTORS:
            found |= DETECTORS[name](place)
    return found


def _host(place: Surroundings) -> dict[str, str]:
    machine = os.uname().machine if hasattr(os, "uname") else place.environ.get("PROCESSOR_ARCHITECTURE", "")
    found = {names.HOST_NAME: socket.gethostname()}
    return found | ({names.HOST_ARCH: ARCHITECTURES.get(machine, machine)} if machine else {})


def _os(place: Surroundings) -> dict[str, str]:
    del place
    found = {names.OS_TYPE: SYSTEMS.get(sys.platform, sys.platform)}
    return found | ({names.OS_VERSION: os.uname().release} if hasattr(os, "uname") else {})


def _process(place: Surroundings) -> dict[str, str]:
    del place
    version = sys.version_info
    final = version.releaselevel == "final"
    return {
        names.RUNTIME_NAME: sys.implementation.name,
        names.RUNTIME_VERSION: ".".join(map(str, version[:3] if final else version)),
        names.RUNTIME_DESCRIPTION: sys.version,
    }


def _container(place: Surroundings) -> dict[str, str]:
    return container(text_of(place.process / "cgroup"), text_of(place.process / "mountinfo"))


def _kubernetes(place: Surroundings) -> dict[str, str]:
    mounted = text_of(place.process / "mountinfo"), text_of(place.process / "cgroup")
    return kubernetes(place.environ, text_of(place.namespace), socket.gethostname(), *mounted)


DETECTORS: Final[Mapping[str, Callable[[Surroundings], dict[str, str]]]] = {
    "host": _host,
    "os": _os,
    "process": _process,
    "container": _container,
    "kubernetes": _kubernetes,
}
"""Name, as `OTEL_EXPERIMENTAL_RESOURCE_DETECTORS` has it -> what it finds."""
