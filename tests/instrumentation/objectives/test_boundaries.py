"""A latency that somebody promised is told exactly: the histogram has a boundary there, from whatever moment it was asked for."""

from __future__ import annotations

import threading

from fournines.instrumentation.counts.red import Red

KEY = ("GET", "http", "/pay", 200, None, "1.1")
SLOW = ("GET", "http", "/slow", 200, None, "1.1")


def test_a_boundary_asked_for_before_anything_is_counted_is_there_at_once():
    """And stands in its place among the others, once."""
    red = Red((0.1, 0.5))
    red.divide(0.3)
    red.divide(0.3)
    red.divide(0.1)
    red.record(KEY, 0.3)

    assert (0.1, 0.3, 0.5) == red.boundaries
    assert [(0, 1, 0, 0)] == [point.counts for point in red.seal(0)]


def test_a_boundary_asked_for_later_loses_nothing_and_calls_nothing_quick_that_may_not_be():
    """What was counted before may have been longer, so it counts as longer; what was sealed before stays sealed."""
    red = Red((0.1, 0.5))
    red.record(KEY, 0.2)
    assert [(0, 1, 0)] == [point.counts for point in red.seal(0)]
    red.record(KEY, 0.2)
    red.divide(0.3)
    assert (0.1, 0.5) == red.boundaries, "until the next seal what was sealed and the boundaries fit together"
    gained = [point.counts for point in red.seal(0)]
    red.record(KEY, 0.2)
    red.record(SLOW, 0.4)

    assert [(0, 0, 1, 0)] == gained
    assert [(KEY, (0, 1, 0, 0)), (SLOW, (0, 0, 1, 0))] == [(point.key, point.counts) for point in red.seal(0)]
    assert ((0.1, 0.3, 0.5), [(0, 1, 2, 0), (0, 0, 1, 0)]) == (red.shown()[0], [one.counts for one in red.shown()[1]])


def test_boundaries_that_come_while_requests_are_counted_lose_none():
    """Every request is in exactly one bucket, whoever counts while the buckets are divided."""
    red, each = Red((0.1,)), 3_000

    def count():
        for number in range(each):
            red.record(KEY, number / each)

    threads = [threading.Thread(target=count) for _ in range(2)]
    for thread in threads:
        thread.start()
    sealed = 0
    for number in range(1, 60):
        red.divide(number / 60)
        sealed += sum(point.requests for point in red.seal(0))
    for thread in threads:
        thread.join()

    boundaries, (total,) = red.shown()
    assert (59, 2 * each) == (len(boundaries), sum(total.counts)), "a tenth was there before"
    assert 2 * each == sealed + sum(point.requests for point in red.seal(0))
