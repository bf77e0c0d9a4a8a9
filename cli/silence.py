"""`fournines silence`, and `fournines alerts silence`, `unsilence` and `silences`: alerts that nobody is told of for a while."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from .asking import asked
from .on_call import Author, Json, Url, lasting, said
from .options import PAGES
from .table import table

if TYPE_CHECKING:
    from ..client import JSON

_HEADS: Final = ("SILENCE", "STATE", "WHOSE", "FROM", "UNTIL", "BY", "REASON")

_Slo = Annotated[str, typer.Argument(help="Of this SLO; * stands for anything.", show_default=False)]
_Service = Annotated[str, typer.Option(help="Of this service, with all its SLOs; * stands for anything.")]
_Severity = Annotated[str, typer.Option(help="Pages or tickets alone: page, ticket.")]
_Match = Annotated[
    list[str], typer.Option(help="Of alerts with such a label: team=pay*. Repeatable.", metavar="LABEL=PATTERN")
]
_For = Annotated[
    str, typer.Option("--for", "--until", help="How long, such as 2h, or until when: 2026-01-31T02:00:00Z.")
]
_Start = Annotated[str, typer.Option(help="From when: 2026-01-31T02:00:00Z. (default: now)")]
_Reason = Annotated[str, typer.Option(help="Why; the audit log keeps it.")]
_Number = Annotated[int, typer.Argument(help="The number of the silence.", min=1)]
_Past = Annotated[int, typer.Option(help="So many of those that are over, too.", min=0, max=1_000)]


def silence(
    how_long: _For,
    reason: _Reason,
    author: Author,
    slo: _Slo = "",
    service: _Service = "",
    severity: _Severity = "",
    match: _Match = [],  # noqa: B006 - typer makes a list of its own for every call
    start: _Start = "",
    url: Url = PAGES,
    as_json: Json = False,
) -> None:
    """Have nobody told of alerts for a while."""
    words = {"slo": slo, "service": service, "severity": severity, "start": start, "reason": reason, "author": author}
    body: JSON = {key: text for key, text in words.items() if text}
    with asked(url) as client:
        made = client.silence({**body, **lasting(how_long), "matchers": dict(map(_pair, match))})
    done = f"alerts with {_whose(made)} are silenced until {made['until']}; this is silence {made['id']}"
    said(made, done, as_json=as_json)


def unsilence(number: _Number, reason: _Reason, author: Author, url: Url = PAGES, as_json: Json = False) -> None:
    """End a silence: who waited for it is told."""
    with asked(url) as client:
        ended = client.end_silence(number, author, reason)
    said(ended, f"silence {number} of alerts with {_whose(ended)} is over", as_json=as_json)


def silences(url: Url = PAGES, past: _Past = 0, as_json: Json = False) -> None:
    """Say what is silenced, by whom, until when and why."""
    with asked(url) as client:
        found = client.silences(past)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    else:
        typer.echo(table([_HEADS, *map(_row, found)]) if found else "nothing is silenced")


def _pair(text: str) -> tuple[str, str]:
    label, equals, pattern = text.partition("=")
    if not (label and equals):
        raise typer.BadParameter(f"{text!r} is no label and pattern; write team=pay*", param_hint="--match")
    return label, pattern


def _row(silence: JSON) -> Sequence[str]:
    ended = "" if silence["ended"] is None else f"; ended by {silence['ended_by']}: {silence['ended_reason']}"
    until = silence["ended"] or silence["until"]
    head = (str(silence["id"]), silence["state"], _whose(silence), silence["start"], until)
    return (*head, silence["author"], f"{silence['reason']}{ended}")


def _whose(silence: JSON) -> str:
    return ", ".join(f"{label}={pattern}" for label, pattern in silence["matchers"].items())
