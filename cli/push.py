"""`fournines push`: the built dashboards and rules into Grafana."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import typer

from .asking import asked
from .extra import collector_extra
from .failure import EXIT_FAULT, fail
from .options import PAGES
from .slo_files import check_addresses, check_traces, declarations_in

if TYPE_CHECKING:
    from ..dashboards.grafana.push.api import GrafanaApi
    from ..dashboards.grafana.push.change import PushChange
    from ..dashboards.grafana.surroundings import Surroundings
    from ..slo import SLO

_MONTH: Final = 30 * 86_400


class _Wanted(NamedTuple):
    """What is to be pushed."""

    slos: Sequence[SLO]
    around: Surroundings
    folder: str
    datasource: str
    prometheus: str
    deployments: bool


_TokenFile = Annotated[
    Path | None, typer.Option(help="File with a service account's token. (default: FOURNINES_GRAFANA_TOKEN)")
]
_Prometheus = Annotated[
    str, typer.Option(help="Where Prometheus is, as Grafana reaches it: the data source is made of it.")
]
_Marks = Annotated[
    bool,
    typer.Option("--deployments", help="Mark the last 30 days' deployments that the collector at --url knows."),
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would change, and how; change nothing.")]


def push(
    slos: Annotated[Path, typer.Option(help="SLO file, or folder of SLO files.")],
    grafana: Annotated[str, typer.Option(help="Where Grafana is, such as https://grafana.example.com.")],
    token_file: _TokenFile = None,
    folder: Annotated[str, typer.Option(help="The folder's title, where it is made anew.")] = "SLO",
    datasource: Annotated[str, typer.Option(help="The uid of Grafana's Prometheus.")] = "prometheus",
    prometheus: _Prometheus = "",
    url: Annotated[str, typer.Option(help="Where people reach the collector's pages, for links.")] = PAGES,
    traces: Annotated[str, typer.Option(help="Who keeps traces: own, tempo:UID, jaeger:UID or xray:UID.")] = "own",
    cloudwatch: Annotated[str, typer.Option(metavar="REGION", help="Where services live in AWS.")] = "",
    deployments: _Marks = False,
    dry_run: _DryRun = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite also what people changed in Grafana.")] = False,
) -> None:
    """Push dashboards and alert rules into Grafana.

    What a person changed there is refused and stays, unless by `--force`; then, or when Grafana fails, it exits 1.
    """
    check_addresses({"--grafana": grafana, "--url": url, **({"--prometheus": prometheus} if prometheus else {})})
    check_traces(traces)
    with collector_extra():
        from ..dashboards.grafana.push.api import GrafanaApi, PushError
        from ..dashboards.grafana.surroundings import Surroundings, parse_traces
        from ..settings.grafana_token import grafana_token
    around = Surroundings(url.rstrip("/"), *parse_traces(traces), cloudwatch)
    wanted = _Wanted(declarations_in([slos]).slos, around, folder, datasource, prometheus, deployments)
    try:
        token = grafana_token(token_file)
    except ValueError as error:
        fail(str(error))
    try:
        with GrafanaApi(grafana, token) as api:
            refused = [_done(change, dry_run=dry_run) for change in _changes(api, wanted, force=force)].count(False)
    except PushError as error:
        fail(str(error))
    if refused:
        raise typer.Exit(EXIT_FAULT)


def _done(change: PushChange, *, dry_run: bool) -> bool:
    """Does it, unless it is only to be said; whether it was not refused."""
    from ..dashboards.grafana.push.change import Action

    typer.echo(f"{change.action.value} {change.what}{f': {change.reason}' if change.reason else ''}")
    if dry_run and change.diff:
        typer.echo(change.diff)
    if change.action is Action.REFUSE:
        return False
    if not dry_run:
        change.apply()
    return True


def _changes(api: GrafanaApi, wanted: _Wanted, *, force: bool) -> Iterator[PushChange]:
    """One after the other: what others are put into, or ask, comes first."""
    from ..alerts.rules.grafana.provision import build_groups
    from ..dashboards import build_dashboards
    from ..dashboards.grafana.alert_panels import alert_panels
    from ..dashboards.grafana.data_source import data_source
    from ..dashboards.grafana.push.boards import board_changes, folder_change
    from ..dashboards.grafana.push.marks import mark_changes
    from ..dashboards.grafana.push.rules import rule_changes
    from ..dashboards.grafana.push.sources import source_change

    around, slos = wanted.around, wanted.slos
    source = data_source(around, wanted.prometheus, wanted.datasource) if wanted.prometheus else None
    yield source_change(api, wanted.datasource, source, force=force)
    yield folder_change(api, wanted.folder)
    yield from board_changes(api, build_dashboards(slos, around), force=force)
    groups = build_groups(slos, around.pages, wanted.datasource, alert_panels(slos))
    yield from rule_changes(api, groups, force=force)
    yield from mark_changes(api, _deployments(around.pages) if wanted.deployments else [])


def _deployments(url: str) -> Sequence[Any]:
    with asked(url) as client:
        return client.deployments("", _MONTH)["deployments"]
