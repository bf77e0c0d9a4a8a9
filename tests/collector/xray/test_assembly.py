"""Each request once: segments in progress, subsegments sent apart, datagrams that come twice."""

from __future__ import annotations

import itertools
import json
import random
import tracemalloc

import pytest

from fournines.collector.xray import assembly
from fournines.collector.xray.datagram import read_datagram, weight_of


def names(spans) -> list[str]:
    return [span.name for _, span in spans]


def test_a_segment_in_progress_is_not_counted_until_it_is_complete(bench, segment):
    """An in-progress document brings no span; its complete one brings one, and only one."""
    complete = segment()
    begun = {key: value for key, value in complete.items() if key != "end_time"} | {"in_progress": True}

    assert bench.take(begun, begun) == []
    assert names(bench.take(complete)) == ["payments"]
    assert bench.take(complete, begun) == []
    assert bench.readings == {"taken/in_progress": 1, "taken/segment": 1, "dropped/repeated": 2}


def test_a_segment_never_completed_is_told_and_not_counted(bench, segment, now):
    """Once its trace was idle long enough, an in-progress segment is told as unfinished, neither good nor failed."""
    bench.take(segment(end_time=None, in_progress=True))

    assert bench.expire(now + assembly.IDLE_SECONDS - 1) == []
    assert bench.readings["unfinished"] == 0
    assert bench.expire(now + assembly.IDLE_SECONDS) == []
    assert bench.readings == {"taken/in_progress": 1, "unfinished": 1}


def test_a_trace_that_is_heard_is_not_idle(bench, segment, subsegment, now):
    """What comes of a trace keeps its segments in progress waiting."""
    begun = segment(end_time=None, in_progress=True)
    bench.take(begun)
    apart = subsegment(type="subsegment", trace_id=begun["trace_id"], parent_id=begun["id"])
    bench.take(apart, received=now + assembly.IDLE_SECONDS - 1)

    bench.expire(now + assembly.IDLE_SECONDS + 60)

    assert bench.readings["unfinished"] == 0


def test_what_lies_within_a_document_in_progress_waits_with_it(bench, segment, subsegment):
    """A complete subsegment of a segment in progress is repeated by the complete segment, and counted then."""
    child = subsegment(name="child")
    complete = segment(subsegments=[child])
    begun = {key: value for key, value in complete.items() if key != "end_time"} | {"in_progress": True}

    assert bench.take(begun) == []
    assert names(bench.take(complete)) == ["payments", "child"]


def test_a_subsegment_in_progress_comes_later_on_its_own(bench, segment, subsegment):
    """A segment may end before what it began: the subsegment is counted once it is complete, under the same service."""
    child = subsegment(name="child", end_time=None, in_progress=True)
    root = segment(subsegments=[child])
    assert names(bench.take(root)) == ["payments"]

    late = subsegment(name="child", id=child["id"], type="subsegment", trace_id=root["trace_id"], parent_id=root["id"])
    ((resource, span),) = bench.take(late)

    assert (resource["service.name"], span.parent_span_id.hex()) == ("payments", root["id"])
    assert bench.readings["unfinished"] == 0


def test_a_subsegment_sent_apart_waits_for_its_service(bench, segment, subsegment):
    """Subsegments streamed ahead of their segment go on with it, whatever their order, as that service's."""
    root = segment()
    apart = {"type": "subsegment", "trace_id": root["trace_id"]}
    outer = subsegment(name="outer", parent_id=root["id"], **apart)
    inner = subsegment(name="inner", parent_id=outer["id"], **apart)

    assert bench.take(inner, outer) == []
    spans = bench.take(root)

    assert sorted(names(spans)) == ["inner", "outer", "payments"]
    assert {resource["service.name"] for resource, _ in spans} == {"payments"}


def test_a_segment_in_progress_already_says_the_service(bench, segment, subsegment):
    """Where the segment's begin was sent, subsegments need not wait for its end."""
    begun = segment(end_time=None, in_progress=True)
    bench.take(begun)

    ((resource, _),) = bench.take(subsegment(type="subsegment", trace_id=begun["trace_id"], parent_id=begun["id"]))

    assert resource["service.name"] == "payments"


def test_a_subsegment_whose_segment_never_comes_goes_on_as_nobody_s(bench, segment, subsegment, now):
    """What was lost on the way does not take the rest with it: after a wait the subsegment goes on without a service."""
    orphan = subsegment(type="subsegment", trace_id=segment()["trace_id"], parent_id=segment()["id"])
    assert bench.take(orphan, orphan) == []
    assert bench.expire(now + assembly.ORPHAN_SECONDS - 1) == []

    ((resource, span),) = bench.expire(now + assembly.ORPHAN_SECONDS)

    assert (resource, span.span_id.hex()) == ({}, orphan["id"])
    assert bench.readings == {"taken/subsegment": 1, "dropped/repeated": 1}


