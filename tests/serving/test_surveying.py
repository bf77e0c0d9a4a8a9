"""What is looked at beside the evaluations."""

from __future__ import annotations

import logging
import sqlite3
from types import SimpleNamespace

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
    assert ["conditions beside burn wait: disk I/O error"] == [record.message for record in caplog.records]
