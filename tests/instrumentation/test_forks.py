"""What a forked child begins with."""

from __future__ import annotations

import gc
import os

import pytest

from fournines.instrumentation import names
from fournines.instrumentation.forks import forgets, in_child


class Counter:
    """Something that is counted in one process."""

    def __init__(self):
        self.count = 3

    def forget(self):
        self.count = 0


def in_a_child(tell):
    """What a forked child tells of itself."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(write, str(tell()).encode())
        os._exit(0)
    os.close(write)
    os.waitpid(pid, 0)
    with os.fdopen(read) as said:
        return said.read()


@pytest.mark.filterwarnings("ignore:This process")  # of the tests' own threads
def test_a_child_begins_anew_and_the_parent_goes_on():
    """What is forgotten in a child is still there in its parent."""
    counter, heard = Counter(), []
    forgets(counter)
    in_child(lambda: heard.append("child"))

    assert in_a_child(lambda: (counter.count, heard)) == "(0, ['child'])"
    assert (counter.count, heard) == (3, [])


@pytest.mark.filterwarnings("ignore:This process")  # as above
def test_what_was_named_first_begins_anew_first():
    """Whoever takes another's lock on the way finds it free, if the other was named before."""
    order = []

    class Numbered:
        def __init__(self, number):
            self.forget = lambda: order.append(number)

    ones = [Numbered(number) for number in range(20)]
    forgets(*ones)
    forgets(ones[-1])

    assert in_a_child(lambda: order) == str([*range(20)])


@pytest.mark.filterwarnings("ignore:This process")  # as above
def test_a_child_counts_what_is_taken_out_of_its_own_resource(watch):
    """Health is the first to begin anew: what others count on their way is not lost, and they find its lock free."""
    telemetries = [watch(None, OTEL_RESOURCE_ATTRIBUTES="note=4111111111111111") for _ in range(8)]

    def redacted():
        return [telemetry._health.counts(names.PROM_REDACTED) for telemetry in telemetries]

    assert redacted() == [{"card": 1}] * 8
    assert in_a_child(redacted) == str([{"card": 1}] * 8)


def test_nobody_is_held_for_the_sake_of_forks():
    """What nobody else holds is gone."""
    forgets(Counter())
    gc.collect()

    assert not [one for one in gc.get_objects() if type(one) is Counter]
