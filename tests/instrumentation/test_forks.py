"""What a forked child begins with."""

from __future__ import annotations

import gc
import os

import pytest

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


def test_nobody_is_held_for_the_sake_of_forks():
    """What nobody else holds is gone."""
    forgets(Counter())
    gc.collect()

    assert not [one for one in gc.get_objects() if type(one) is Counter]
