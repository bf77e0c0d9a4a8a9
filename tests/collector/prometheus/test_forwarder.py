"""Remote write out: real engines take it, and each answer means what the specification says."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.parse
import urllib.request

import cramjam
import httpx
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from fournines.collector import Signal, Source
from fournines.collector.forward import Drop, QueuedRequest, Retry
from fournines.collector.prometheus import Publisher, RemoteWriteForwarder, Snapshots, snapshot_results
from fournines.collector.prometheus.messages import WriteRequest, WriteRequest2
from fournines.collector.prometheus.stale import is_stale_marker


def families(good=119_880, *slos):
    """What `/metrics` has of SLOs, and something that is not to be sent."""
    events = CounterMetricFamily("slo_events", "Events", labels=("slo", "result"))
    for slo in slos or ("pay",):
        events.add_metric((slo, "good"), good)
    return [events, GaugeMetricFamily("fournines_series", "Series", value=3)]


def queued(body, count=1):
    """As the queue gives it."""
    return QueuedRequest(Signal.METRICS, Source.REMOTE_WRITE, time.time(), count, body)


def sent(answers, bodies=1):
    """Sends items to a server that gives these answers; the requests it got, and what came of the last."""
    got = []

    def answer(request):
        got.append(request)
        status, headers = answers[min(len(got), len(answers)) - 1]
        return httpx.Response(status, headers=headers, text="words")

    async def run():
        sender = RemoteWriteForwarder("http://engine/write", lambda: 1_790_000_000.0, {"authorization": "Bearer x"})
        await sender._client.aclose()
        sender._client = httpx.AsyncClient(transport=httpx.MockTransport(answer), headers={"authorization": "Bearer x"})
        try:
            for _ in range(bodies):
                await sender.send(queued(Snapshots({"collector": "c1"}).take(families(), 1_790_000_000)[0]))
        except (Retry, Drop) as refused:
            return refused
        finally:
            await sender.close()
        return None

    return got, asyncio.run(run())


WRITTEN = {"x-prometheus-remote-write-samples-written": "1"}


def test_two_is_spoken_first():
    """The message, its type and version, and the destination's headers."""
    [request], refused = sent([(204, WRITTEN)])

    message = WriteRequest2.FromString(bytes(cramjam.snappy.decompress_raw(request.content)))
    texts = [message.symbols[ref] for ref in message.timeseries[0].labels_refs]
    assert refused is None
    assert ["__name__", "slo_events_total", "collector", "c1", "result", "good", "slo", "pay"] == texts
    assert "" == message.symbols[0]
    assert (119_880, 1_790_000_000_000) == tuple(
        getattr(message.timeseries[0].samples[0], k) for k in ("value", "timestamp")
    )
    assert ("2.0.0", "Bearer x") == tuple(
        request.headers[k] for k in ("x-prometheus-remote-write-version", "authorization")
    )


@pytest.mark.parametrize("first", [(415, {}), (204, {}), (400, {})])
def test_who_does_not_understand_two_gets_one_from_then_on(first):
    """Told by 415, or by an answer without a word of what was written."""
    got, refused = sent([first, (204, {})], bodies=2)

    assert refused is None
    assert ["2.0.0", "0.1.0", "0.1.0"] == [request.headers["x-prometheus-remote-write-version"] for request in got]
    message = WriteRequest.FromString(bytes(cramjam.snappy.decompress_raw(got[1].content)))
    assert 119_880 == message.timeseries[0].samples[0].value


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (500, Retry, "http_500"),
        (503, Retry, "http_503"),
        (429, Retry, "http_429"),
        (400, Drop, "http_400"),
        (401, Drop, "http_401"),
    ],
)
def test_what_a_refusal_means(status, kind, reason):
    """5xx and 429 come again, when they say; other 4xx are dropped with the receiver's words."""
    _, refused = sent([(status, WRITTEN | {"retry-after": "7"})])

    assert (kind, reason) == (type(refused), refused.reason)
    assert (refused.after == 7) if kind is Retry else ("words" == str(refused))


def test_a_receiver_may_say_until_when_it_wants_no_more():
    """Retry-After is a date as well as seconds."""
    _, refused = sent([(503, WRITTEN | {"retry-after": "Mon, 21 Sep 2026 14:13:30 GMT"})])

    assert 10 == refused.after


def test_nobody_there_comes_again(free_port):
    """No connection is no refusal."""

    async def run():
        sender = RemoteWriteForwarder(f"http://127.0.0.1:{free_port()}/", time.time)
        with pytest.raises(Retry, match="connection"):
            await sender.send(queued(b""))
        await sender.close()

    asyncio.run(run())


def test_a_series_that_is_no_more_is_said_to_have_ended_once():
    """An SLO that was taken away does not stay for five minutes."""
    snapshots = Snapshots({"collector": "c1"})
    counts = [snapshots.take(families(1, *slos), 1.0) for slos in (("a", "b"), ("a",), ("a",))]

    assert [2, 2, 1] == [count for _, count in counts]
    values = [[s.samples[0].value for s in WriteRequest2.FromString(body).timeseries] for body, _ in counts]
    assert [[False, False], [False, True], [False]] == [[is_stale_marker(value) for value in each] for each in values]


def test_snapshots_are_queued_each_interval(eventually, loop):
    """As long as it runs; one that fails is counted, and the next is taken all the same."""
    queued, registry, trouble = [], CollectorRegistry(), [RuntimeError("no evaluation")]

    def shown():
        if trouble:
            raise trouble.pop()
        return families()

    publisher = Publisher(shown, queued.append, snapshot_results(registry), time.time, {"collector": "c1"}, 0.05)
    loop.run(publisher.start())
    eventually(lambda: len(queued) >= 2)
    loop.run(publisher.stop())

    assert 1 == registry.get_sample_value("fournines_remote_write_snapshots_total", {"result": "failed"})
    assert (Signal.METRICS, Source.REMOTE_WRITE, 1) == (queued[0].signal, queued[0].source, queued[0].items)


def asked(url, query):
    """The value an engine has."""
    with urllib.request.urlopen(f"{url}/api/v1/query?{urllib.parse.urlencode({'query': query})}", timeout=5) as answer:
        found = json.load(answer)["data"]["result"]
    return [float(one["value"][1]) for one in found]


@pytest.mark.parametrize("which", ["prometheus", "victoria_metrics"])
def test_real_engines_take_what_is_sent(which, request, tmp_path, free_port, run_server, eventually):
    """A real Prometheus and a real VictoriaMetrics have the exact count under this collector's label."""
    binary, port = request.getfixturevalue(f"{which}_binary"), free_port()
    url = f"http://127.0.0.1:{port}"
    if which == "prometheus":
        (tmp_path / "p.yml").write_text("global: {}\n")
        flags = [f"--config.file={tmp_path / 'p.yml'}", f"--storage.tsdb.path={tmp_path / 'data'}"]
        command = [binary, *flags, f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver"]
    else:
        command = [
            binary,
            f"-storageDataPath={tmp_path / 'data'}",
            f"-httpListenAddr=127.0.0.1:{port}",
            "-search.latencyOffset=0s",
        ]

    async def run():
        sender = RemoteWriteForwarder(f"{url}/api/v1/write", time.time)
        body, count = Snapshots({"collector": "c1"}).take(families(), time.time() - 1)
        await sender.send(queued(body, count))
        await sender.close()

    with run_server(command, f"{url}/{'-/ready' if which == 'prometheus' else 'health'}"):
        asyncio.run(run())
        query = 'slo_events_total{collector="c1", slo="pay", result="good"}'
        eventually(lambda: asked(url, query) == [119_880.0], 60)
