"""Parts change together: all of them with the ledger, or none."""

from __future__ import annotations

import pytest

from fournines.collector.ledger.ledger import Ledger
from fournines.collector.ledger.part import FakePart


@pytest.fixture
def ledger(tmp_path, now):
    """A ledger, open."""
    ledger = Ledger(tmp_path, now)
    yield ledger
    ledger.close()


def traces(ledger):
    """The traces that parts left."""
    return ledger.writer.execute("SELECT value FROM meta WHERE key = 'fake'").fetchall()


def test_what_is_committed_is_kept_by_all(ledger):
    """Every part writes before any keeps."""
    parts = [FakePart(), FakePart()]
    ledger.commit(parts)

    assert [["write", "keep"]] * 2 == [part.told for part in parts]
    assert [(1,)] == traces(ledger)


def test_what_one_part_cannot_write_none_keeps(ledger):
    """The transaction is undone, and every part forgets what it staged, those too that were not asked to write any more."""
    parts = [FakePart(), FakePart(fails="write"), FakePart()]
    with pytest.raises(RuntimeError, match="write"):
        ledger.commit(parts)

    assert [["write", "forget"], ["write", "forget"], ["forget"]] == [part.told for part in parts]
    assert [] == traces(ledger)


def test_a_part_that_does_not_follow_its_commit_undoes_nothing(ledger):
    """What is committed is acknowledged, whatever a part makes of it afterwards: to forget it would count it twice."""
    lame, other = FakePart(fails="keep"), FakePart()
    ledger.commit([lame, other])

    assert [["write", "keep"]] * 2 == [lame.told, other.told]
    assert [(1,)] == traces(ledger)
