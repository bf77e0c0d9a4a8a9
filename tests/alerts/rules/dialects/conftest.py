"""Other tools' files on their way: imported, written as OpenSLO, and read again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from fournines.slo import SLO
from fournines.slo.imported.load import import_files
from fournines.slo.openslo.load import read_declarations
from fournines.slo.openslo.written import write_openslo


@pytest.fixture
def carried(tmp_path: Path) -> Callable[[str], Sequence[SLO]]:
    """The SLOs of another tool's file as they are once that is imported and the OpenSLO file is loaded."""

    def carry(text: str) -> Sequence[SLO]:
        theirs, ours = tmp_path / "theirs.yaml", tmp_path / "ours.yaml"
        theirs.write_text(text, encoding="utf-8")
        found = import_files([theirs])
        assert () == found.faults
        ours.write_text(write_openslo(found.slos), encoding="utf-8")
        return read_declarations([ours]).slos

    return carry
