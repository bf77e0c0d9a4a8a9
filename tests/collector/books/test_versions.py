"""Counts by version: every event of an SLO is one version's or the others', and nothing grows without bound."""

from __future__ import annotations

import sqlite3
from collections import Counter
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from fournines.collector import Signal
from fournines.collector.books.version_counts import KEPT, OPEN, STRIDE, VersionCounts, open_from, version_counts
from fournines.collector.books.versions import MOST_OF_A_SERVICE, OTHERS, SILENT, Versions, known_versions
from fournines.collector.ledger.buckets import Booked
from fournines.collector.ledger.schema import migrate
from fournines.collector.senders.service_version import ServiceVersion
from fournines.slo import BUCKET, DAY, HOUR, Interval, Window

START = 1_790_000_000 // HOUR * HOUR
EVER = Interval(0, 2 * START)


class Book:
    """Counts by version alone, in a ledger in memory."""

    def __init__(self):
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        migrate(self.connection)
        self.reopen()

    def reopen(self):
        self.metrics = CollectorRegistry()
        self.part = VersionCounts(self.connection, Versions(self.connection, self.metrics))

    def commit(self):
        self.connection.execute("BEGIN")
        self.part.write(self.connection)
        self.connection.execute("COMMIT")
        self.part.keep()

    def book(self, version, t=START, good=1, bad=0, slos=(1,), received=None, service="pay"):
        which = ServiceVersion(service, version)
        self.part.book(slos, t, Booked(good, good + bad), which, t if received is None else received)

    def pass_to(self, now):
        """Ticks until nothing is left to do."""
        for _ in range(1_000):
            self.part.expire(now)
            if not self.part.changed:
                return
            self.commit()
        raise AssertionError("it never comes to an end")

    def names(self, service="pay"):
        return {one.number: one.version for one in known_versions(self.connection, service)}

    def counts(self, slo=1, width=HOUR, within=EVER):
        """(start, version) -> (good, total); a version nobody knows is the others."""
        names, found = self.names(), Counter()
        for t, version, good, total in version_counts(self.connection, slo, within, width).tolist():
            found[t, names.get(version, "")] += good + 1j * total
        return {key: (int(both.real), int(both.imag)) for key, both in found.items()}

    def rows(self):
        return self.connection.execute("SELECT count(*) FROM version_count").fetchone()[0]

    def overflow(self):
        return self.metrics.get_sample_value("fournines_versions_overflow_total")


@pytest.fixture
def book():
    """An empty one."""
    book = Book()
    yield book
    book.connection.close()


EVENTS = st.tuples(
    st.integers(0, 4 * DAY),
    st.sampled_from([0, 0, 0, 5, 3_000, 2 * HOUR, 5 * HOUR, 2 * DAY]),
    st.sampled_from(["", "1", "2", "3"]),
    st.integers(1, 3),
    st.integers(0, 3),
    st.sampled_from([(1,), (1, 2), (2,)]),
)
STEPS = st.sampled_from(["go on", "go on", "commit", "fail", "reopen", "pass"])


