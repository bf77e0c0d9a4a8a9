"""What is looked at beside the evaluations."""

from __future__ import annotations

import logging
import sqlite3
from types import SimpleNamespace

from fournines.alerts import StoreError
from fournines.serving.surveying import Survey


class Condition:
    """Notes what it looked at, and fails as told."""

    def __init__(self, *faults):
        self.looked = []
        self.faults = list(faults)

    def look(self, evaluation):
        if self.faults and (fault := self.faults.pop(0)):
            raise fault
        self.looked.append(evaluation)


def survey(*conditions):
    """Over conditions, and vitals that are well."""
    return Survey(conditions, SimpleNamespace(refresh=lambda: None))


def test_every_condition_looks_at_the_last_evaluation():
    """Before there was one, none does."""
    conditions = Condition(), Condition()
    surveying = survey(*conditions)
    surveying.look()
    for evaluation in ("first", "second"):
        surveying.take(evaluation)
    surveying.look()

    assert [["second"], ["second"]] == [each.looked for each in conditions]


def test_what_cannot_be_read_is_said_once_and_tried_again(caplog):
    """A ledger that can't be read ends no collector."""
    condition = Condition(sqlite3.OperationalError("disk I/O error"), sqlite3.OperationalError("disk I/O error"), None)
    surveying = survey(condition)
    surveying.take("now")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            surveying.look()

    assert ["now"] == condition.looked
    assert ["Condition waits: disk I/O error"] == [record.message for record in caplog.records]


def test_one_that_cannot_look_keeps_nobody_waiting(caplog):
    """Neither those behind it nor those before; each is said once, and again after it was well."""
    broken = sqlite3.OperationalError("disk I/O error")
    first, second, third = Condition(broken, broken, None, broken), Condition(), Condition(broken)
    surveying = survey(first, second, third)
    surveying.take("now")
    with caplog.at_level(logging.WARNING):
        for _ in range(4):
            surveying.look()

    assert [1, 4, 3] == [len(each.looked) for each in (first, second, third)]
    assert 3 == len(caplog.records)


def test_vitals_that_cannot_be_read_keep_no_condition_waiting():
    """Nor the other way round."""

    def refresh():
        raise StoreError("the outbox can't be read")

    condition = Condition()
    surveying = Survey([condition], SimpleNamespace(refresh=refresh))
    surveying.take("now")
    surveying.look()

    assert ["now"] == condition.looked
