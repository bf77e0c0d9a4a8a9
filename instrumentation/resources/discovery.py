"""What has to be asked for: a task's, an instance's metadata, and detectors of other packages; in the background.

The export thread begins it and waits for it once, for at most a second, so that the first export usually says it all; what
takes longer is said by the exports after. Nothing of it runs at the import, at the start, or on a request.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import entry_points
from typing import Any, Final

from .. import names
from ..clock import sleep
from ..health import Health
from ..suppression import suppress
from .asking import NoAnswer, ask
from .ec2 import ec2
from .ecs import ecs

PATIENCE: Final = 1.0
"""Seconds that the first export waits at most."""
TIMEOUT: Final = 1.0
"""Seconds for each step of a question."""
PAUSES: Final = (2.0, 10.0)
"""Seconds before it is asked again: an agent may start after the service."""
GROUP: Final = "opentelemetry_resource_detector"

Detect = Callable[[], Mapping[str, Any]]

_log = logging.getLogger("fournines.instrumentation")


@dataclass(frozen=True)
class Asked:
    """What is to be asked for: the address of a task's metadata, that of an instance's, detectors of other packages; empty: not."""

    ecs: str = ""
    ec2: str = ""
    others: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.ecs or self.ec2 or self.others)


class ResourceDiscovery:
    """The answers, as they come. `news` is for one thread, the export thread; `forget` for a forked child."""

    def __init__(self, asked: Asked, health: Health, pauses: tuple[float, ...] = PAUSES) -> None:
        self._health, self._pauses = health, pauses
        self._detectors: dict[str, Detect] = {}
        if asked:
            import http.client  # noqa: F401 - here, and not by a thread: a child forked meanwhile would wait for it for ever
        if asked.ecs:
            self._detectors["aws_ecs"] = partial(ecs, asked.ecs, partial(ask, timeout=TIMEOUT))
        if asked.ec2:
            self._detectors["aws_ec2"] = partial(ec2, _request, asked.ec2)
        for (
            name
        ) in asked.others:  # loaded here, and not by a thread: a child forked meanwhile would wait for it for ever
            if (detector := _loaded(name)) is not None:
                self._detectors[name] = detector
        self._lock = threading.Lock()
        self._found: dict[str, str | int] = {}
        self._told = 0
        self._thread: threading.Thread | None = None

    def news(self) -> dict[str, str | int]:
        """All that was found, when there is more than the last time; else nothing. The first time it may wait a second."""
        if not self._detectors:
            return {}
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="fournines-resources", daemon=True)
            self._thread.start()
            self._thread.join(PATIENCE)
        with self._lock:
            if len(self._found) == self._told:
                return {}
            self._told = len(self._found)
            return dict(self._found)

    def forget(self) -> None:
        """Begins anew: a child's place is its parent's, but it has none of its threads."""
        self._lock = threading.Lock()
        self._thread, self._told = None, 0

    def _run(self) -> None:
        suppress()
        waiting = dict(self._detectors)
        for pause in (*self._pauses, None):
            for name in list(waiting):
                if self._settled(name, waiting[name], last=pause is None):
                    del waiting[name]
            if not waiting or pause is None:
                return
            sleep(pause)

    def _settled(self, name: str, detect: Detect, *, last: bool) -> bool:
        try:
            found = {key: value for key, value in detect().items() if isinstance(value, (str, int))}
        except NoAnswer as e:
            if last:
                self._gave_up(name, e)
            return False
        except Exception as e:  # noqa: BLE001 - a detector of another package may raise whatever it likes
            self._gave_up(name, e)
            return True
        with self._lock:
            self._found = {**found, **self._found}
        return True

    def _gave_up(self, name: str, reason: Exception) -> None:
        self._health.add(names.PROM_ERRORS, "resource")
        _log.warning("the resource detector %s found nothing: %s", name, f"{type(reason).__name__}: {reason}")


def _request(method: str, url: str, headers: Mapping[str, str]) -> bytes:
    return ask(url, TIMEOUT, method, headers)


def _loaded(name: str) -> Detect | None:
    for entry in entry_points(group=GROUP, name=name):
        try:
            detector = entry.load()()
        except Exception as e:  # noqa: BLE001 - as above
            _log.warning("the resource detector %s can't be made: %s", name, e)
            return None
        return lambda: detector.detect().attributes
    _log.warning(
        "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS: %r is not known here, nor of an installed package; left out", name
    )
    return None
