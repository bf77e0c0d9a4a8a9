"""With which chance promises are kept, looked up once a minute."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

from fournines.serving import Chances
from fournines.slo import DAY, EventCount, FakeEventSource, HistoryPoint, Window, evaluate

NOW = 1_790_000_000.0


@dataclass(frozen=True)
class Asked(FakeEventSource):
    """A source that notes what its history is asked for."""

    names: list[str] = field(default_factory=list)

    def history(self, name, interval, step):
        self.names.append(name)
        return [HistoryPoint(interval.start, 10, 10)]


def test_the_history_is_asked_once_a_minute(slo):
    """Each SLO's, and again when the minute or the SLO is another."""
    source = Asked(lambda *_: EventCount(10, 10))
    chances, minute = Chances(source), NOW // 60 * 60
    for moment in (minute, minute + 59, minute + 60):
        for one in evaluate([slo("a"), slo("b")], source, moment).slos:
            assert chances.of(evaluate([one], source, moment).status(0)).kept == 1.0

    assert source.names == ["a", "b", "a", "b"]


def test_an_slo_that_changed_is_looked_up_anew(slo):
    """A promise over another window has another chance, in the same minute."""
    source = Asked(lambda *_: EventCount(10, 10))
    chances = Chances(source)
    for window in (Window(30 * DAY), Window(10 * DAY)):
        status = evaluate([slo("a", window=window, rules=())], source, NOW).status(0)
        assert chances.of(status).seconds == 3 * window.seconds

    assert source.names == ["a", "a"]


def test_a_history_that_cannot_be_read_keeps_no_page_waiting(slo, caplog):
    """Months of it are read while a page is written: where they are damaged the page says no chance, and the log says why."""

    class Damaged(FakeEventSource):
        def history(self, name, interval, step):
            raise sqlite3.DatabaseError("database disk image is malformed")

    source = Damaged(lambda *_: EventCount(10, 10))
    status = evaluate([slo("a")], source, NOW).status(0)

    assert Chances(source).of(status) is None
    assert "the chance of a is not known, its history can't be read: database disk image is malformed" in caplog.text
