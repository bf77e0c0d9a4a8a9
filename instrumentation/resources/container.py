"""Which container a process runs in, as the kernel tells it: in its control groups, or in what is mounted.

With control groups of version 1 their paths end in the container's id; with version 2 a container usually sees nothing but
`/`, and the files that its engine mounts into it (`/etc/hostname`, `/etc/hosts`) come from a folder named after it. In a pod
they come from the pod's sandbox, whose id is not the container's: there it stays unknown.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from .. import names

MOST: Final = 1 << 20
"""Characters of a file that are looked at."""

ID: Final = "[0-9a-f]{64}"
# Fargate's are a task's id and a number: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate-examples.html
_IN_GROUP = re.compile(rf"[/:-]({ID}|[0-9a-f]{{32}}-[0-9]{{4,20}})(?:\.scope)?$", re.MULTILINE)
_MOUNTED = re.compile(rf"/(?:containers|overlay-containers)/({ID})/(?:userdata/)?(?:hostname|hosts|resolv\.conf)\s")
_IN_A_POD = re.compile(r"/sandboxes/|/kubelet/pods/")


def container(groups: str, mounts: str) -> dict[str, str]:
    """`container.id`, where it can be told from `/proc/self/cgroup` or `/proc/self/mountinfo`."""
    found = _IN_GROUP.search(groups)
    if found is None and not _IN_A_POD.search(mounts):
        found = _MOUNTED.search(mounts)
    return {names.CONTAINER_ID: found[1]} if found else {}


def text_of(path: Path) -> str:
    """A file's text, as much of it as is looked at; empty where there is none that may be read."""
    try:
        with path.open("rb") as file:
            return file.read(MOST).decode("utf-8", "replace")
    except OSError:
        return ""
