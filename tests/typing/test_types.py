"""The public face as types, judged by mypy, strict, in one run: what is promised holds, and what is wrong is said."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
EXPECTED = re.compile(r"# error: ([\w-]+)$")
FOUND = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+): error: .*\[(?P<code>[\w-]+)\]$", re.MULTILINE)


@pytest.mark.long
def test_the_public_face_has_the_types_it_promises(root):
    """`api.py` holds no error, `mistakes.py` those its lines name, each where it stands, and no others."""
    files = [HERE / "api.py", HERE / "mistakes.py"]
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", root / ".mypy_cache" / "typing", "--no-pretty", *files],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=290,
        check=False,
    )
    found = {(Path(each["file"]).name, int(each["line"]), each["code"]) for each in FOUND.finditer(ran.stdout)}
    expected = {
        (file.name, number, named[1])
        for file in files
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if (named := EXPECTED.search(line))
    }

    assert expected == found, ran.stdout + ran.stderr
