"""The watch over the SLO files: whatever becomes of them, the collector stays."""

import errno
import os
from pathlib import Path

from fournines.slo import SloFiles


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
