"""All SLOs as they are now, for whoever asks."""

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from fournines.serving import Evaluations


def test_slos_that_come_later_are_evaluated(opened, slo):
    """An evaluation is of the SLOs in force when it is asked for; while they stay, they are not prepared anew."""
    collector = opened(slo("first"))
    evaluations = Evaluations(collector, collector, lambda: 1_790_000_000.0)

    first, same = evaluations.evaluation(), evaluations.evaluation()
    collector.declare([slo("second")], 1_790_000_001.0)

    assert ("first",) == first.layout.names
    assert first.layout is same.layout
    assert ("second",) == evaluations.evaluation().layout.names


def test_time_goes_on_whoever_asks(opened, slo):
    """However many ask at once, each evaluation is of a later moment than the one before: no window has to go back."""
    clock = itertools.count(1_790_000_000.0)
    seen, alone = [], threading.Lock()

    class Watched:
        def observe(self, names, windows, now):
            assert alone.acquire(blocking=False)
            seen.append(now)
            time.sleep(0.001)  # whoever else could come in now does
            alone.release()
            return collector.observe(names, windows, now)

    collector = opened(slo("first"))
    evaluations = Evaluations(collector, Watched(), lambda: next(clock))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: evaluations.evaluation(), range(16)))

    assert sorted(seen) == seen
    assert 16 == len(set(seen))
