"""Pages of rows: what was committed is what is read, whatever failed and whoever restarts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from fournines.collector.ledger.ledger import Ledger
from fournines.collector.ledger.pages import Pages

SIZE = 8
KEYS = st.lists(st.integers(1, 6) | st.integers(250, 262), min_size=1, max_size=12, unique=True)
NUMBERS = st.sampled_from([0, 1, 2**32 - 1, 2**32, 2**62, -1])


class Story(RuleBasedStateMachine):
    """Adds, changes and removes rows, commits, fails and restarts; a dictionary says what must be there."""

    make = None

    def __init__(self):
        super().__init__()
        self.folder = self.make()
        self.open()
        self.true, self.staged = {}, {}
        self.say(range(1, 300), 3)
        self.commit()

    def open(self):
        self.ledger = Ledger(self.folder, 0)
        self.pages = Pages(self.ledger.writer, 3, SIZE, 4, 1)

    @rule(keys=KEYS, number=NUMBERS)
    def says(self, keys, number):
        self.say(keys, number)

    def say(self, keys, number):
        names = [key.to_bytes(SIZE, "big") for key in keys]
        slots = self.pages.find(names)
        known = slots >= 0
        rows = np.array([[key, number, key % 7, number] for key in keys])
        if known.any():
            self.pages.put(slots[known], rows[known], self.pages.cells[slots[known]])
        self.pages.add([name for name, old in zip(names, known, strict=True) if not old], rows[~known])
        self.staged.update(zip(names, rows.tolist(), strict=True))

    @rule(keys=KEYS)
    def go(self, keys):
        names = [name for key in keys if (name := key.to_bytes(SIZE, "big")) in self.staged]
        self.pages.remove(self.pages.find(names))
        for name in names:
            del self.staged[name]

    @rule()
    def commit(self):
        self.ledger.commit([self.pages])
        self.true = dict(self.staged)

    @rule()
    def fail(self):
        self.pages.forget()
        self.staged = dict(self.true)

    @rule()
    def restart(self):
        self.ledger.close()
        self.open()
        self.staged = dict(self.true)

    @invariant()
    def holds_what_was_said(self):
        """Every key has its row, and no other key has one."""
        slots, keys = self.pages.used()
        assert self.staged == dict(zip(keys, self.pages.cells[slots].tolist(), strict=True))
        assert slots.tolist() == self.pages.find(keys).tolist()
        assert -1 == self.pages.find([bytes(SIZE)])[0]

    def teardown(self):
        self.ledger.close()


@pytest.mark.no_cover
def test_rows_are_what_was_committed(tmp_path_factory):
    """Random histories: after every step, failure and restart the pages hold what a dictionary holds."""
    told = type("Told", (Story,), {"make": staticmethod(lambda: tmp_path_factory.mktemp("pages"))})
    run_state_machine_as_test(told, settings=settings(max_examples=30, stateful_step_count=25, deadline=None))


def test_only_pages_that_changed_are_written(tmp_path):
    """One row in a thousand costs one page, and its keys are not written again."""
    ledger = Ledger(tmp_path, 0)
    pages = Pages(ledger.writer, 3, SIZE, 4, 1)
    slots = pages.add([key.to_bytes(SIZE, "big") for key in range(1, 1001)], np.ones((1000, 4), np.int64))
    ledger.commit([pages])
    before = ledger.writer.total_changes
    pages.put(slots[500:501], np.full((1, 4), 5), pages.cells[slots[500:501]])
    ledger.commit([pages])

    assert 1 == ledger.writer.total_changes - before
    ledger.close()


def test_a_page_opens_after_rows_that_were_never_committed(tmp_path):
    """A row of a transaction that failed leaves nothing that a later commit could make unreadable."""
    ledger = Ledger(tmp_path, 0)
    pages = Pages(ledger.writer, 3, SIZE, 4, 1)
    names = [key.to_bytes(SIZE, "big") for key in range(1, 12)]
    slots = pages.add(names[:10], np.ones((10, 4), np.int64))
    ledger.commit([pages])
    pages.add(names[10:], np.ones((1, 4), np.int64))
    pages.forget()
    pages.put(slots[:1], np.full((1, 4), 5), pages.cells[slots[:1]])
    ledger.commit([pages])
    ledger.close()

    ledger = Ledger(tmp_path, 0)
    again = Pages(ledger.writer, 3, SIZE, 4, 1)
    assert [5, *[1] * 9] == again.cells[again.find(names[:10]), 0].tolist()
    ledger.close()
