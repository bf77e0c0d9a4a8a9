"""Which files of a folder are read."""

from __future__ import annotations

import errno
import os

from fournines.slo.openslo.folder import slo_files


def test_only_what_can_be_read_is_listed(tmp_path):
    """Files are, at any depth; so are links to nowhere, which reading explains; what is hidden is not, nor pipes, which wait."""
    for folder in ("g", ".h"):
        (tmp_path / folder).mkdir()
    for name in ("a.yaml", "b.yml", "c.txt", ".d.yaml", "g/i.yaml", ".h/j.yaml"):
        (tmp_path / name).touch()
    (tmp_path / "e.yaml").symlink_to("nowhere")
    os.mkfifo(tmp_path / "f.yaml")
    faults = []

    assert ["a.yaml", "b.yml", "e.yaml", "i.yaml"] == [path.name for path in slo_files([tmp_path], faults)]
    assert faults == []


def test_a_folder_without_files_is_a_fault(tmp_path):
    """The folder is named, and what was looked for, each time that there is none."""
    (tmp_path / "a").mkdir()
    faults = []

    assert slo_files([tmp_path / "a", tmp_path], faults) == []
    assert [str(fault) for fault in faults] == [
        f"{folder}: holds no *.yaml or *.yml file" for folder in (tmp_path / "a", tmp_path)
    ]


def test_a_folder_that_cannot_be_listed_is_said_once(tmp_path, monkeypatch):
    """Nobody knows whether it holds files, so nobody says that it holds none."""

    def shut(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", shut)
    faults = []

    assert slo_files([tmp_path], faults) == []
    assert [str(fault) for fault in faults] == [f"{tmp_path}: can't be read: Permission denied"]
