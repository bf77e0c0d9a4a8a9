"""`fournines check`, `fmt` and `build`: SLO files judged, put in order, and made into rules and dashboards."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .build_targets import Asked, BuildTarget, Dialect, GrafanaFiles, write_targets
from .extra import collector_extra
from .failure import EXIT_FAULT, fail
from .options import PAGES

if TYPE_CHECKING:
    from ..slo.openslo.load import Declarations


_Paths = Annotated[
    list[Path] | None, typer.Argument(metavar="PATH...", help="SLO files, or folders of them.", readable=False)
]


def check(
    paths: _Paths = None,
    strict: Annotated[bool, typer.Option("--strict", help="Take advice, and a missing runbook, for faults.")] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print a JSON Schema of SLO files for editors, and check nothing.")
    ] = False,
    rate: Annotated[
        str, typer.Option(metavar="5/s", help="Advise for so much traffic: events per s, m, h or d of each SLO.")
    ] = "",
    url: Annotated[str, typer.Option(help="Advise for the traffic that the collector there saw.")] = "",
) -> None:
    """Validate SLO files. Every fault is said with file, line, column and path; exits 1 when there is one.

    Advice is no fault, nor that a runbook is missing which a page requires, unless it is `--strict`.
    """
    if schema:
        _print_schema()
        return
    declared = declarations_in(_given(paths))
    from ..slo import advise
    from ..slo.annotations import without_runbook
    from .traffic import rates_at

    advice, slos = (*declared.remarks, *advise(declared.slos, rates_at(declared.slos, rate, url))), declared.slos
    required = without_runbook(slos)
    for each in required:
        typer.echo(f"required: {each}")
    for each in advice:
        typer.echo(f"advice: {each}")
    typer.echo(f"{len(slos)} SLO{'s' if len(slos) != 1 else ''} valid: {', '.join(slo.name for slo in slos)}")
    if strict and (required or advice):
        fail("what is required or advised counts as a fault where it is `--strict`")


def fmt(
    paths: _Paths = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 where a file would change.")] = False,
) -> None:
    """Write SLO files in canonical form. Keys in the order of the specification, block style, comments kept."""
    with collector_extra():
        from ..slo.openslo.canonical import canonical_files

    texts, faults = canonical_files(_given(paths))
    for path, text in texts.items():
        typer.echo(f"{'would change' if check else 'changed'} {path}")
        if not check:
            _write(path, text)
    if faults:
        fail("\n".join(map(str, faults)))
    if check and texts:
        raise typer.Exit(EXIT_FAULT)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"can't write {path}: {error.strerror}")


def _print_schema() -> None:
    with collector_extra():
        from ..slo.openslo.schema import json_schema

    typer.echo(json.dumps(json_schema(), indent=2))


def _given(paths: Sequence[Path] | None) -> Sequence[Path]:
    if not paths:
        raise typer.BadParameter("say which SLO files, or folders of them", param_hint="PATH")
    return paths


_Traces = Annotated[
    str, typer.Option(help="Who keeps traces that Grafana leads to: own, tempo:UID, jaeger:UID or xray:UID.")
]
_Region = Annotated[
    str, typer.Option(metavar="REGION", help="Where services live in AWS: Grafana shows CloudWatch as well.")
]
_Form = Annotated[
    GrafanaFiles, typer.Option(help="Beside Grafana's files: ConfigMaps for Kubernetes, or Terraform JSON.")
]
_Dialect = Annotated[
    Dialect, typer.Option(help="Whose rules Prometheus gets: ours, or to the letter those of another tool.")
]


def build(
    slos: Annotated[Path, typer.Option(help="SLO file, or folder of SLO files.")],
    out: Annotated[Path, typer.Option(help="Folder to write to; made where there is none.")],
    target: Annotated[BuildTarget, typer.Option(help="What to write.")] = BuildTarget.ALL,
    dialect: _Dialect = Dialect.FOURNINES,
    url: Annotated[str, typer.Option(help="Where people reach the collector's pages, for links.")] = PAGES,
    pages_to: Annotated[str, typer.Option(help="The webhook that others send pages to.")] = "",
    tickets_to: Annotated[str, typer.Option(help="The webhook that others send tickets to.")] = "",
    heartbeats_to: Annotated[str, typer.Option(help="The webhook of who calls when heartbeats stop.")] = "",
    datasource: Annotated[str, typer.Option(help="The uid of Grafana's Prometheus, for alert rules.")] = "",
    traces: _Traces = "own",
    cloudwatch: _Region = "",
    grafana_as: _Form = GrafanaFiles.FILES,
) -> None:
    """Write rules and dashboards of SLO files. For Prometheus, Alertmanager, Grafana and CloudWatch."""
    to = {"pages": pages_to, "tickets": tickets_to, "heartbeats": heartbeats_to}
    named = {kind: address for kind, address in to.items() if address}
    check_addresses({"--url": url, **{f"--{kind}-to": address for kind, address in named.items()}})
    check_traces(traces)
    asked = Asked(
        declarations_in([slos]).slos,
        out,
        url.rstrip("/"),
        named,
        datasource,
        dialect,
        traces=traces,
        cloudwatch=cloudwatch,
        grafana_as=grafana_as,
    )
    try:
        with collector_extra():
            written = list(write_targets(target, asked))
    except OSError as error:
        fail(f"can't write to {out}: {error}")
    for note in dict.fromkeys(note for each in written for note in each.notes):
        typer.echo(f"note: {note}", err=True)
    for path in (path for each in written for path in each.files):
        typer.echo(f"wrote {path}")


def check_addresses(given: Mapping[str, str]) -> None:
    """Ends the command for one that is none: Alertmanager would refuse the whole file for it, when it is loaded."""
    from ..slo import InvalidValue
    from ..slo.annotations import parse_link

    for option, address in given.items():
        try:
            parse_link(address)
        except InvalidValue as error:
            raise typer.BadParameter(str(error), param_hint=option) from None


def check_traces(given: str) -> None:
    """Ends the command where nobody can keep traces who is called so."""
    with collector_extra():
        from ..dashboards.grafana.surroundings import parse_traces
        from ..slo import InvalidValue

    try:
        parse_traces(given)
    except InvalidValue as error:
        raise typer.BadParameter(str(error), param_hint="--traces") from None


def declarations_in(paths: Sequence[Path]) -> Declarations:
    """What SLO files declare; the command ends where they hold a fault."""
    with collector_extra():
        from ..slo import SpecError
        from ..slo.openslo.load import read_declarations

    try:
        return read_declarations(paths)
    except SpecError as error:
        count = len(error.faults)
        fail(f"{error}\n{count} fault{'s' if count > 1 else ''} found")
