"""What the tests of imports share."""

import pytest

from fournines.slo import load_slos, write_openslo
from fournines.slo.imported.load import import_files


@pytest.fixture
def imported(tmp_path):
    """What a text is imported as; its SLOs can be written down, and are read as the same again."""

    def read(text):
        path = tmp_path / "foreign.yaml"
        path.write_text(text)
        found = import_files([path])
        if found.slos:
            ours = tmp_path / "ours.yaml"
            ours.write_text(write_openslo(found.slos))
            again = load_slos([ours])
            assert ours.read_text() == write_openslo(again)
            assert [(slo.sli, slo.objective, slo.window, slo.rules) for slo in found.slos] == [
                (slo.sli, slo.objective, slo.window, slo.rules) for slo in again
            ]
        return found

    return read
