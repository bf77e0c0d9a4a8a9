"""The audit log keeps what was done by hand, in order, and lets nobody change it."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.collector import Collector, Ledger
from fournines.collector.books.chore import Chore
from fournines.collector.ledger.part import FakePart
from fournines.collector.ledger.schema import migrate
from fournines.collector.records.audit import Audit, AuditEntry, audited

NOW = 1_790_000_000.0


def entry(number=0, **fields):
    """Something somebody did."""
    said = {"author": "ana", "action": "gate.override", "subject": "pay 2", "reason": "why not", **fields}
    return AuditEntry(NOW + number, **said)


def tables():
    """A ledger's tables in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    return connection


def write(connection, *entries):
    """As the ledger does."""
    audit = Audit()
    for each in entries:
        audit.add(each)
    audit.write(connection)
    audit.keep()


DETAILS = st.dictionaries(
    st.text(max_size=3), st.none() | st.integers(0, 9) | st.text(max_size=3) | st.lists(st.booleans(), max_size=2)
)


@settings(max_examples=20)
@given(st.lists(DETAILS, max_size=5), st.integers(1, 3))
def test_pages_of_the_log_are_all_of_it_the_newest_first(details, limit):
    """Whoever asks for page after page gets every entry once, as it was written, the newest first."""
    connection = tables()
    written = [entry(number, detail=detail) for number, detail in enumerate(details)]
    write(connection, *written)
    read, page = [], audited(connection, limit)
    while page:
        read += page
        page = audited(connection, limit, before=page[-1].id)
    connection.close()

    assert [(one.at, one.detail) for one in reversed(read)] == [(one.at, one.detail) for one in written]
    assert [one.id for one in read] == sorted({one.id for one in read}, reverse=True)


@pytest.mark.parametrize(
    "words", ["DELETE FROM audit", "UPDATE audit SET author = 'nobody'", "REPLACE INTO audit SELECT * FROM audit"]
)
def test_what_stands_in_the_log_stays(words):
    """Nobody changes an entry or takes it away, not even with the ledger's own connection."""
    connection = tables()
    write(connection, entry())
    with pytest.raises(sqlite3.IntegrityError, match="only ever added to"):
        connection.execute(words)
    kept = audited(connection, 10)
    connection.close()

    assert [one.author for one in kept] == ["ana"]


def test_an_entry_is_there_with_what_it_tells_of_or_not_at_all(tmp_path, decoders):
    """An entry of a transaction that fails never was; one of a transaction that is committed is there after a restart."""
    ledger, audit = Ledger(tmp_path, NOW), Audit()
    audit.add(entry())
    with pytest.raises(RuntimeError):
        ledger.commit((audit, FakePart(fails="write")))
    assert not audit.changed
    ledger.close()
    collector = Collector(Ledger(tmp_path, NOW), [], NOW, decoders)
    chore = Chore[None](lambda books: books.audit.add(entry(reason="a drill")))
    collector.submit(chore)
    chore.future.result()
    collector.close()
    ledger = Ledger(tmp_path, NOW)
    kept = audited(ledger.writer, 10)
    ledger.close()

    assert [one.reason for one in kept] == ["a drill"]
