"""The token that Grafana knows us by: from a file or the environment, never from the command line, where all who list processes read it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import SecretStr

VARIABLE: Final = "FOURNINES_GRAFANA_TOKEN"


def grafana_token(path: Path | None, environ: Mapping[str, str] | None = None) -> SecretStr:
    """The token in a file, or where none is named that of the environment. `ValueError` where there is none."""
    environ = os.environ if environ is None else environ
    try:
        text = environ.get(VARIABLE, "") if path is None else path.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"can't read the token file {path}: {error.strerror}") from None
    token = text.strip()
    if not token or not (token.isascii() and token.isprintable()):
        raise ValueError(f"no token: set {VARIABLE}, or say --token-file")
    return SecretStr(token)
