"""Series by the bytes of their labels: what is remembered is found again, and nothing else is taken for it."""

from __future__ import annotations

import numpy as np
import pytest

from fournines.collector.columns import Wanted
from fournines.collector.prometheus import known_series
from fournines.collector.prometheus.known_series import FAMILY, IDENTITY, ROLE, KnownSeries
from fournines.collector.prometheus.messages import Label, TimeSeries
from fournines.collector.prometheus.translation import Translation


def encoded(**labels):
    """A label set's bytes."""
    pairs = sorted(labels.items())
    return TimeSeries(labels=[Label(name=k, value=v).SerializeToString() for k, v in pairs]).SerializeToString()


def laid(*labels, hashes=None):
    """A body of nothing but labels, and where each set lies."""
    ends = np.cumsum([len(one) for one in labels])
    rows = zip(ends.tolist(), labels, hashes or map(hash, labels), strict=True)
    return b"".join(labels), np.array([(end - len(one), end, 0, hashed) for end, one, hashed in rows], np.int64)


@pytest.fixture
def known(decoders):
    """What is known where orders matter."""
    return KnownSeries(Translation(Wanted(frozenset(), frozenset({"orders"}))))


ORDERS = [encoded(__name__="orders", job="a", x=str(number)) for number in range(300)]


def test_series_are_numbered_by_their_labels_however_often_and_in_whatever_order_they_come(known):
    """Three hundred grow everything that holds them; one that nobody asks for has no role."""
    first = known.numbers(*laid(*ORDERS))
    again = known.numbers(*laid(*ORDERS[::-1], encoded(__name__="other"), ORDERS[5]))

    assert first.number.tolist()[::-1] == again.number.tolist()[:300]
    assert first.number[5] == again.number[301]
    assert 0 == again.facts[again.number[300], ROLE]
    assert again.series[again.number[300]] is None
    facts = again.facts[again.number[:300]]
    assert [id(again.series[number]) for number in again.number[:300]] == facts[:, IDENTITY].tolist()
    assert {1} == set(facts[:, ROLE].tolist())
    assert 1 == len(set(facts[:, FAMILY].tolist()))


def test_labels_of_one_hash_are_not_taken_for_each_other(known):
    """The bytes decide: a request that holds another set under a known hash is left to who reads it as a whole."""
    assert known.numbers(*laid(ORDERS[0], hashes=[7])) is not None

    assert known.numbers(*laid(ORDERS[1], hashes=[7])) is None
    assert known.numbers(*laid(ORDERS[2], ORDERS[3], hashes=[8, 8])) is None
    assert known.numbers(*laid(encoded(__name__="orders", job="a", x="11"), hashes=[7])) is None


@pytest.mark.parametrize("labels", [encoded(job="a"), encoded(__name__="a-b"), b"", b"\x0a\x02\x0a\x09", b"\x0a"])
def test_unsound_labels_are_no_series(labels, known):
    """A request that has any is left to who reads it as a whole, and says what is wrong."""
    assert known.numbers(*laid(ORDERS[0], labels)) is None


def test_what_is_remembered_is_bounded(known, monkeypatch):
    """With too many label sets or letters all are forgotten, and those that come are learned anew."""
    monkeypatch.setattr(known_series, "MOST_KNOWN", 10)
    before = known.numbers(*laid(*ORDERS[:8]))
    after = known.numbers(*laid(*ORDERS[6:12]))
    assert 8 == len(before.series)
    assert 6 == len(after.series)
    assert known.numbers(*laid(*ORDERS[:11])) is None
    monkeypatch.setattr(known_series, "MOST_KNOWN_LETTERS", 3 * len(ORDERS[0]))
    assert known.numbers(*laid(*ORDERS[20:30])) is None
    assert 2 == len(known.numbers(*laid(*ORDERS[:2])).series)
