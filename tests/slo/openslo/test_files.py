"""The watch over the SLO files: whatever becomes of them, the collector stays."""

import errno
import os
import time
from pathlib import Path

from fournines.slo import SloFiles

SLO = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: pay}
spec:
  service: pay
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
  indicator:
    metadata: {name: pay}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: fournines, spec: {signal: spans}}}
        total: {metricSource: {type: fournines, spec: {signal: spans}}}
"""


def test_a_folder_that_cannot_be_looked_at_is_a_change_and_a_fault(tmp_path, monkeypatch):
    """Rights that are taken away while the collector runs end nobody's watch: they are said, and the SLOs in force stay."""
    real = os.stat

    def shut(path, *args, **kwargs):
        if Path(os.fsdecode(path)).is_relative_to(tmp_path):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, *args, **kwargs)

    files = SloFiles(tmp_path / "slos")
    monkeypatch.setattr(os, "stat", shut)

    assert files.changed()
    assert files.read_again() is None
    assert "can't be read" in files.fault
    assert not files.changed()


def test_what_is_read_is_what_is_watched(tmp_path):
    """A file that a load would read is a change when it comes, changes or goes; one that it would leave out never is."""
    kept = tmp_path / "a.yaml"
    files = SloFiles(tmp_path)
    assert files.read_again() is None
    (tmp_path / "..data").mkdir()
    for ignored in ("..data/a.yaml", ".hidden.yaml", "notes.yxml", "readme.md"):
        (tmp_path / ignored).write_text("x")
    assert not files.changed()

    for change in (lambda: kept.write_text("x"), lambda: kept.write_text("xy"), kept.unlink):
        change()
        assert files.changed()
        assert files.read_again() is None
        assert not files.changed()


def test_an_older_file_put_in_its_place_is_a_change(tmp_path):
    """A copy that keeps its time and is as long, or rights that let it be read at last, are seen."""
    kept, copied = tmp_path / "a.yaml", tmp_path / "b"
    files = SloFiles(tmp_path)
    for path in (kept, copied):
        path.write_text(path.name[:1])
        os.utime(path, (1, 1))
    assert files.read_again() is None

    for change in (lambda: copied.replace(kept), lambda: kept.chmod(0o600)):
        time.sleep(0.02)  # a file system's clock ticks every 10 ms at most
        change()
        assert files.changed()
        assert files.read_again() is None
        assert not files.changed()


def test_no_files_are_no_slos_and_never_change():
    """A collector without SLO files has nothing to read, and nothing to watch."""
    files = SloFiles(None)

    assert not files.changed()
    assert files.read_again() == files.slos == ()
    assert files.fault == ""
    assert not files.changed()


def test_a_fault_lasts_until_the_files_are_sound(tmp_path):
    """Before anything is read nothing is wrong; what was wrong is no more once it is put right; the last sound SLOs stay till then."""
    path = tmp_path / "a.yaml"
    files = SloFiles(path)
    assert files.fault == ""

    path.write_text("kind: [")
    assert files.read_again() is None
    assert str(path) in files.fault
    path.write_text(SLO)

    assert files.read_again() == files.slos
    assert [slo.name for slo in files.slos] == ["pay"]
    assert files.fault == ""


def test_what_is_forgotten_is_read_again(tmp_path):
    """Whoever could not keep what was read sees a change, though the files are as they were."""
    files = SloFiles(tmp_path)
    assert files.read_again() is None
    assert not files.changed()

    files.forget()

    assert files.changed()
