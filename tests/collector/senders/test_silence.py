"""Silence: no traffic, no data and a good-bye are three different things, and unseen events are estimated to the last one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.collector import Signal
from fournines.collector.ledger.ledger import Ledger
from fournines.collector.senders.senders import GRACE, SILENT_AFTER, Sender, SenderKey, Senders, SignOfLife
from fournines.collector.senders.silence import Silence
from fournines.slo import HOUR, Interval, NoData, Window

NAME = "payments-availability"
A = SenderKey("payments", "a")


def silent(collector, now, name=NAME):
    """Whether an SLO's service is silent."""
    return bool(collector.observe([name], [Window(HOUR)], now).silent[0])


def counts(collector, now, name=NAME):
    """(good, total, estimated) of the last hour."""
    seen = collector.observe([name], [Window(HOUR)], now)
    return int(seen.good[0, 0]), int(seen.total[0, 0]), int(seen.estimated[0, 0])


class Story:
    """A collector that ticks every second while a sender exports as told."""

    def __init__(self, opened, otlp, now, **more):
        self.opened, self.otlp, self.now, self.more = opened, otlp, now, more
        self.collector = opened(now=now, **more)

    def live(self, seconds, every=0, points=(), up=True, instance="a"):
        """Lets seconds pass; the sender exports every so many of them, if at all."""
        for passed in range(int(seconds)):
            if every and passed % every == 0:
                self.export(*points, up=up, instance=instance)
            self.now += 1
            self.collector.tick(self.now)
        return self

    def export(self, *points, up=True, instance="a"):
        """One export."""
        body = self.otlp.points(*points, up=up, instance=instance, at=self.now)
        self.collector.accept(Signal.METRICS, body, self.now).result()
        return self

    def restart(self, away=0):
        """The collector goes, and comes back."""
        self.collector.close()
        self.now += away
        self.collector = self.opened(now=self.now, **self.more)
        return self


def test_a_silent_sender_is_no_data_within_thirty_seconds(opened, otlp, now):
    """A sender with a heartbeat that falls silent is no data after 30 s, not before, and its next sign of life ends that at once."""
    story = Story(opened, otlp, now).live(70, every=5)
    story.export().live(SILENT_AFTER)
    assert not silent(story.collector, story.now)
    story.live(1)
    assert silent(story.collector, story.now)
    story.export()

    assert not silent(story.collector, story.now)


def test_a_slow_sender_is_given_three_of_its_gaps(opened, otlp, now):
    """A sender that exports every 20 s is silent after a minute."""
    story = Story(opened, otlp, now).live(200, every=20).export()
    story.live(58)
    assert not silent(story.collector, story.now)

    assert silent(story.live(5).collector, story.now)


def test_a_good_bye_is_no_silence(opened, otlp, now):
    """A sender that said good-bye is not missed, not even when a late heartbeat of before arrives after it."""
    story = Story(opened, otlp, now).live(70, every=5)
    late = otlp.points(up=True, at=story.now - 1)
    story.export(up=False).restart()
    story.collector.accept(Signal.METRICS, late, story.now).result()
    story.live(120)

    assert not silent(story.collector, story.now)


def test_one_living_sender_is_enough(opened, otlp, now):
    """A service is silent only when a sender is and none lives."""
    story = Story(opened, otlp, now).live(70, every=5).live(70, every=5, instance="b")
    assert not silent(story.collector, story.now)
    story.export(up=False, instance="b").live(SILENT_AFTER)
    assert not silent(story.collector, story.now), "who comes after b has as long as everybody"

    assert silent(story.live(1).collector, story.now), "b left in order, and a is still missing"


def test_a_service_that_was_heard_is_not_booked_as_missing(opened, otlp, histogram, now):
    """Nothing is estimated for the time in which others of the service lived, however long one of them was missing."""
    story = Story(opened, otlp, now)
    for instance in "aaaabbbb":
        story.live(10).export(histogram(story.now - 10, story.now, 5), instance=instance)
    left = story.now
    story.export(up=False, instance="b").live(45)
    gone = story.collector.history(NAME, Interval(int(now), int(left)), 10)

    assert silent(story.collector, story.now)
    assert (35, 35) == (sum(point.good for point in gone), sum(point.total for point in gone))
    assert 0 < counts(story.collector, story.now)[2] <= 5 * 5


