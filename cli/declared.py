"""`fournines import`: what a service declares in its code, as a file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .extra import collector_extra
from .failure import fail
from .options import PAGES

if TYPE_CHECKING:
    from ..client import JSON


def import_slos(
    from_service: Annotated[str, typer.Option(help="Service whose declared SLOs become a file.", metavar="SERVICE")],
    url: Annotated[str, typer.Option(help="The collector's pages and API.")] = PAGES,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to; made where there is none. (default: print)")
    ] = None,
) -> None:
    """Write what a service declares as a file. The SLOs in its code become OpenSLO v1."""
    declared = _declared(from_service, url)
    text = "---\n".join(one["openslo"] for one in declared)
    if out is None:
        typer.echo(text, nl=False)
        return
    path = out / f"{re.sub('[^a-z0-9]+', '-', from_service.lower()).strip('-') or 'service'}.yaml"
    _write_new(path, text)
    typer.echo(f"wrote {path}: {', '.join(one['name'] for one in declared)}")


def _declared(service: str, url: str) -> list[JSON]:
    with collector_extra():
        import httpx

        from ..client import Client

    try:
        with Client(url) as client:
            declared = client.declarations(service)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:  # ValueError: no name of a host, no kind of proxy
        reason = str(error).partition("\n")[0].rstrip(".")
        fail(
            f"the collector at {url} can't be asked: {reason}; say with --url where the pages of `fournines serve` are"
        )
    if not declared:
        fail(f"{service} declares no SLO, as far as the collector at {url} heard")
    return declared


def _write_new(path: Path, text: str) -> None:
    """Writes a file; one that is there already and says something else is left alone."""
    try:
        if path.exists() and path.read_text(encoding="utf-8") != text:
            fail(f"{path} is there already and differs: move it away, or choose another folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"can't write to {path}: {error}")
