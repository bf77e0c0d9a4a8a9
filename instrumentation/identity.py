"""Who is speaking: the resource of every export, one per process."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping

from .. import __version__
from . import names

Resource = dict[str, str | int]


def resource(given: Mapping[str, str]) -> Resource:
    """The given attributes and those of this very process; call it again after a fork.

    `service.instance.id` is a fresh UUID unless it was given; `process.pid` keeps the workers of one given id apart.
    """
    own: Resource = {
        names.SERVICE_INSTANCE_ID: str(uuid.uuid4()),
        names.SDK_LANGUAGE: "python",
        names.SDK_NAME: "opentelemetry",
        names.SDK_VERSION: _sdk_version(),
        names.DISTRO_NAME: "fournines",
        names.DISTRO_VERSION: __version__,
    }
    return own | dict(given) | {names.PROCESS_PID: os.getpid()}


def _sdk_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("opentelemetry-sdk")
    except PackageNotFoundError:
        return "unknown"
