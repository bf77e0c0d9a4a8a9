"""SLO files that change while the collector runs."""

import pytest

from fournines.collector import Unavailable
from fournines.serving import SloReload
from fournines.slo import SloFiles, write_openslo

NOW = 1_790_000_000.0


@pytest.fixture
def path(tmp_path, slo):
    """The file, and what it says at first."""
    path = tmp_path / "slos.yaml"
    path.write_text(write_openslo([slo("first")]))
    return path


@pytest.fixture
def files(path):
    """As they were read at the start."""
    files = SloFiles(path)
    files.read()
    return files


def test_only_a_change_is_read(opened, files, path, slo):
    """Files that look as before are left alone; others are in force once it is said."""
    collector = opened(*files.slos)
    reload = SloReload(files, collector, lambda: NOW)

    assert not reload.refresh()
    path.write_text(write_openslo([slo("second"), slo("third")]))
    assert reload.refresh()
    assert ["second", "third"] == [one.name for one in collector.slos]
    assert not reload.refresh()


def test_a_fault_leaves_the_slos_in_force(opened, files, path, slo, caplog):
    """It is said once, in the log and for the pages, until the file is mended."""
    collector = opened(*files.slos)
    reload = SloReload(files, collector, lambda: NOW)
    path.write_text("kind: SLO\n")

    assert [False, False] == [reload.refresh(), reload.refresh()]
    assert ["first"] == [one.name for one in collector.slos]
    assert str(path) in files.fault
    assert [files.fault] == [record.message for record in caplog.records if record.levelname == "ERROR"]
    path.write_text(write_openslo([slo("second")]))
    assert reload.refresh()
    assert not files.fault


def test_what_could_not_be_kept_is_read_again(files, path, slo):
    """A ledger that can't be written delays a change; it does not lose it."""

    class Full:
        declared = None
        full = True

        def declare(self, slos, now):
            if self.full:
                raise Unavailable("the disk is full")
            self.declared = [one.name for one in slos]

    collector = Full()
    reload = SloReload(files, collector, lambda: NOW)
    path.write_text(write_openslo([slo("second")]))

    assert not reload.refresh()
    collector.full = False
    assert reload.refresh()
    assert ["second"] == collector.declared