def test_a_sender_that_was_replaced_is_not_missed(opened, otlp, now):
    """Where others of its service were heard for an hour without it, nothing that is expected was its own: their good-bye counts."""
    story = Story(opened, otlp, now).live(70, every=5)
    story.live(HOUR, every=25, instance="b").export(up=False, instance="b")

    assert not silent(story.live(120).collector, story.now)
    assert not silent(story.restart().live(120).collector, story.now)


def test_foreign_senders_need_a_rhythm(opened, otlp, span, now):
    """Without a heartbeat silence means something after 3 minutes, and only for a sender that exported 5 times."""
    story = Story(opened, otlp, now)
    for exports, expected in ((4, False), (1, True)):
        for _ in range(exports):
            story.live(10)
            story.collector.accept(Signal.TRACES, otlp.spans(span(story.now)), story.now).result()
        story.live(180)
        assert not silent(story.collector, story.now)
        story.live(1)
        assert expected is silent(story.collector, story.now)


def test_after_a_start_there_is_grace(opened, otlp, now):
    """A collector that was away calls nobody silent for its first minute, and then whoever did not come back."""
    story = Story(opened, otlp, now).live(70, every=5).restart(away=600)
    story.live(GRACE - 1)
    assert not silent(story.collector, story.now)

    assert silent(story.live(2).collector, story.now)


def test_a_collector_that_slept_blames_nobody(opened, otlp, now):
    """After a break of its own, or a step of its clock, a collector's grace begins anew."""
    story = Story(opened, otlp, now).live(70, every=5)
    for step in (3600, -7200):
        story.now += step
        story.live(GRACE - 2)
        assert not silent(story.collector, story.now)
        story.live(3)
        assert silent(story.collector, story.now)
        story.export()


def test_the_expected_events_are_booked_as_failed(opened, otlp, histogram, now):
    """While a service is silent every closed bucket gets its share of what the hour before had, as failed and estimated."""
    story = Story(opened, otlp, now)
    for _ in range(60):
        story.live(10, every=10, points=[histogram(story.now - 10, story.now, 7)])
    before = counts(story.collector, story.now)
    quiet_from = story.now
    story.live(20 * 60)
    good, total, estimated = counts(story.collector, story.now)
    gone = story.collector.history(NAME, Interval(int(quiet_from) - 20, int(story.now)), 10)

    assert (420, 420, 0) == before
    assert good == 420
    assert estimated == total - 420
    # The service was heard last 10 s before; its 10 minutes held 420 events, 7 a bucket.
    assert abs(estimated - 7 * 120) <= 14
    assert {0, 7} >= {point.good for point in gone}


@pytest.mark.parametrize(
    ("no_data", "expected"), [(NoData.GOOD, (8, 8, 0)), (NoData.IGNORE, (4, 4, 0)), (NoData.BAD, (4, 8, 4))]
)
def test_files_say_what_unseen_events_are(opened, otlp, span, slo, now, no_data, expected):
    """`noData` decides: bad books unseen events as failed, good as good, ignore not at all."""
    story = Story(opened, otlp, now, slos=[slo("mine", no_data=no_data)])
    for _ in range(4):
        story.collector.accept(Signal.TRACES, otlp.spans(span(story.now, 0.0)), story.now).result()
        story.live(10, every=5)
    story.live(40)

    assert expected == counts(story.collector, story.now, "mine")
    assert silent(story.collector, story.now, "mine")


def test_a_silence_outlives_the_collector(opened, otlp, histogram, now):
    """What was expected stays expected across a restart; what the collector did not see itself is not booked, and nothing twice."""
    story = Story(opened, otlp, now)
    for _ in range(30):
        story.live(10, every=10, points=[histogram(story.now - 10, story.now, 5)])
    story.live(110)
    before = counts(story.collector, story.now)[2]
    story.restart(away=100).live(59)
    assert before == counts(story.collector, story.now)[2]
    story.live(61)
    after = counts(story.collector, story.now)[2]

    # Heard last after 290 s; until then 145 events in 300 s, and 12 buckets closed since, before the restart and after it.
    assert before == 145 * 120 // 300
    assert after - before == 145 * 340 // 300 - 145 * 220 // 300


