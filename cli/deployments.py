"""`fournines deployments`: what went out, and what it did."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Final

import typer

from .asking import asked
from .extra import collector_extra
from .options import PAGES
from .table import table

if TYPE_CHECKING:
    from ..client import JSON

_HEADS: Final = ("SERVICE", "VERSION", "BEGAN", "TOOK", "AUTHOR", "BURNT", "FAILED")

_Service = Annotated[str, typer.Option(help="Those of this service alone, by its service.name. (default: of all)")]
_Last = Annotated[str, typer.Option(help="Those that began in a time until now, such as 7d.")]
_Url = Annotated[str, typer.Option(help="The collector's pages and API.")]
_Json = Annotated[bool, typer.Option("--json", help="Everything as the API gives it.")]


def deployments(service: _Service = "", last: _Last = "30d", url: _Url = PAGES, as_json: _Json = False) -> None:
    """Say what went out, and what it cost."""
    with collector_extra():
        from ..slo import InvalidValue, Window
    try:
        seconds = Window.parse(last).seconds
    except InvalidValue as error:
        raise typer.BadParameter(str(error), param_hint="--last") from None
    with asked(url) as client:
        found = client.deployments(service, seconds)
    typer.echo(json.dumps(found, indent=2) if as_json else _in_words(found, last))


def _in_words(found: JSON, last: str) -> str:
    if not found["deployments"]:
        return f"nobody told of a deployment in the last {last}"
    return f"{_figures(found['figures'])}\n\n{table([_HEADS, *map(_row, found['deployments'])])}"


def _figures(said: JSON) -> str:
    """The figures of all, a line each."""
    rate = said["change_failure_rate"]
    lines = (
        ("release frequency", f"{said['deployments']} ended, {_rounded(said['per_day'])} a day"),
        ("deployment time", _length(said["seconds_to_deploy"], "median")),
        ("change-failure rate", "-" if rate is None else f"{said['failed']} of {said['deployments']}, {_share(rate)}"),
        ("time to restore", _length(said["seconds_to_restore"], "median")),
    )
    return "\n".join(f"{name:<20}  {text}" for name, text in lines)


def _row(one: JSON) -> tuple[str, ...]:
    worst = max((each["share"] for each in one["budget_burnt"] if each["share"] is not None), default=None)
    began = one["started"] or one["finished"] or one["rolled_back"]
    failed = "; ".join(one["failures"]) or "-"
    burnt = "-" if worst is None else _share(worst)
    return (one["service"], one["version"], began, _length(one["seconds"]), one["author"] or "-", burnt, failed)


def _length(seconds: float | None, what: str = "") -> str:
    from ..slo import figures

    return "-" if seconds is None else f"{figures.duration(seconds)} {what}".rstrip()


def _rounded(number: float) -> str:
    """To two figures."""
    return f"{float(f'{number:.2g}'):g}"


def _share(ratio: float) -> str:
    from ..slo import figures

    return figures.percent(ratio)