@pytest.mark.parametrize("seed", range(20))
def test_every_order_counts_every_document_once(bench, segment, subsegment, seed):
    """Segments, subsegments apart, documents in progress and repeats, shuffled: each id goes on exactly once, with its service."""
    chance = random.Random(seed)
    documents, ids = [], []
    for number in range(5):
        root = segment(name=f"service-{number}", subsegments=[subsegment(subsegments=[subsegment()])])
        begun = {key: value for key, value in root.items() if key not in ("end_time", "subsegments")}
        chain = list(itertools.accumulate(range(3), lambda parent, _: subsegment()["id"], initial=root["id"]))
        apart = [
            subsegment(id=own, type="subsegment", trace_id=root["trace_id"], parent_id=parent)
            for parent, own in itertools.pairwise(chain)
        ]
        documents += [root, begun | {"in_progress": True}, *apart]
        nested = root["subsegments"][0]
        ids += [(f"service-{number}", one["id"]) for one in (root, nested, nested["subsegments"][0], *apart)]
    documents += chance.sample(documents, 8)
    chance.shuffle(documents)

    spans = bench.take(*documents)

    assert sorted((resource["service.name"], span.span_id.hex()) for resource, span in spans) == sorted(ids)


def test_memory_is_bounded_under_a_flood_of_what_never_completes(bench, segment, subsegment, monkeypatch):
    """Beyond the bounds the oldest is given up: told as unfinished, or passed on as nobody's; nothing is lost uncounted."""
    monkeypatch.setattr(assembly, "MOST_UNFINISHED", 10)
    monkeypatch.setattr(assembly, "MOST_ORPHANS", 10)
    monkeypatch.setattr(assembly, "MOST_REMEMBERED", 10)

    passed = 0
    for _ in range(50):
        begun = segment(end_time=None, in_progress=True)
        lost = subsegment(type="subsegment", trace_id=segment()["trace_id"], parent_id=segment()["id"])
        passed += len(bench.take(begun, lost))

    assert bench.readings == {"taken/in_progress": 50, "unfinished": 40, "taken/subsegment": 40}
    assert passed == 40
    state = bench.assembly
    assert max(len(state._complete), len(state._orphans), len(state._waiting_for), len(state._traces)) == 10


@pytest.mark.parametrize("bound", ["MOST_UNFINISHED_BYTES", "MOST_ORPHAN_BYTES", "MOST_REMEMBERED_BYTES"])
def test_memory_is_bounded_in_bytes_too(bench, segment, subsegment, monkeypatch, bound):
    """Few documents that are large are given up as many small ones are: the oldest first, and nothing is lost uncounted."""
    monkeypatch.setattr(assembly, bound, 100_000)
    large = {"ecs": {"container": "c" * 10_000}}

    passed = 0
    for _ in range(50):
        begun = segment(end_time=None, in_progress=True, aws=large)
        lost = subsegment(
            type="subsegment",
            trace_id=segment()["trace_id"],
            parent_id=segment()["id"],
            metadata={"x": {"y": "z" * 10_000}},
        )
        passed += len(bench.take(begun, lost, segment(aws=large)))

    state, told = bench.assembly, bench.readings
    assert 50 == passed - told["taken/subsegment"] == told["taken/segment"]
    assert 50 == told["unfinished"] + state._open == told["taken/subsegment"] + len(state._orphans)
    held = {
        "MOST_UNFINISHED_BYTES": state._open,
        "MOST_ORPHAN_BYTES": len(state._orphans),
        "MOST_REMEMBERED_BYTES": len(state._complete),
    }
    assert 5 <= held[bound] <= 10 + 45 * (bound == "MOST_REMEMBERED_BYTES")


def test_a_list_of_nothing_weighs_what_it_takes():
    """A document of many empty values takes far more memory than its bytes, and is weighed so."""
    text = b'{"format":"json","version":1}\n' + json.dumps({"metadata": [[] for _ in range(10_000)]}).encode()
    tracemalloc.start()
    document = read_datagram(text)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert document
    assert taken / 2 < weight_of(text) < 3 * taken


def test_a_chain_of_any_length_is_put_together(bench, segment, subsegment):
    """Subsegments sent apart, each within the one before and all before the segment, go on with it: thousands of them."""
    root = segment()
    chain, parent = [], root["id"]
    for _ in range(3_000):
        chain.append(subsegment(type="subsegment", trace_id=root["trace_id"], parent_id=parent))
        parent = chain[-1]["id"]
    assert [] == bench.take(*chain)

    assert 3_001 == len(bench.take(root))