def test_a_silence_ends_with_the_next_sign_of_life(opened, otlp, histogram, now):
    """Once a service is heard again nothing more is estimated, and the next silence is estimated from its own hour."""
    story = Story(opened, otlp, now)
    for _ in range(12):
        story.live(10, every=10, points=[histogram(story.now - 10, story.now, 5)])
    story.live(60)
    estimated = counts(story.collector, story.now)[2]
    story.live(100, every=5)

    assert 0 < estimated == counts(story.collector, story.now)[2]
    assert 0 == story.collector._books.ledger.writer.execute("SELECT count(*) FROM silence").fetchone()[0]


def test_data_ages_though_the_clock_was_put_back(opened, otlp, now):
    """What was heard by a clock that was two hours ahead is as old as the clock's correction, not fresh for two hours."""
    story = Story(opened, otlp, now + 2 * HOUR).live(70, every=5)
    story.now = now
    story.live(100)
    heard = float(story.collector.observe([NAME], [Window(HOUR)], story.now).heard[0])

    assert now < heard <= now + 1


@given(st.integers(0, 10**7), st.integers(1, 360), st.integers(0, 1000))
def test_expected_events_add_up(events, buckets, first):
    """Over any stretch as long as the time they were seen in, the expected events are as many as were seen, to the last one."""
    silence = Silence(0, events, 10 * buckets, 0)
    spread = [silence.expected(10 * (first + k)) for k in range(buckets)]

    assert events == sum(spread)
    assert max(spread) - min(spread) <= 1


@given(st.lists(st.floats(0.0, 120.0), min_size=1, max_size=40))
def test_patience_is_bounded_by_the_gaps_heard(gaps):
    """A sender's usual gap lies between the shortest and the longest it had, and a silence teaches no patience."""
    sender, now, taken = Sender(0.0, 0.0, heartbeat=True), 0.0, []
    for gap in gaps:
        if 1.0 <= gap <= sender.patience:
            taken.append(gap)
        now += gap
        before = sender
        sender = sender.heard(now)
        if gap > before.patience:
            assert sender.gap == before.gap
    if taken and len(taken) == len(gaps):
        assert min(taken) - 1e-6 <= sender.gap <= max(taken) + 1e-6


def test_senders_are_bounded(opened, otlp, now, monkeypatch):
    """Beyond the most senders, those that find no room live and fall silent together."""
    monkeypatch.setattr("fournines.collector.senders.senders.MOST_SENDERS", 3)
    story = Story(opened, otlp, now)
    for index in range(20):
        story.export(instance=str(index))
    assert 4 == story.collector.sizes()["fournines_senders"][1]
    story.live(95)

    assert silent(story.collector, story.now)


def test_senders_are_remembered_and_forgotten(opened, otlp, now):
    """A sender survives a restart, and is forgotten a day after its good-bye, or a week after its last export."""
    story = Story(opened, otlp, now).export().export(instance="b", up=False)
    story.restart()
    assert 2 == story.collector.sizes()["fournines_senders"][1]
    sizes = []
    for day in (0.9, 0.2, 5.0, 1.0):
        story.now += day * 86_400
        story.live(1)
        sizes.append(story.collector.sizes()["fournines_senders"][1])

    assert [2, 1, 1, 0] == sizes
    assert SignOfLife(A).up is None


SENDER = SenderKey("payments", "a")


@pytest.fixture
def senders(tmp_path, now):
    """Senders of a ledger, one of which was heard just now."""
    ledger = Ledger(tmp_path, now)
    found = Senders(ledger.writer, now)
    found.hear(SignOfLife(SENDER, up=True), now)
    ledger.commit([found])
    yield ledger, found
    ledger.close()


def test_a_step_of_the_clock_is_noticed_though_its_commit_failed(senders, now):
    """A sender heard before the clock stepped back is not thought to live until the clock is there again."""
    ledger, found = senders
    found.listen(now - HOUR)
    found.forget()
    found.listen(now - HOUR + 1)
    ledger.commit([found])

    assert now - HOUR + 1 == found._senders.kept[SENDER].last


def test_a_ledger_that_could_not_be_written_for_long_blames_nobody(senders, now):
    """What was heard meanwhile was refused: the collector listens anew once it can keep it."""
    ledger, found = senders
    for second in range(1, 60):
        found.listen(now + second)
        found.forget()
    found.listen(now + 60)
    ledger.commit([found])

    assert {} == found.silences(now + 60)
    assert ["payments"] == list(found.silences(now + 60 + GRACE + SILENT_AFTER + 1))
