"""Compares the kernels with the protobuf library over as many mutated bodies as one likes: `scripts/fuzz --help`.

A process a core, a seed after the other, each a thousand bodies and their mutations. Ends with 1 at the first difference, and prints
the body; with a crash the seed. `--checked` compiles with numba's own bounds checks, which turn a read outside the body into an error.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from random import Random
from time import perf_counter

HERE = Path(__file__).resolve().parent
KERNELS = HERE.parents[2] / ".tools"
BODIES, VARIANTS = 50, 19


def module(name):
    """One of the files beside this one."""
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def compare(seed, folder):
    """A thousand bodies; how many were read, how many refused, and how many rows there were."""
    from fournines.collector.columns import Wanted
    from fournines.collector.kernels import load_decoders
    from fournines.slo import CLASSIFYING_KEYS

    bodies, oracle, of_points, slow = map(module, ("bodies", "oracle", "points_bodies", "points_oracle"))
    decoders = load_decoders(folder)
    random = Random(seed)
    wanted = Wanted(CLASSIFYING_KEYS | {"http.request.method"}, of_points.WANTED_NAMES)
    if seed % 3 == 1:
        make, kernel, library = (
            lambda chance: of_points.metrics(chance, bodies.attributes),
            decoders.points,
            slow.decode_points,
        )
        told, rows = lambda *sent: of_points.told(*sent, streams=False), lambda read: read[-1]
    else:
        make = bodies.traces if seed % 3 else bodies.logs
        kernel, library = (decoders.spans, oracle.decode_spans) if seed % 3 else (decoders.logs, oracle.decode_logs)
        told, rows = bodies.told, lambda read: read[2][1]
    counted = Counter()
    for _ in range(BODIES):
        for body in bodies.variants(make(random), random, VARIANTS):
            expected, read = told(library, body, wanted), told(kernel, body, wanted)
            if expected != read:
                raise AssertionError(f"seed {seed}: {body.hex()}\n library {expected}\n kernel  {read}")
            counted["refused" if read is None else "read"] += 1
            counted["rows"] += 0 if read is None else len(rows(read))
    return counted


def main():
    """Runs the seeds and prints what became of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bodies", type=int, default=10_000_000)
    parser.add_argument("--first-seed", type=int, default=1_000_000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--checked", action="store_true")
    options = parser.parse_args()
    if options.checked:
        os.environ["NUMBA_BOUNDSCHECK"] = "1"
    folder = KERNELS / ("kernels-checked" if options.checked else "kernels")
    from fournines.collector.kernels import warm_up

    warm_up(folder, print)
    began, counted = perf_counter(), Counter()
    each = BODIES * (VARIANTS + 1)
    seeds = range(options.first_seed, options.first_seed + -(-options.bodies // each))
    with ProcessPoolExecutor(options.jobs) as pool:
        for done in as_completed([pool.submit(compare, seed, folder) for seed in seeds]):
            try:
                counted += done.result()
            except AssertionError as difference:
                pool.shutdown(cancel_futures=True)
                sys.exit(f"DIFFERENCE {difference}")
    total = counted["read"] + counted["refused"]
    sys.stdout.write(
        f"{total:,} bodies (spans, points, logs): {counted['read']:,} read ({counted['rows']:,} rows), {counted['refused']:,} refused,"
        f" no difference, {perf_counter() - began:,.0f} s\n"
    )


if __name__ == "__main__":
    main()
