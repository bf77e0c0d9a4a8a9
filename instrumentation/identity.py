"""Who is speaking: the resource of every export, one per process."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from typing import Any, Protocol

from .. import __version__
from . import names

Resource = dict[str, str | int]


class Redacting(Protocol):
    """Takes secrets out of what is said of a process."""

    def attributes(self, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
        """The attributes without secrets."""


class Discovery(Protocol):
    """What is found out of a process while it runs."""

    def news(self) -> Mapping[str, Any]:
        """All that was found, when there is more than the last time; else nothing."""

    def forget(self) -> None:
        """Tells it all again: in a forked child."""


class Identity:
    """Who this process says it is; a forked child is somebody else."""

    def __init__(self, given: Mapping[str, str], redactor: Redacting, discovery: Discovery | None) -> None:
        self._given, self._redactor, self._discovery = given, redactor, discovery
        self._resource = self._made()

    def resource(self) -> Resource:
        """All that is known by now, without secrets."""
        return self._resource

    def look(self) -> None:
        """Takes up what was found out meanwhile; what was known stands above it. For the export thread: it may wait a second."""
        if self._discovery is not None and (news := self._discovery.news()):
            self._resource = {**self._redactor.attributes(news), **self._resource}

    def forget(self) -> None:
        """Begins anew in a forked child."""
        if self._discovery is not None:
            self._discovery.forget()
        self._resource = self._made()

    def _made(self) -> Resource:
        return dict(self._redactor.attributes(_of_this_process(self._given)))


def _of_this_process(given: Mapping[str, str]) -> Resource:
    """The given attributes and those of this very process.

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
