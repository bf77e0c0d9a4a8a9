"""Paths: one that the file writes counts from the file's folder, one that is typed from the working directory."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, ValidationInfo


def _from_folder(value: object, info: ValidationInfo) -> object:
    """The file's folder is the validation's context. What was typed is a `Path` already, and stays as it is."""
    return str(info.context / value) if info.context and isinstance(value, str) else value


WrittenPath = Annotated[Path, BeforeValidator(_from_folder)]

WrittenPattern = Annotated[str, BeforeValidator(_from_folder)]
"""A path whose last part may hold `*`."""
