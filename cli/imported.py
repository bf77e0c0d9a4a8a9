"""`fournines import`: SLOs that are declared elsewhere, as OpenSLO files: in other tools' files, or in a service's code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from .declared import declared_by
from .extra import collector_extra
from .failure import EXIT_FAULT, fail
from .options import PAGES

if TYPE_CHECKING:
    from ..slo import SLO, Fault


class _Written(NamedTuple):
    """An SLO as a document of a file."""

    name: str
    service: str
    text: str


def import_slos(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PATH...", help="Files of Sloth, Pyrra or slo-generator, or folders of them.", readable=False
        ),
    ] = None,
    from_service: Annotated[
        str, typer.Option(help="A service whose declared SLOs become a file.", metavar="SERVICE")
    ] = "",
    url: Annotated[str, typer.Option(help="The collector's pages and API.")] = PAGES,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder to write to, a file a service; made where there is none. (default: print)"),
    ] = None,
) -> None:
    """Turn other tools' files into OpenSLO v1.

    Reads those of Sloth, Pyrra and slo-generator, and says with file, line and path what of them is not carried over; exits 1 where an SLO
    is not. With --from-service what a service declares in its code becomes a file.
    """
    if not (paths or from_service):
        raise typer.BadParameter("say which files, or with --from-service whose SLOs", param_hint="PATH")
    imported, faults = _of_files(paths) if paths else ([], ())
    declared = declared_by(from_service, url) if from_service else []
    written = [*imported, *(_Written(one["name"], from_service, one["openslo"]) for one in declared)]
    if out is None:
        typer.echo("---\n".join(one.text for one in written), nl=False)
    else:
        _write(out, written)
    if faults:
        fail("\n".join(f"not carried over: {fault}" for fault in faults), EXIT_FAULT)


def _of_files(paths: Sequence[Path]) -> tuple[list[_Written], Sequence[Fault]]:
    with collector_extra():
        from ..slo import write_openslo
        from ..slo.imported.load import import_files

    found = import_files(paths)
    for remark in found.remarks:
        typer.echo(f"note: {remark}", err=True)

    def written(slo: SLO) -> _Written:
        return _Written(slo.name, slo.service, write_openslo([slo]))

    return [written(slo) for slo in found.slos], found.faults


def _write(out: Path, written: Sequence[_Written]) -> None:
    """A file a service."""
    files: dict[Path, list[_Written]] = {}
    for one in written:
        name = re.sub("[^a-z0-9]+", "-", one.service.lower()).strip("-") or "service"
        files.setdefault(out / f"{name}.yaml", []).append(one)
    for path, held in files.items():
        _write_new(path, "---\n".join(one.text for one in held))
        typer.echo(f"wrote {path}: {', '.join(one.name for one in held)}")


def _write_new(path: Path, text: str) -> None:
    """Writes a file; one that is there already and says something else is left alone."""
    try:
        if path.exists() and path.read_text(encoding="utf-8") != text:
            fail(f"{path} is there already and differs: move it away, or choose another folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"can't write to {path}: {error}")
