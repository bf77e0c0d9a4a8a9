"""How a command ends that can't do what was asked: a sentence on the standard error, and an exit code."""

from __future__ import annotations

from typing import Final, NoReturn

import typer

from .plain import plain_lines

EXIT_FAULT: Final = 1
"""What was given holds a fault. A command that was mistyped ends with 2."""


def fail(message: object, code: int = EXIT_FAULT) -> NoReturn:
    """Says what is wrong and what to do, and ends the command."""
    typer.echo(plain_lines(str(message)), err=True)
    raise typer.Exit(code)
