"""`fournines top`: how SLOs stand, what they count and what fails, live."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import count, islice
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer

from ..instrumentation.clock import sleep, wall
from .asking import asked
from .extra import collector_extra
from .on_call import Json, Url
from .options import PAGES
from .plain import plain
from .sparkline import sparkline

if TYPE_CHECKING:
    from rich.table import Table

    from ..client import JSON, Client

EXIT_BROKEN: Final = 1
"""Something burned, or had no budget left, when it was looked at last."""

EXIT_UNKNOWN: Final = 2
"""Nobody can tell: the collector can't be asked."""

STEP: Final = 20
STEPS: Final = 15
"""What a line shows: five minutes in steps of twenty seconds, the last of which is being filled."""

NARROW: Final = 100
"""Columns of a terminal below which a line leaves out what it can."""

_BROKEN: Final = frozenset({"burning", "exhausted"})
_COLOURS: Final = {
    "burning": "bold red",
    "exhausted": "red",
    "no_data": "magenta",
    "at_risk": "yellow",
    "healthy": "green",
}
_HEADS: Final = ("SLO", "STATE", "LEFT", "BURN", "EVENTS/s", "BAD/s", "EVENTS, 5 MIN", "BAD, 5 MIN", "AGE")
_IN_NARROW: Final = frozenset(_HEADS) - {"BAD/s", "EVENTS, 5 MIN"}

_Every = Annotated[float, typer.Option(help="Seconds from one look to the next.", min=0.5)]
_Times = Annotated[int | None, typer.Option(help="Look so often, then end. (default: until Ctrl-C)", min=1)]
_Rows = Annotated[int, typer.Option(help="So many SLOs at most, the worst first.", min=1, max=200)]
_Service = Annotated[str, typer.Option(help="Those of this service alone.")]


class Look(NamedTuple):
    """One SLO as it stands, and its last steps in so many seconds: good and total, the oldest first, None without events."""

    slo: JSON
    steps: tuple[tuple[float, float] | None, ...]
    seconds: float

    @property
    def rates(self) -> tuple[float, float]:
        """Events and bad events a second."""
        known = [step for step in self.steps if step is not None]
        total = sum(step[1] for step in known)
        return total / self.seconds, (total - sum(step[0] for step in known)) / self.seconds


def top(
    every: _Every = 2.0,
    times: _Times = None,
    rows: _Rows = 20,
    service: _Service = "",
    url: Url = PAGES,
    as_json: Json = False,
) -> None:
    """Watch SLOs, the worst first. Exits as `status` does; Ctrl-C ends it."""
    with collector_extra():
        from rich.live import Live
    looks: Sequence[Look] = ()
    with asked(url, EXIT_UNKNOWN) as client, suppress(KeyboardInterrupt):
        moments = islice(_moments(every), times)
        if as_json:
            for at in moments:
                looks = _looked(client, rows, service, at)
                typer.echo(json.dumps([_as_json(look) for look in looks]))
        else:
            with Live(auto_refresh=False) as screen:
                for at in moments:
                    looks = _looked(client, rows, service, at)
                    screen.update(shown(looks, screen.console.width), refresh=True)
    raise typer.Exit(EXIT_BROKEN if any(look.slo["state"] in _BROKEN for look in looks) else 0)


def _moments(every: float) -> Iterator[float]:
    """Now, and again and again."""
    for number in count():
        if number:
            sleep(every)
        yield wall()


def _looked(client: Client, rows: int, service: str, at: float) -> list[Look]:
    """The worst of them with their last steps."""
    end = int(at) // STEP * STEP + STEP
    begin = end - STEP * STEPS
    found = client.slos_page(rows, service=service or None)["slos"]
    return [Look(slo, _steps(client, slo["name"], begin, end), at - begin) for slo in found]


def _steps(client: Client, name: str, begin: int, end: int) -> tuple[tuple[float, float] | None, ...]:
    known = {point["t"]: (point["good"], point["total"]) for point in client.history(name, begin, end, STEP)}
    return tuple(known.get(t) for t in range(begin, end, STEP))


def shown(looks: Sequence[Look], width: int) -> Table:
    """A line an SLO below their heads, for a terminal of so many columns; a state is a word, and a colour besides."""
    from rich.table import Table
    from rich.text import Text

    heads = [head for head in _HEADS if width >= NARROW or head in _IN_NARROW]
    found = Table(box=None, pad_edge=False)
    for head in heads:
        found.add_column(head, no_wrap=head != "SLO", overflow="fold")
    for look in looks:
        state = look.slo["state"]
        said = dict(zip(_HEADS, (plain(look.slo["name"]), state.replace("_", " "), *_figures(look)), strict=True))
        found.add_row(*(Text(said[head], _COLOURS.get(state, "") if head == "STATE" else "") for head in heads))
    if not looks:
        found.add_row("no SLO is declared, and no service was heard")
    return found


def _figures(look: Look) -> Iterator[str]:
    from ..slo import figures

    slo, (events, bad) = look.slo, look.rates
    yield figures.percent(Fraction(str(slo["budget"]["remaining_ratio"])))
    yield figures.burn(next(iter(slo["burn_rates"].values()), None))
    yield f"{events:,.2f}"
    yield f"{bad:,.2f}"
    yield sparkline([None if step is None else step[1] for step in look.steps])
    yield sparkline([None if step is None else step[1] - step[0] for step in look.steps])
    yield "-" if slo["data_age_seconds"] is None else f"{slo['data_age_seconds']:.0f} s"


def _as_json(look: Look) -> JSON:
    """The SLO as the API gives it, with its rates."""
    events, bad = look.rates
    return {**look.slo, "events_per_second": events, "bad_per_second": bad}
