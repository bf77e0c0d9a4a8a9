"""Screen: what the demo shows while it runs; a live picture on a terminal, plain lines elsewhere."""

import sys
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from .reading import Reading, Readings

__all__ = ["SHOWN", "STATE_COLOURS", "Moment", "Screen", "new_console"]

SHOWN = ("payments", "gateway", "users")
STATE_COLOURS = {"healthy": "green", "burning": "bold red", "exhausted": "bold red", "at_risk": "yellow"}
PLAIN_EVERY_SECONDS = 5.0
PLAIN_WIDTH = 160
ROOMY = 80


@dataclass(frozen=True)
class Moment:
    """What is happening: the act, how far it is, what customers were answered so far, what the ledger says."""

    act: str
    elapsed: float
    length: float
    sent: int
    failed: int
    readings: Readings = field(default_factory=dict)


class Screen:
    """Shows moments and says sentences. A context manager; leaving it leaves what was said on the terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        self._said: tuple[str, ...] = ()
        self._said_at = 0.0

    def __enter__(self) -> Self:
        """Begins to show."""
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Takes the live picture away."""
        if self._live is not None:
            self._live.stop()

    def say(self, sentence: str, style: str = "") -> None:
        """A line that stays."""
        self._console.print(Text(sentence, style), soft_wrap=True)

    def show(self, moment: Moment) -> None:
        """The picture of this moment: at once on a terminal; as a line every 5 s, and when something changed, elsewhere."""
        if self._live is not None:
            self._live.update(picture(moment, self._console.width), refresh=True)
            return
        news = (moment.act, *(r.state for r in shown(moment)))
        if news != self._said or moment.elapsed - self._said_at >= PLAIN_EVERY_SECONDS:
            self._said, self._said_at = news, moment.elapsed
            self._console.print(Text(line(moment)), soft_wrap=True)


def new_console() -> Console:
    """A console on standard output: colours on a terminal, plain lines wide enough for the tables elsewhere."""
    terminal = sys.stdout.isatty()
    return Console(width=None if terminal else PLAIN_WIDTH, highlight=False, soft_wrap=False)


def shown(moment: Moment) -> list[Reading]:
    """The readings of the SLOs the demo follows, those that are there yet."""
    names = (f"{service}-availability" for service in SHOWN)
    return [moment.readings[name] for name in names if name in moment.readings]


def line(moment: Moment) -> str:
    """The moment in one line."""
    slos = "".join(f" | {reading.service} {words(reading)}, {left(reading)}" for reading in shown(moment))
    return f"  {moment.elapsed:5.1f} s of {moment.length:.0f} s, {moment.sent:,} sent, {moment.failed:,} failed{slos}"


def picture(moment: Moment, width: int) -> RenderableType:
    """The moment as a bar and a table; in a terminal of fewer columns than `ROOMY` without burn rates."""
    burns = {"burn 5 min": "5m", "burn 1 h": "1h"} if width >= ROOMY else {}
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("service", "state"):
        table.add_column(name, no_wrap=True)
    for name in ("good", "bad", *burns, "budget left"):
        table.add_column(name, justify="right", no_wrap=True)
    for reading in shown(moment):
        state = Text(words(reading), STATE_COLOURS.get(reading.state, "dim"))
        rates = [burn(reading, window) for window in burns.values()]
        table.add_row(reading.service, state, f"{reading.good:,}", f"{reading.bad:,}", *rates, left(reading))
    head = Text(f"{moment.elapsed:.0f} s of {moment.length:.0f} s, {moment.sent:,} sent, {moment.failed:,} failed")
    bar = ProgressBar(total=moment.length, completed=min(moment.elapsed, moment.length), width=min(width, 72))
    return Group(Text(), head, bar, Text(), table)


def words(reading: Reading) -> str:
    """The state as a person says it: `no data`, not `no_data`."""
    return reading.state.replace("_", " ")


def burn(reading: Reading, window: str) -> str:
    """A burn rate in words: how many times faster than the budget can bear."""
    rate = reading.burn_rates.get(window)
    return "-" if rate is None else f"{rate:,.1f}x"


def left(reading: Reading) -> str:
    """The budget left, as a share and as seconds of total outage."""
    if reading.remaining_ratio is None or reading.remaining_seconds is None:
        return "no traffic yet"
    return f"{reading.remaining_ratio:.1%} left ({reading.remaining_seconds:.0f} s)"
