"""The options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

PAGES: Final = "http://127.0.0.1:8400"
"""Where `fournines serve` shows its pages unless it is told otherwise."""

ConfigOption = Annotated[
    Path | None, typer.Option(help="Configuration file. (default: ./fournines.yaml, where there is one)")
]
Data = Annotated[
    Path | None, typer.Option(help="Folder of the ledger and everything kept. (default: ./fournines-data)")
]
