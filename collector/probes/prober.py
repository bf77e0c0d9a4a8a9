"""What probes: a URL or a port asked at an interval, from outside, each answer an event of the service it stands for.

What is the collector's own trouble (no resolver, no network, no free file) is no event of the service: it is counted as such, and said.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from ..columns import Signal, Source
from ..counters import Counters
from ..errors import Unavailable
from ..intake import Accept
from .check import Checked, Checker
from .instruments import Instruments
from .probe import Probe
from .spans import probe_request

TRIES: Final = 5
"""Times a result is handed to a ledger that can't be written, before it is given up and counted as lost."""

_LOG: Final = logging.getLogger("fournines.collector")


class ShownCertificate(NamedTuple):
    """A certificate that a probe was shown: `expires` in epoch seconds, None where none was verified yet; `expired` that it is over."""

    expires: float | None = None
    expired: bool = False


class Prober:
    """Probes while it runs. `accept` is the collector's; `clock` gives epoch seconds."""

    def __init__(self, probes: Iterable[Probe], accept: Accept, counters: Counters, clock: Callable[[], float]) -> None:
        self._instruments = Instruments(counters.registry)
        self._probes = tuple(probes)
        self._accept = accept
        self._counters = counters
        self._clock = clock
        self._checker = Checker(clock)
        self._failing: dict[Probe, str] = {}
        self._shown: dict[Probe, ShownCertificate] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def certificates(self) -> Mapping[Probe, ShownCertificate]:
        """What each probe that verifies certificates was shown last."""
        verifying = (probe for probe in self._probes if probe.url.startswith("https:") and probe.verify)
        return {probe: self._shown.get(probe, ShownCertificate()) for probe in verifying}

    async def start(self) -> None:
        """Probes from now on, each at a moment of its own within its interval."""
        self._tasks = [
            asyncio.create_task(self._probe_for_ever(probe), name=f"probe {probe.shown}") for probe in self._probes
        ]

    async def stop(self) -> None:
        """Probes no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def probe(self, probe: Probe) -> Checked:
        """Asks once, and returns once the answer is counted."""
        checked = await self._checker.check(probe)
        self._instruments.tell(probe, checked)
        if checked.expires is not None:
            self._shown[probe] = ShownCertificate(checked.expires)
        elif checked.expired:
            self._shown[probe] = self._shown.get(probe, ShownCertificate())._replace(expired=True)
        self._say(probe, checked)
        if not checked.own:
            await self._keep(probe, probe_request(probe, checked))
        return checked

    async def _keep(self, probe: Probe, body: bytes) -> None:
        for _ in range(TRIES):
            try:
                await asyncio.wrap_future(self._accept(Signal.TRACES, body, self._clock(), Source.PROBE))
            except Unavailable as error:
                await asyncio.sleep(error.retry_after)
            else:
                return
        self._instruments.lost(probe)

    def _say(self, probe: Probe, checked: Checked) -> None:
        """Logs what changed, not each time that it stays so."""
        if self._failing.get(probe, "") == checked.error:
            return
        self._failing[probe] = checked.error
        if checked.own:
            _LOG.warning("probe of %s can't be made, for a reason here: %s", probe.shown, checked.detail)
        elif checked.error:
            _LOG.warning("probe of %s failed: %s, %s", probe.shown, checked.error, checked.detail)
        else:
            _LOG.info("probe of %s is answered as expected again", probe.shown)

    async def _probe_for_ever(self, probe: Probe) -> None:
        digest = hashlib.blake2b(f"{probe.service} {probe.url}".encode(), digest_size=8).digest()
        shift = int.from_bytes(digest) / 2**64 * probe.interval
        while True:
            await asyncio.sleep(probe.interval - (self._clock() - shift) % probe.interval)
            try:
                await self.probe(probe)
            except Exception:  # noqa: BLE001 - a fault in one probe must not end those to come
                self._counters.internal_errors.inc()
                _LOG.exception("a probe of %s failed for a fault of the collector's own", probe.shown)