@settings(max_examples=40)
@given(st.lists(st.tuples(EVENTS, STEPS), max_size=25), st.booleans())
def test_versions_add_up_to_what_a_recount_gives(history, whole):
    """By the hour, each version has exactly what was committed of it; by 10 s too, wherever an SLO had several and events came in time."""
    book, told, staged, now = Book(), [], [], float(START)
    for (gap, age, version, good, bad, slos), step in history:
        now += gap / 50
        t = int(now - age) // BUCKET * BUCKET
        if whole:
            which, of = [ServiceVersion("pay", version)], np.zeros(len(slos), np.int64)
            counts = np.full(len(slos), good), np.full(len(slos), good + bad)
            book.part.book_all(t, np.array(slos), which, of, counts, now)
        else:
            book.book(version, t, good, bad, slos, now)
        staged += [(slo, t, version, good, good + bad) for slo in slos]
        if step == "fail":
            book.part.forget()
            staged.clear()
        elif step != "go on":
            book.commit()
            told, staged = told + [(*each, now) for each in staged], []
        if step == "reopen":
            book.reopen()
        if step == "pass":
            book.pass_to(now)
    book.commit()
    book.pass_to(now)
    told += [(*each, now) for each in staged]
    for slo in (1, 2):
        hours, tens = Counter(), Counter()
        for of, t, version, good, total, committed in told:
            counts = (good + 1j * total) * (of == slo)
            if counts:
                hours[t // HOUR * HOUR, version] += counts
                tens[t, version] += counts * (t >= open_from(committed))
        found = book.counts(slo, BUCKET)
        versions = Counter(t for t, _ in hours)
        in_time = Counter(t for t, _ in {(t // HOUR * HOUR, version) for (t, version), both in tens.items() if both})
        several = {t for t in versions if in_time[t] > 1 or t >= open_from(now)}
        # Whose second version came late keeps all of its 10 s, unless it was looked through before: then none.
        several |= {t for t in versions if versions[t] > 1} & {t // HOUR * HOUR for t, _ in found}
        kept = {key: both for key, both in tens.items() if both and key[0] // HOUR * HOUR in several}
        assert book.counts(slo) == {key: (int(both.real), int(both.imag)) for key, both in hours.items()}
        assert found == {key: (int(both.real), int(both.imag)) for key, both in kept.items()}
    book.connection.close()


def test_an_hour_of_one_version_keeps_no_10_s_once_it_is_over(book):
    """There is nothing to compare in it; its hour has what it counted. An hour of two keeps both, for three days."""
    for t in range(START, START + 2 * HOUR, BUCKET):
        book.book("1", t)
        if t >= START + HOUR:
            book.book("2", t)
        book.commit()
    book.pass_to(START + 2 * HOUR + OPEN)

    assert {t // HOUR * HOUR for t, _ in book.counts(width=BUCKET)} == {START + HOUR}
    assert len(book.counts(width=BUCKET)) == 2 * HOUR // BUCKET
    assert book.counts() == {(START, "1"): (360, 360), (START + HOUR, "1"): (360, 360), (START + HOUR, "2"): (360, 360)}
    book.pass_to(START + HOUR + KEPT[BUCKET] + HOUR)
    assert book.counts(width=BUCKET) == {}
    book.pass_to(START + HOUR + KEPT[HOUR] + HOUR)
    assert book.rows() == 0


def test_little_is_forgotten_at_once(book):
    """Who forgets holds up everybody who writes: a day of buckets goes ten minutes a tick."""
    for t in range(START, START + DAY, BUCKET):
        book.book("1", t)
        book.book("2", t)
    book.commit()
    rows, gone = book.rows(), []
    while not gone or gone[-1]:
        book.part.expire(START + KEPT[BUCKET] + DAY + HOUR)
        book.commit()
        gone.append(rows - book.rows())
        rows -= gone[-1]

    assert max(gone) <= 2 * STRIDE // BUCKET
    assert book.counts(width=BUCKET) == {}


def test_counts_of_an_slo_are_looked_up_without_those_of_others(book):
    """What is asked of one costs what it has, however many SLOs were counted in the same time."""
    for t in range(START, START + DAY, HOUR):
        book.book("1", t, slos=tuple(range(1, 201)))
    book.commit()
    steps = []
    for slo, within in (
        (7, EVER),
        (7, Interval(START, START)),
        (9_999, EVER),
        (7, Interval(START + 1, START + 2 * HOUR)),
    ):
        ticks = []
        book.connection.set_progress_handler(partial(list.append, ticks, 1), 100)
        found = version_counts(book.connection, slo, within, HOUR)
        book.connection.set_progress_handler(None, 0)
        steps.append((len(found), len(ticks) < 20))

    assert steps == [(24, True), (0, True), (0, True), (1, True)]


def test_a_flood_of_versions_takes_nobodys_place(book):
    """Beyond twenty of a service new ones count with the others, and are counted as overflow; memory and ledger stay as they are."""
    for number in range(MOST_OF_A_SERVICE):
        book.book(f"v{number}")
    book.commit()
    rows = book.rows()
    for number in range(3_000):
        book.book(f"flood{number}", START + BUCKET)
    book.commit()

    assert sorted(book.names().values()) == sorted(f"v{number}" for number in range(MOST_OF_A_SERVICE))
    assert book.rows() == rows + 2
    assert book.overflow() == 3_000
    assert sum(total for _, total in book.counts().values()) == 3_000 + MOST_OF_A_SERVICE


def test_a_new_version_takes_the_place_of_the_one_heard_longest_ago(book):
    """Once that is silent for an hour; what it counted stays counted, among the others, also after a restart."""
    for number in range(MOST_OF_A_SERVICE):
        book.book(f"v{number}", START + (0 if number == 7 else 2 * HOUR + SILENT))
    book.book("new", START + 2 * HOUR + SILENT)
    book.commit()
    book.reopen()

    assert "v7" not in book.names().values()
    assert "new" in book.names().values()
    assert OTHERS not in book.names()
    assert book.counts()[START, ""] == (1, 1)
    book.book("v7", START + 2 * HOUR + SILENT)
    book.commit()
    assert book.overflow() == 1


def test_a_version_is_in_service_since_its_first_event_after_a_day_without_one(book):
    """A version that comes back after a day begins anew; one that paused for less, or whose late events come, does not."""
    book.book("1", START + 100)
    book.book("1", START + 90, received=START + 100)
    book.commit()
    assert [one.since for one in known_versions(book.connection, "pay")] == [START + 90]
    book.book("1", START + DAY)
    book.commit()
    assert [one.since for one in known_versions(book.connection, "pay")] == [START + 90]
    book.book("1", START + 3 * DAY)
    book.commit()
    assert [one.since for one in known_versions(book.connection, "pay")] == [START + 3 * DAY]
    book.pass_to(START + 39 * DAY)
    assert known_versions(book.connection, "pay") == []


def test_a_version_that_looks_like_a_secret_is_not_written_down(book):
    """Whatever a service calls its version: what looks like a card's number or a password goes, and a long name is cut."""
    book.book("4111111111111111")
    book.book("v" * 10_000)
    book.commit()

    assert not any("4111111111111111" in name or len(name) > 200 for name in book.names().values())


def test_spans_and_points_of_all_versions_are_what_the_slo_counted(opened, otlp, span, histogram, slo, now):
    """Late or sampled or neither, over restarts: what an SLO counted is the sum over its service's versions and the others."""
    slos = [slo("ok"), slo("quick", threshold="0.25"), slo("metric", signal="http.server.request.duration")]
    collector = opened(slos)
    bodies = [
        (Signal.TRACES, otlp.spans(*(span(now + n - age, status=500 if n % 3 == 0 else 200, seconds=n / 10) for n in range(5)),
                                   version=version))
        for version in ("", "1", "2") for age in (0, 200, 9_000)
    ] + [
        (Signal.METRICS, otlp.points(histogram(now - 10, now + n, 7, 3, status=500 if n else 200), version=version))
        for version in ("", "1", "2") for n in (0, 1)
    ]  # fmt: skip
    for number, (signal, body) in enumerate(bodies):
        collector.accept(signal, body, now + 10).result()
        if number % 5 == 4:
            collector.close()
            collector = opened(slos, now + 10)
    seen = collector.observe(["ok", "quick", "metric"], [Window(DAY)], now + 10)
    names = {one.number: one.version for one in known_versions(collector.ledger.writer, "payments")}
    for index, name in enumerate(("ok", "quick", "metric")):
        rows = version_counts(collector.ledger.writer, collector.catalogue.rows[name], EVER, HOUR)
        assert (rows[:, 2].sum(), rows[:, 3].sum()) == (seen.good[index, 0], seen.total[index, 0])
        by_version = Counter()
        for _, version, _, total in rows.tolist():
            by_version[names.get(version, "")] += total
        assert set(by_version) == {"", "1", "2"}
        assert len(set(by_version.values())) == 1
