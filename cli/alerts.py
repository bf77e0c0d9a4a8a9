"""`fournines alerts`: what is open, who has it, and why somebody was told or not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from .asking import asked
from .on_call import Json, Url
from .options import PAGES
from .plain import plain
from .table import table

if TYPE_CHECKING:
    from ..client import JSON

EXIT_WAITING: Final = 1
"""A page is open that nobody has, and that is not held back."""

EXIT_UNKNOWN: Final = 2
"""Nobody can tell: the collector can't be asked."""

_HEADS: Final = ("ALERT", "NUMBER", "SEVERITY", "SINCE", "WHO", "REASON")

_Why = Annotated[bool, typer.Option("--why", help="Say what was decided about each, and why.")]


def alerts(context: typer.Context, url: Url = PAGES, why: _Why = False, as_json: Json = False) -> None:
    """Say what is open, take it on, silence it. Exits with 1 while a page is open that nobody has, with 2 where nobody can tell."""
    if context.invoked_subcommand is not None:
        if url != PAGES or why or as_json:
            raise typer.BadParameter(
                f"options stand behind {context.invoked_subcommand}, which is what they are meant for"
            )
        return
    with asked(url, EXIT_UNKNOWN) as client:
        found = client.alerts()
    typer.echo(json.dumps(found, indent=2) if as_json else _in_words(found, why=why))
    raise typer.Exit(EXIT_WAITING if any(map(_waits, found)) else 0)


def _waits(alert: JSON) -> bool:
    """Whether somebody has to take it on: a page that nobody has, and that nothing holds back."""
    return alert["severity"] == "page" and alert["acknowledged"] is None and alert["held_back"] is None


def _in_words(alerts: Sequence[JSON], *, why: bool) -> str:
    """A line an alert below their heads, and behind it what was decided about each."""
    if not alerts:
        return "nothing is open"
    lines = [table([_HEADS, *map(_row, alerts)])]
    for each in alerts if why else ():
        lines += ["", plain(f"{each['key']}:"), *map(plain, _decisions(each))]
    return "\n".join(lines)


def _row(alert: JSON) -> Sequence[str]:
    taken = alert["acknowledged"]
    who = "-" if taken is None else f"{taken['by']} until {taken['until']}"
    said = [alert["reason"], *filter(None, [alert["held_back"]])]
    return (alert["key"], str(alert["number"]), alert["severity"], alert["since"], who, "; ".join(said))


def _decisions(alert: JSON) -> Iterator[str]:
    """What each stage decided, then what people wrote down."""
    for each in alert["why"]:
        yield f"  {each['at']}  {each['stage']}: {each['decision']}: {each['reason']}"
    for each in alert["notes"]:
        yield f"  {each['at']}  note of {each['by']}: {each['text']}"
