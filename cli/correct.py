"""`fournines correct`: time taken out of SLOs by hand."""

from __future__ import annotations

from typing import Annotated

import typer

from .asking import asked
from .on_call import Json, said
from .options import PAGES

_Slo = Annotated[str, typer.Option(help="Out of this SLO.", metavar="NAME")]
_Service = Annotated[str, typer.Option(help="Out of every SLO of this service, those yet to come among them.")]
_Start = Annotated[str, typer.Option(help="2026-01-31T02:00:00Z, or '2026-01-31 02:00:00' in --zone.")]
_End = Annotated[str, typer.Option(help="The same.")]
_Duration = Annotated[str, typer.Option(help="Instead of an end, such as 90m.")]
_Rule = Annotated[str, typer.Option(help="Again and again: a recurrence of RFC 5545, such as FREQ=WEEKLY;BYDAY=SU.")]
_Zone = Annotated[str, typer.Option(help="On whose clocks. (default: UTC)")]
_Author = Annotated[str, typer.Option(help="Who takes it out; the audit log keeps it.")]
_Reason = Annotated[str, typer.Option(help="Why; the audit log keeps it.")]
_Url = Annotated[str, typer.Option(help="The collector's pages and API.")]


def correct(
    start: _Start,
    author: _Author,
    reason: _Reason,
    slo: _Slo = "",
    service: _Service = "",
    end: _End = "",
    duration: _Duration = "",
    rule: _Rule = "",
    zone: _Zone = "",
    url: _Url = PAGES,
    as_json: Json = False,
) -> None:
    """Take time out of SLOs, for maintenance say."""
    whom = {"slo": slo, "service": service}
    when = {
        "start": start,
        "end": end,
        "duration": duration,
        "rule": rule,
        "zone": zone,
        "author": author,
        "reason": reason,
    }
    with asked(url) as client:
        made = client.correct({key: text for key, text in (whom | when).items() if text})
    done = f"{slo or service} is corrected from {made['start']} to {made['end']}; this is correction {made['id']}"
    said(made, done, as_json=as_json)
