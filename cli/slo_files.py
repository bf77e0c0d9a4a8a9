"""`fournines check` and `fournines build`: SLO files judged, and made into rules and dashboards."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .extra import collector_extra
from .failure import fail
from .options import PAGES

if TYPE_CHECKING:
    from ..slo import SLO


class BuildTarget(StrEnum):
    """What `build` writes."""

    ALL = "all"
    PROMETHEUS = "prometheus"
    GRAFANA = "grafana"


def check(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="SLO files, or folders of them.", readable=False)],
) -> None:
    """Validate SLO files. Every fault is said with file, line and path; exits 1 when there is one."""
    slos = _loaded(paths)
    from ..slo import advise

    for advice in advise(slos):
        typer.echo(f"advice: {advice}")
    typer.echo(f"{len(slos)} SLO{'s' if len(slos) != 1 else ''} valid: {', '.join(slo.name for slo in slos)}")


def build(
    slos: Annotated[Path, typer.Option(help="SLO file, or folder of SLO files.")],
    out: Annotated[Path, typer.Option(help="Folder to write to; made where there is none.")],
    target: Annotated[BuildTarget, typer.Option(help="What to write.")] = BuildTarget.ALL,
    url: Annotated[str, typer.Option(help="Where people reach the collector's pages, for links.")] = PAGES,
) -> None:
    """Write rules and dashboards from SLO files. The rules are Prometheus', the dashboards Grafana's."""
    loaded = _loaded([slos])
    with collector_extra():
        from ..alerts import write as write_rules
        from ..dashboards import write as write_dashboards

    written: list[Path] = []
    try:
        if target in (BuildTarget.ALL, BuildTarget.PROMETHEUS):
            written += write_rules(out, loaded, url.rstrip("/"))
        if target in (BuildTarget.ALL, BuildTarget.GRAFANA):
            written += write_dashboards(out, loaded)
    except OSError as error:
        fail(f"can't write to {out}: {error}")
    for path in written:
        typer.echo(f"wrote {path}")


def _loaded(paths: Sequence[Path]) -> Sequence[SLO]:
    with collector_extra():
        from ..slo import SpecError, load_slos

    try:
        return load_slos(paths)
    except SpecError as error:
        count = len(error.faults)
        fail(f"{error}\n{count} fault{'s' if count > 1 else ''} found")
