"""`fournines status`: how every SLO stands, in words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Final

import typer

from .asking import asked
from .options import PAGES
from .plain import plain_lines
from .table import table

if TYPE_CHECKING:
    from ..client import JSON, Client

EXIT_BROKEN: Final = 1
"""Something burns, or has no budget left."""

EXIT_UNKNOWN: Final = 2
"""Nobody can tell: the collector can't be asked, or has no such SLO."""

_BROKEN: Final = frozenset({"burning", "exhausted"})
_HEADS: Final = ("SLO", "STATE", "SINCE", "LEFT", "BURN", "REASON")

_Url = Annotated[str, typer.Option(help="The collector's pages and API.")]
_Slo = Annotated[str, typer.Option(help="This one alone. (default: all, worst first)", metavar="NAME")]
_Explain = Annotated[bool, typer.Option("--explain", help="Say how the numbers came about, too.")]
_Json = Annotated[bool, typer.Option("--json", help="Everything as the API gives it.")]


def status(url: _Url = PAGES, slo: _Slo = "", explain: _Explain = False, as_json: _Json = False) -> None:
    """Say how SLOs stand. Exits with 1 where one burns or has no budget left, with 2 where nobody can tell, else with 0."""
    with asked(url, EXIT_UNKNOWN) as client:
        found = _found(client, slo, explain=explain)
    typer.echo(json.dumps(found, indent=2) if as_json else _in_words(found, explain=explain))
    raise typer.Exit(EXIT_BROKEN if any(each["state"] in _BROKEN for each in found) else 0)


def _found(client: Client, slo: str, *, explain: bool) -> Sequence[JSON]:
    found = [client.slo(slo)] if slo else client.slos()
    return [client.slo(each["name"]) for each in found] if explain and not slo else found


def _in_words(slos: Sequence[JSON], *, explain: bool) -> str:
    """A line an SLO below their heads, and what explains them behind it."""
    if not slos:
        return "no SLO is declared, and no service was heard"
    explained = (f"\n{plain_lines(each['explanation'])}" for each in slos if explain)
    return "\n".join([table([_HEADS, *map(_row, slos)]), *explained])


def _row(slo: JSON) -> Sequence[str]:
    from ..slo import figures

    burn = next(iter(slo["burn_rates"].values()), None)
    held = [f"{each['severity']} {each['held_back']}" for each in slo["alerts"] if each["held_back"]]
    return (
        slo["name"],
        slo["state"].replace("_", " "),
        slo["since"],
        figures.percent(Fraction(str(slo["budget"]["remaining_ratio"]))),
        figures.burn(burn),
        "; ".join([slo["reason"], *held]),
    )
