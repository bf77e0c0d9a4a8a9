"""acts: the story the demo tells, act by act, and the evidence it leaves."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

import httpx

from .bank import COLLECTOR, NAMES, Bank
from .faults import FaultSwitch
from .inbox import Inbox, Paged
from .judge import Evidence, availability
from .load import Load
from .reading import CollectorReader, Readings
from .screen import Moment, Screen
from .tally import Count

__all__ = ["Acts", "Story"]

TICK_SECONDS = 1.0
SETTLE_SECONDS = 20.0


@dataclass(frozen=True)
class Acts:
    """How long each act lasts, in seconds; `resolve` is how long to wait for a page to be taken back (0: not at all)."""

    healthy: float = 15.0
    outage: float = 20.0
    recovery: float = 12.0
    resolve: float = 0.0

    @classmethod
    def full(cls) -> Self:
        """With the end of the gateway's page.

        The 5-minute window must forget the outage, then the page is held for 5 minutes more; and a little for delivery.
        Payments lost over 5 % of a month's budget, so their page stays until the 30-minute window has forgotten it too.
        """
        return cls(resolve=300.0 + 300.0 + 45.0)


class Story:
    """Tells the acts on a started bank, customers coming all the while."""

    def __init__(
        self, bank: Bank, inbox: Inbox, fault: FaultSwitch, screen: Screen, clock: Callable[[], float] = time.time
    ) -> None:
        self._bank, self._inbox, self._fault, self._screen, self._clock = bank, inbox, fault, screen, clock
        self._collector = CollectorReader(bank.url(COLLECTOR))
        self._readings: Readings = {}
        self._announced = 0
        self._first_failed_at: float | None = None
        self._broke_at = 0.0

    async def tell(self, acts: Acts, seed: int, rps: float, *, stay: bool = False) -> Evidence:
        """Waits for the bank, tells every act, then brings the comparison's two sides; PartError when a process ends that should not.

        The services are stopped before the ledger is asked, so that all they counted has arrived. With `stay` they go
        on, and the ledger is asked until it agrees or 20 s have passed.
        """
        born = self._clock()
        try:
            await self._bank.ready()
            return await self._tell(born, acts, seed, rps, stay=stay)
        finally:
            await self._collector.close()

    async def _tell(self, born: float, acts: Acts, seed: int, rps: float, *, stay: bool) -> Evidence:
        began = self._clock()
        async with Load(self._bank.url("gateway"), seed, rps, self._clock) as load:
            sending = asyncio.create_task(load.run())
            try:
                before = await self._act(load, sending, f"All is well: {rps:g} customers a second", acts.healthy)
                during = await self._outage(load, sending, acts.outage)
                await self._act(load, sending, "Payments work again", acts.recovery)
                if acts.resolve:
                    await self._act(
                        load, sending, "Until the page for the gateway is taken back", acts.resolve, self._resolved
                    )
            finally:
                sending.cancel()
        seconds = self._clock() - began
        self._screen.say(f"{load.sent:,} customers were served; comparing what was counted ...")
        if load.sent < rps * seconds / 2:
            self._screen.say(
                f"This machine was busy: of {rps:g} customers a second it managed {load.sent / seconds:.0f}."
            )
        tallies, after = await (self._settle() if stay else self._stop())
        return Evidence(
            load=load.count,
            unanswered=load.unanswered,
            load_seconds=seconds,
            life_seconds=self._clock() - born,
            tallies=tallies,
            before=before,
            during=during,
            after=after,
            pages=self._inbox.pages,
            broke_at=self._broke_at,
            resolve_wanted=acts.resolve > 0,
        )

    async def _outage(self, load: Load, sending: asyncio.Task[None], seconds: float) -> Readings:
        self._broke_at = self._clock()
        self._fault.switch_on()
        try:
            return await self._act(load, sending, "Payments have lost their database: every request fails", seconds)
        finally:
            self._fault.switch_off()

    async def _act(
        self,
        load: Load,
        sending: asyncio.Task[None],
        name: str,
        seconds: float,
        over: Callable[[], bool] = lambda: False,
    ) -> Readings:
        """Shows `seconds` of the story (fewer once it is `over`); answers with what the ledger said at their end."""
        self._screen.say(name, "bold")
        began = self._clock()
        while (elapsed := self._clock() - began) < seconds and not over():
            self._watch(load, sending)
            self._screen.show(Moment(name, elapsed, seconds, load.sent, load.count.bad, await self._ask()))
            await asyncio.sleep(min(TICK_SECONDS, max(0.0, began + seconds - self._clock())))
        return await self._ask()

    def _watch(self, load: Load, sending: asyncio.Task[None]) -> None:
        """Sees that everything still runs, and tells of pages that have arrived."""
        self._bank.check()
        if sending.done():
            sending.result()
        if load.count.first_bad_at is not None:
            self._first_failed_at = max(load.count.first_bad_at, self._broke_at)
        pages = self._inbox.pages
        for page in pages[self._announced :]:
            self._announce(page)
        self._announced = len(pages)

    def _announce(self, page: Paged) -> None:
        what = page.severity.upper() if page.status == "firing" else page.status.upper()
        began = self._first_failed_at
        since = "" if began is None else f", {page.at - began:.1f} s after the first failed request"
        self._screen.say(f"{what} for {page.slo}{since}: {page.summary}", "bold red")

    async def _ask(self) -> Readings:
        """What the ledger says now; what it last said if the collector, still running, is too busy to answer."""
        try:
            self._readings = await self._collector.all()
        except httpx.HTTPError:
            self._bank.check()
        return self._readings

    def _resolved(self) -> bool:
        return self._inbox.first(availability("gateway"), "resolved") is not None

    async def _stop(self) -> tuple[Mapping[str, Count], Readings]:
        """Each service's own count after its good-bye, and the ledger, asked SLO by SLO."""
        self._bank.stop_services()
        tallies = self._bank.tallies()
        try:
            return tallies, {name: await self._collector.one(name) for name in sorted(await self._collector.all())}
        except httpx.HTTPError as error:
            raise self._bank.error(COLLECTOR, f"did not say what it counted ({error!r})") from error

    async def _settle(self) -> tuple[Mapping[str, Count], Readings]:
        """The same while the services go on: asks until both sides agree, or gives the last answers after 20 s."""
        deadline = self._clock() + SETTLE_SECONDS
        while True:
            self._bank.check()
            tallies, ledger = await running_tallies(self._bank), await self._ask()
            if agree(tallies, ledger) or self._clock() > deadline:
                return tallies, ledger
            await asyncio.sleep(TICK_SECONDS)


async def running_tallies(bank: Bank) -> dict[str, Count]:
    """Each running service's own count."""
    async with httpx.AsyncClient(timeout=5.0, trust_env=False) as http:
        answers = await asyncio.gather(*(http.get(f"{bank.url(name)}/tally") for name in NAMES))
    return {name: Count.from_json(answer.content) for name, answer in zip(NAMES, answers, strict=True)}


def agree(tallies: Mapping[str, Count], ledger: Readings) -> bool:
    """Whether every service's count is the ledger's."""
    readings = ((count, ledger.get(availability(name))) for name, count in tallies.items())
    return all(r is not None and (r.good, r.bad) == (count.good, count.bad) for count, r in readings)
