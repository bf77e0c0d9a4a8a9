"""The watch over the SLO files: whatever becomes of them, the collector stays."""

import errno
import os
import time
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
