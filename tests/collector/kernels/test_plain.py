"""The kernels as plain Python: what a compiler makes of them must mean the same, and coverage sees them here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import importlib.util, sys
from pathlib import Path
from random import Random
import numpy as np
from fournines.collector.columns import Wanted
from fournines.collector.kernels.logs import decode_logs
from fournines.collector.kernels.spans import decode_spans
from fournines.slo import CLASSIFYING_KEYS

def module(name):
    spec = importlib.util.spec_from_file_location(name, Path(sys.argv[1]) / f"{name}.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found

bodies, oracle = module("bodies"), module("oracle")
wanted, random = Wanted(CLASSIFYING_KEYS, frozenset()), Random(9)
with np.errstate(over="ignore"):
    for make, decode, other in ((bodies.traces, decode_spans, oracle.decode_spans), (bodies.logs, decode_logs, oracle.decode_logs)):
        for _ in range(40):
            for body in bodies.variants(make(random), random, 4):
                assert bodies.told(decode, body, wanted) == bodies.told(other, body, wanted), body.hex()
print("equal", decode_spans(b"", wanted).kind.dtype)
"""


def test_without_the_compiler_the_kernels_read_the_same(measured):
    """With the JIT off, the kernels equal the protobuf library as they do compiled."""
    environment = {**os.environ, **measured, "NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, "-c", PROGRAM, str(Path(__file__).parent)]
    child = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert (0, "equal int64\n") == (child.returncode, child.stdout), child.stderr[-3000:]
