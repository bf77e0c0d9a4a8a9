"""`fournines traces`: what failed or was slow lately, and one request from its beginning to its end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from .asking import asked
from .on_call import Json, Url
from .options import PAGES
from .plain import plain
from .table import table

if TYPE_CHECKING:
    from ..client import JSON

EXIT_UNKNOWN: Final = 2
"""Nobody can tell: the collector can't be asked, or keeps no such trace."""

_HEADS: Final = ("TRACE", "STATE", "BEGAN", "TOOK", "STATUS", "SERVICE", "WHAT")
_BAR: Final = 30
"""Columns of the waterfall's bars."""

_STATES: Final = ("failed", "slow", "sampled")

_Trace = Annotated[str, typer.Argument(help="Its id: show this one. (default: list the newest)", show_default=False)]
_Service = Annotated[str, typer.Option(help="Of this service, by its service.name.")]
_Route = Annotated[str, typer.Option(help="Of this route, such as /payments/{id}.")]
_State = Annotated[str, typer.Option(help="Kept because they are: failed, slow, sampled.")]
_Limit = Annotated[int, typer.Option(help="So many at most.", min=1, max=1_000)]


def traces(
    trace: _Trace = "",
    service: _Service = "",
    route: _Route = "",
    state: _State = "",
    limit: _Limit = 20,
    url: Url = PAGES,
    as_json: Json = False,
) -> None:
    """List kept traces, or show one. Exits with 2 where nobody can tell."""
    if state not in ("", *_STATES):
        raise typer.BadParameter(f"{state!r} is none of {', '.join(_STATES)}", param_hint="--state")
    with asked(url, EXIT_UNKNOWN) as client:
        if trace:
            one = client.trace(trace)
            typer.echo(json.dumps(one, indent=2) if as_json else "\n".join(_waterfall(one)))
            return
        found = client.traces(service or None, route or None, state or None, limit)["traces"]
    typer.echo(json.dumps(found, indent=2) if as_json else _listed(found))


def _listed(found: Sequence[JSON]) -> str:
    return table([_HEADS, *map(_row, found)]) if found else "no such trace is kept"


def _row(one: JSON) -> Sequence[str]:
    began, took, said = _moment(one["start"]), _length(one["duration_seconds"]), one["status_code"] or one["error"]
    return (one["trace_id"], one["state"], began, took, said or "-", one["service"], one["name"])


def _waterfall(trace: JSON) -> Iterator[str]:
    """A line a span, parents before their children, each with its bar; then what was logged meanwhile."""
    spans = trace["spans"]
    begins = spans[0]["start"] if spans else trace["received"]
    whole = max((span["offset_seconds"] + span["duration_seconds"] for span in spans), default=0.0)
    yield plain(f"{trace['trace_id']}  {trace['state']}  {trace['service']} {trace['route']}  {_moment(begins)}")
    heads = ("SPAN", "SERVICE", "AFTER", "TOOK", "STATUS", "")
    yield table([heads, *(_span(span, whole) for span in spans)])
    for log in trace["logs"]:
        body = log["body"] if isinstance(log["body"], str) else json.dumps(log["body"])
        yield plain(f"{_moment(log['time'])}  {log['service']}  {log['severity']}: {body}")


def _span(span: JSON, whole: float) -> Sequence[str]:
    said = " ".join(filter(None, (span["status"], span["status_message"])))
    name = "  " * span["depth"] + span["name"]
    return (
        name,
        span["service"],
        _length(span["offset_seconds"]),
        _length(span["duration_seconds"]),
        said,
        _bar(span, whole),
    )


def _bar(span: JSON, whole: float) -> str:
    """When it ran within the whole: at least one sign, however short."""
    share = _BAR / whole if whole > 0 else 0.0
    before: int = min(int(max(span["offset_seconds"], 0.0) * share), _BAR - 1)
    long: int = max(1, round(span["duration_seconds"] * share))
    return " " * before + "=" * min(long, _BAR - before)


def _length(seconds: float) -> str:
    return f"{seconds * 1_000:,.1f} ms"


def _moment(at: float) -> str:
    """Epoch seconds as RFC 3339 in UTC, to the millisecond."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
