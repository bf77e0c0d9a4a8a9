"""demo: a healthy bank, an outage of its payments, its recovery; and whether every claim about it held.

Starts the collector and seven services on free loopback ports, sends customers to the gateway, breaks payments for a
while, then compares what the collector says with counts it had no part in. Whatever happens, nothing stays running.
"""

import asyncio
import json
import platform
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.text import Text

from .acts import Acts, Story
from .artefacts import build
from .bank import COLLECTOR, NAMES, SLOS, Bank, PartError
from .faults import FaultSwitch
from .inbox import Inbox
from .judge import Evidence, judge, judge_artefacts
from .kernels import prepare
from .load import Load
from .screen import Screen, new_console
from .summary import print_summary, write_summary

__all__ = ["Acts", "run"]

SIGNALLED = 128  # a shell's exit code for a process ended by signal n is 128 + n


@dataclass(frozen=True)
class Demo:
    """One run: what was asked for, and where it writes."""

    console: Console
    acts: Acts
    seed: int
    rps: float
    out: Path

    def perform(self, data: Path, *, keep: bool) -> int:
        """Starts everything under `data`, tells the story, judges it; with `keep` goes on until Ctrl-C."""
        kernels = prepare(self.console, self.out / "kernels")
        began = time.time()
        fault = FaultSwitch(data, "payments")
        self.console.print(Text("Starting the collector and the bank's seven services ...", "bold"))
        with Inbox() as inbox, Bank(data, self.out / "logs", inbox.url, kernels=kernels) as bank:
            with Screen(self.console) as screen:
                story = Story(bank, inbox, fault, screen)
                evidence = asyncio.run(story.tell(self.acts, self.seed, self.rps, stay=keep))
            (self.out / "webhook.json").write_text(json.dumps(inbox.bodies, indent=1) + "\n")
            passed = self.conclude(evidence, began)
            if keep:
                self.stay_up(bank, fault)
            else:
                self.console.print(
                    Text("To look around in it: fournines demo --keep. For your own service: fournines serve.")
                )
        return 0 if passed else 1

    def conclude(self, evidence: Evidence, began: float) -> bool:
        """Builds dashboards and rules, judges all of it, writes and prints the summary; whether every check held."""
        artefacts = build(SLOS, self.out / "build")
        checks = [*judge(evidence), *judge_artefacts(artefacts)]
        facts = {"seed": self.seed, "rps": self.rps, "acts": asdict(self.acts), "python": platform.python_version()}
        seconds = {"seconds": time.time() - began}
        write_summary(self.out / "summary.json", evidence, artefacts, checks, {**facts, **seconds})
        print_summary(self.console, evidence, checks)
        self.console.print(Text(f"Everything behind it: {self.out}", "dim"))
        return all(check.held for check in checks)

    def stay_up(self, bank: Bank, fault: FaultSwitch) -> None:
        """Prints where everything is and keeps customers coming until Ctrl-C, which ends it in good order."""
        say = self.console.print
        try:
            say(Text(f"\nThe on-call page  {bank.url(COLLECTOR)}/", "bold"))
            for name in NAMES:
                say(Text(f"{name:<17} {bank.url(name)}/docs"))
            say(Text(f"To break payments again: touch {fault.file}; to mend them: rm {fault.file}"), soft_wrap=True)
            say(Text("Customers keep coming. Ctrl-C ends it.", "bold"))
            asyncio.run(keep_sending(bank, self.seed + 1, self.rps))
        except KeyboardInterrupt:
            say(Text("Stopping ..."))


def run(
    out: Path,
    *,
    seed: int = 1,
    rps: float = 50.0,
    keep: bool = False,
    full: bool = False,
    acts: Acts | None = None,
) -> int:
    """Runs the demo and returns its exit code: 0 only if every check held.

    `seed` decides which customers come and when, about `rps` a second. `out` gets `summary.json`,
    `webhook.json`, `logs/` and `build/`. `full` also waits, about eleven minutes in all, until the gateway's page is taken
    back. `keep` leaves everything running afterwards and prints where, until Ctrl-C. `acts` sets other lengths than
    those. A part that does not start, or dies, is told with the end of its log, and 1 is returned; after a signal 128 +
    its number.
    """
    console = new_console()
    folder = out.resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "summary.json").unlink(missing_ok=True)
    except OSError as error:
        console.print(Text(f"can't write to {folder}: {error.strerror}", "red"))
        return 1
    demo = Demo(console, acts or (Acts.full() if full else Acts()), seed, rps, folder)
    with signals_as_interrupt() as got, tempfile.TemporaryDirectory(prefix="fournines-demo-") as data:
        try:
            return demo.perform(Path(data), keep=keep)
        except (PartError, OSError) as error:
            console.print(Text(str(error), "red"))
            return 1
        except KeyboardInterrupt:
            console.print(Text("Stopped; nothing of it runs any more."))
            return SIGNALLED + (got[0] if got else signal.SIGINT)


async def keep_sending(bank: Bank, seed: int, rps: float) -> None:
    """Sends customers until cancelled; PartError when a part of the bank dies."""
    async with Load(bank.url("gateway"), seed, rps) as load:
        sending = asyncio.create_task(load.run())
        try:
            while not sending.done():
                bank.check()
                await asyncio.sleep(1.0)
        finally:
            sending.cancel()


@contextmanager
def signals_as_interrupt() -> Iterator[list[int]]:
    """SIGTERM and SIGHUP end the block as Ctrl-C does; gives the list of those that came.

    Only the main thread can ask for it; elsewhere signals stay as they are.
    """
    got: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield got
        return

    def interrupt(number: int, _frame: FrameType | None) -> None:
        got.append(number)
        signal.raise_signal(signal.SIGINT)

    before = {signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler)}  # it may have been ignored
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup stays nohup
            before[number] = signal.signal(number, interrupt)
    try:
        yield got
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
