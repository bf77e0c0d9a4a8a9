"""`fournines instrument`: an unchanged service, instrumented."""

from __future__ import annotations

from typing import Annotated

import typer

from .failure import fail


def instrument(
    command: Annotated[list[str], typer.Argument(metavar="CMD", help="The command and its own options.")],
    service: Annotated[str | None, typer.Option(help="The service's name, as OTEL_SERVICE_NAME.")] = None,
    version: Annotated[str | None, typer.Option(help="Its version: service.version.")] = None,
) -> None:
    """Run an unchanged service instrumented. Such as: fournines instrument --service payments -- uvicorn app:app

    The command takes this process's place. Exits 127 where it is not found, 126 where it can't be run.
    """
    from ..instrumentation.config.variables import environment
    from ..instrumentation.unchanged import CannotRun, launch

    try:
        ready = launch(command, environment(), service=service, version=version)
        for note in ready.notes:
            typer.echo(f"fournines: {note}", err=True)
        ready.run()
    except CannotRun as error:
        fail(f"fournines: {error}", error.code)
