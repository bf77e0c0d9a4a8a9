"""The points' kernels as plain Python: what a compiler makes of them must mean the same, and coverage sees them here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
from random import Random
import numpy as np
sys.path.insert(0, sys.argv[1])
import bodies, points_bodies, points_oracle
from fournines.collector.columns import Wanted
from fournines.collector.kernels.points import decode_points

wanted = Wanted(frozenset({"http.route", "error.type", ""}), points_bodies.WANTED_NAMES)
random, read = Random(9), 0
with np.errstate(over="ignore"):
    for _ in range(130):
        body = points_bodies.metrics(random, bodies.attributes)
        for each in bodies.variants(body, random, 4):
            streams = each is body
            expected = points_bodies.told(points_oracle.decode_points, each, wanted, streams=streams)
            assert expected == points_bodies.told(decode_points, each, wanted, streams=streams), each.hex()
            read += expected is not None
print("equal", read > 200)
"""


def test_without_the_compiler_points_are_read_the_same(measured):
    """With the JIT off, the kernels equal the protobuf library as they do compiled."""
    environment = {**os.environ, **measured, "NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, "-c", PROGRAM, str(Path(__file__).parent)]
    child = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert (0, "equal True\n") == (child.returncode, child.stdout), child.stderr[-3000:]
