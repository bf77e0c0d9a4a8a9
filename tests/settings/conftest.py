"""A folder to start a collector in, and what is said of a file in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fournines.settings import Flags, SettingsError, load


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """The working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(folder) -> Callable[[str], Path]:
    """Writes the configuration file there."""

    def written(text: str) -> Path:
        path = folder / "fournines.yaml"
        path.write_text(text)
        return path

    return written


@pytest.fixture
def fault(write):
    """What is wrong with a file that says this."""

    def found(text: str, environ: dict[str, str] | None = None) -> SettingsError:
        with pytest.raises(SettingsError) as caught:
            load(write(text), Flags(), environ or {})
        return caught.value

    return found
