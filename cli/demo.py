"""`fournines demo`: the example bank."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .extra import collector_extra


def demo(
    seed: Annotated[int, typer.Option(help="Seed of the load: the same seed sends the same requests.")] = 9,
    rps: Annotated[float, typer.Option(help="Requests a second at the gateway.", min=1, max=1000)] = 50.0,
    keep: Annotated[bool, typer.Option("--keep", help="Stay up afterwards, until Ctrl-C.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Eleven minutes: also see the gateway's page resolve.")] = False,
    out: Annotated[Path, typer.Option(help="Folder for summary.json, dashboards and rules.")] = Path("demo-out"),
) -> None:
    """Run the example bank through an outage. Load, budget, page, recovery, and a summary that adds up."""
    with collector_extra():
        from ..examples.fintech_edge.demo import run

    raise typer.Exit(run(out, seed=seed, rps=rps, keep=keep, full=full))
