"""`fournines admin`: a collector's data looked after."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .extra import collector_extra
from .failure import EXIT_FAULT, fail
from .options import ConfigOption, Data

if TYPE_CHECKING:
    from ..settings import Settings


def warmup(
    config: ConfigOption = None,
    data: Data = None,
    kernels: Annotated[Path | None, typer.Option(help="Folder to fill. (default: kernels, in the data folder)")] = None,
) -> None:
    """Compile the decoders now. The first start then need not: for images and for read-only file systems."""
    with collector_extra():
        from ..collector import CollectorError
        from ..collector.kernels import warm_up

        folder = _settings(config, data, kernels).kernels_folder
    try:
        warm_up(folder, typer.echo)
    except CollectorError as error:
        fail(error)
    typer.echo(f"the decoders are in {folder}")


def backup(
    target: Annotated[Path, typer.Argument(help="File to make; it must not be there yet.")],
    config: ConfigOption = None,
    data: Data = None,
) -> None:
    """Copy the ledger. It may be in use; the copy is whole, checked, and one file."""
    with collector_extra():
        from ..collector import LedgerError
        from ..collector.ledger.backup import backup as copy

        folder = _settings(config, data).data
    try:
        size = copy(folder, target, _progress)
    except LedgerError as error:
        fail(error)
    typer.echo(f"{target} holds the ledger, {size:,} bytes")


def verify(
    path: Annotated[Path | None, typer.Argument(help="A ledger, a copy of one, or a data folder.")] = None,
    config: ConfigOption = None,
    data: Data = None,
) -> None:
    """Check a ledger. Its pages, and that every count adds up; the exit code says whether it is sound."""
    with collector_extra():
        from ..collector import LedgerError
        from ..collector.ledger.verify import verify as check_ledger

        ledger = path or _settings(config, data).data
    try:
        verdict = check_ledger(ledger, _progress)
    except LedgerError as error:
        fail(error)
    typer.echo(str(verdict))
    if not verdict.sound:
        raise typer.Exit(EXIT_FAULT)


def _settings(config: Path | None, data: Path | None, kernels: Path | None = None) -> Settings:
    from ..settings import Flags, SettingsError, load

    try:
        return load(config, Flags(data=data, kernels=kernels))
    except SettingsError as error:
        fail(error)


def _progress(what: str, share: float) -> None:
    """Says how far a long work is, to people who watch."""
    if sys.stderr.isatty():
        typer.echo(f"\r{what}: {share:4.0%} ", nl=share >= 1, err=True)
