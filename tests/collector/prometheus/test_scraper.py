"""Scraping: real programs are counted exactly, and those that are gone are silent."""

from __future__ import annotations

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import pytest

from fournines.collector import Signal
from fournines.collector.prometheus import ScrapeJob, Scraper
from fournines.collector.prometheus.exposition import exposed
from fournines.collector.prometheus.targets import TargetDiscovery, offset
from fournines.slo import HOUR, OPERATION_DURATION, Window

METRIC = "http.server.request.duration"


class Page:
    """A server that answers every GET with one body."""

    def __init__(self) -> None:
        self.body, self.type, self.status, self.encoding = b"", "text/plain; version=0.0.4", 200, ""
        self.asked: list[dict[str, str]] = []
        self.framed = True
        """Whether the length of the body is said, or its end is that of the connection."""
        page = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page.asked.append({name.lower(): value for name, value in self.headers.items()})
                self.send_response(page.status)
                self.send_header("Content-Type", page.type)
                if page.encoding:
                    self.send_header("Content-Encoding", page.encoding)
                if page.framed:
                    self.send_header("Content-Length", str(len(page.body)))
                self.end_headers()
                self.wfile.write(page.body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def page():
    """A page whose content a test says."""
    one = Page()
    yield one
    one.close()


@pytest.fixture
def scraper(desk, loop, clock):
    """Makes a scraper of jobs before a collector; it scrapes when told."""
    made = []

    def make_one(*jobs, slos=()):
        one = desk(*slos)
        scraper = Scraper((), one.collector.submit, one.collector.counters, clock)
        loop.run(scraper.start())
        made.append(scraper)
        targets = TargetDiscovery(jobs, lambda file: None).targets()

        def scrape():
            return {loop.run(scraper.scrape(target)) for target in targets}

        one.scrape, one.value = scrape, one.collector.counters.registry.get_sample_value
        return one

    yield make_one
    for scraper in made:
        loop.run(scraper.stop())


@pytest.fixture
def slos(slo):
    """Availability and latency of the service."""
    return slo("up", signal=METRIC), slo("quick", signal=METRIC, threshold="0.25")


def test_a_real_program_is_counted_once(scraper, shop, clock, slos):
    """What it served since the last scrape, failures and slow requests too; the first failure ever counts."""
    one = scraper(ScrapeJob("payments", (shop.address,)), slos=slos)
    assert {"ok"} == one.scrape()
    for number in range(1, 4):
        shop.serve(10)
        shop.serve(2, seconds=0.4)
        shop.serve(1, status="500")
        clock.now += 15
        assert {"ok"} == one.scrape()
        assert (12 * number, 13 * number) == one.totals("up")

    assert (30, 36) == one.totals("quick")
    assert 1 == one.value("fournines_scrape_up", {"job": "payments", "instance": shop.address})


def test_a_service_that_is_scraped_and_sends_spans_is_counted_once(scraper, shop, clock, otlp, span):
    """Scrapes are metrics: an automatic SLO counts one signal only, from its first minute on and after it is pinned."""
    one = scraper(ScrapeJob("payments", (shop.address,)))
    assert {"ok"} == one.scrape()
    for number in range(1, 5):
        clock.now += 31
        shop.serve(5)
        spans = otlp.spans(*(span(clock.now) for _ in range(3)))
        assert 3 == one.collector.accept(Signal.TRACES, spans, clock.now).result().accepted
        assert {"ok"} == one.scrape()
        one.collector.tick(clock.now)
        seen = one.collector.observe(["payments-availability"], [Window(HOUR)], clock.now).total
        assert 5 * number == seen[0, 0]

    assert (20, 20) == one.totals("payments-availability")


def test_a_worker_without_requests_gets_its_automatic_slo_from_its_page(scraper, page, clock):
    """Operations that are scraped count as those that are sent do: by `error_type`, from the second scrape on."""
    one = scraper(ScrapeJob("settler", (page.address,)))
    bucket = 'fournines_operation_duration_seconds_bucket{{fournines_operation_name="settle"{},le="{}"}} {}\n'
    for good, bad in ((5, 0), (15, 2), (25, 5)):
        failed = ',error_type="ValueError"'
        parts = [(labels, le, count) for labels, count in (("", good), (failed, bad)) for le in ("0.25", "+Inf")]
        page.body = "".join(bucket.format(*part) for part in parts).encode()
        assert {"ok"} == one.scrape()
        clock.now += 35
        one.collector.tick(clock.now)

    assert {"settler-availability": OPERATION_DURATION} == {slo.name: slo.sli.signal for slo in one.collector.slos}
    assert (20, 25) == one.totals("settler-availability")


def test_a_program_that_served_before_is_not_counted_anew(scraper, page, clock, slos):
    """Without a time of creation the first scrape is the line that increases are drawn from, after a restart of ours as well."""
    one = scraper(ScrapeJob("payments", (page.address,)), slos=slos)
    text = 'http_server_request_duration_seconds_bucket{{http_response_status_code="200",le="{}"}} {}\n'
    for total in (100, 130):
        page.body = (text.format("0.25", total) + text.format("+Inf", total + 5)).encode()
        one.scrape()
        clock.now += 15
    one.collector.close()
    again = scraper(ScrapeJob("payments", (page.address,)), slos=slos)
    page.body = (text.format("0.25", 140) + text.format("+Inf", 145)).encode()
    again.scrape()

    assert (40, 40) == again.totals("up")


def test_a_counter_that_began_since_counts_whole(scraper, page, clock, slo):
    """`_created` of OpenMetrics says when it began."""
    one = scraper(ScrapeJob("payments", (page.address,)), slos=[slo("orders", signal="orders")])
    clock.now += 100
    page.type = "application/openmetrics-text; version=1.0.0"
    page.body = f"# TYPE orders counter\norders_total 7\norders_created {clock.now - 30}\n# EOF\n".encode()

    one.scrape()

    assert (7, 7) == one.totals("orders")


def test_a_target_that_is_gone_is_silent_and_one_that_fails_is_no_sign_of_life(scraper, page, clock, slo):
    """NO DATA after max(30 s, 3 intervals)."""
    one = scraper(ScrapeJob("payments", (page.address,), interval=10), slos=[slo("orders", signal="orders")])
    page.body = b"orders_total 1\n"
    for _ in range(10):
        one.scrape()
        clock.now += 10
        one.collector.tick(clock.now)
    silent = lambda: bool(one.collector.observe(["orders"], [slo("x").window], clock.now).silent[0])  # noqa: E731
    assert not silent()

    page.status = 503
    for _ in range(2):
        assert {"http_503"} == one.scrape()
        clock.now += 10
        one.collector.tick(clock.now)
    assert not silent()
    clock.now += 11
    one.collector.tick(clock.now)

    assert silent()
    assert 0 == one.value("fournines_scrape_up", {"job": "payments", "instance": page.address})


@pytest.mark.parametrize(
    ("body", "encoding", "result"),
    [
        (b"{", "", "unreadable"),
        (b"\xff\xfe", "", "unreadable"),
        (b"a 1\n" * 300_000, "", "unreadable"),
        (gzip.compress(b"a 1\n" * 3_000_000), "gzip", "unreadable"),
        (b"no gzip", "gzip", "connection"),
        (gzip.compress(b"orders_total 1\n"), "gzip", "ok"),
        (gzip.compress(b"orders_total 1\n") + gzip.compress(b"# HELP\n"), "gzip", "ok"),
        (gzip.compress(b"orders_total 12\n")[:-9], "gzip", "connection"),
        (b"orders_total 1\n", "br", "unreadable"),
        (b"", "", "ok"),
    ],
    ids=["broken", "no text", "large", "bomb", "no gzip", "gzip", "two gzips", "half a gzip", "brotli", "empty"],
)
def test_what_a_page_may_be(body, encoding, result, scraper, page):
    """Broken, hostile and empty pages each have their word, and end nothing."""
    one = scraper(ScrapeJob("payments", (page.address,), limit=2**20))
    page.body, page.encoding = body, encoding

    assert {result} == one.scrape()
    assert 1 == one.value("fournines_scrapes_total", {"job": "payments", "result": result})


def test_half_a_page_makes_no_counter_fall(scraper, page, clock, slo):
    """A page cut where nothing tells so, in the middle of a number, is no page: its counters would begin anew."""
    one = scraper(ScrapeJob("payments", (page.address,)), slos=[slo("orders", signal="orders")])
    page.framed = False
    for body in (b"orders_total 1200\n", b"orders_total 12", b"orders_total 1207\n"):
        page.body = body
        one.scrape()
        clock.now += 15

    assert (7, 7) == one.totals("orders")
    assert 1 == one.value("fournines_scrapes_total", {"job": "payments", "result": "connection"})


def test_a_series_told_twice_counts_once(scraper, page, clock, slo):
    """The first sample of a series at one time counts, as Prometheus has it, and others are refused, with a count: no counter falls."""
    one = scraper(
        ScrapeJob("payments", (page.address,)),
        slos=[slo("orders", signal="orders"), slo("quick", signal=METRIC, threshold="0.25")],
    )
    bucket = 'http_server_request_duration_seconds_bucket{{le="{}"}} {}\n'
    for total in (10, 15):
        page.body = f"orders_total {total}\norders_total 3\n".encode()
        for le, value in (("0.25", total), ("0.250", 1), ("+Inf", total), ("+Inf", 2)):
            page.body += bucket.format(le, value).encode()
        one.scrape()
        clock.now += 15

    assert (5, 5) == one.totals("orders") == one.totals("quick")
    assert 6 == one.value("fournines_items_rejected_total", {"signal": "metrics", "reason": "duplicate"})


@pytest.mark.parametrize("form", ["text", "protobuf"])
def test_times_that_no_clock_shows_are_refused(scraper, page, clock, slo, form):
    """The year 1970, or one that no number holds, is too old or the future; the page's other samples count."""
    from fournines.collector.prometheus.messages import MetricFamily

    one = scraper(ScrapeJob("payments", (page.address,)), slos=[slo("orders", signal="orders")])
    for value in (1, 5):
        if form == "text":
            page.type = "application/openmetrics-text"
            page.body = b"# TYPE orders counter\n"
            page.body += (
                b'orders_total{a="b"} 9 0\norders_total{a="c"} 9 99999999999999999999\norders_total %d\n# EOF\n' % value
            )
        else:
            page.type = "application/vnd.google.protobuf"
            family = MetricFamily(name="orders_total", type=0)
            for time in (1, 2**63 - 1, 0):
                metric = family.metric.add(timestamp_ms=time)
                metric.counter.value = 9 if time else value
            body = family.SerializeToString()
            page.body = varint(len(body)) + body
        assert {"ok"} == one.scrape()
        clock.now += 15

    assert (4, 4) == one.totals("orders")
    for reason in ("too_old", "future"):
        assert 2 == one.value("fournines_items_rejected_total", {"signal": "metrics", "reason": reason})


def test_nobody_there_is_a_failed_connection(scraper, free_port):
    """And a name that is no address too."""
    one = scraper(ScrapeJob("payments", (f"127.0.0.1:{free_port()}",)), ScrapeJob("other", ("no-such-host.invalid:1",)))

    assert {"connection"} == one.scrape()


def test_the_target_s_labels_stand_over_those_it_shows(scraper, page, clock, slo):
    """A page can't speak for another service; headers of the job are sent."""
    one = scraper(
        ScrapeJob("payments", (page.address,), headers={"authorization": "Bearer x"}),
        slos=[slo("orders", signal="orders")],
    )
    for value in (1, 5):
        page.body = b'orders_total{job="accounts",instance="b"} %d\n' % value
        one.scrape()
        clock.now += 15

    assert (4, 4) == one.totals("orders")
    assert "Bearer x" == page.asked[0]["authorization"]
    assert "io.prometheus.client.MetricFamily" in page.asked[0]["accept"]


def test_times_of_the_page_are_honoured_and_the_future_is_refused(scraper, page, clock, slo):
    """Counted as rejected, and the stream goes on."""
    one = scraper(ScrapeJob("payments", (page.address,)), slos=[slo("orders", signal="orders")])
    for value, time in ((10, clock.now), (999, clock.now + 3600), (13, clock.now + 15)):
        page.body = b"orders_total %d %d\n" % (value, time * 1000)
        one.scrape()
        clock.now += 15

    assert (3, 3) == one.totals("orders")
    assert 1 == one.value("fournines_items_rejected_total", {"signal": "metrics", "reason": "future"})


def varint(number: int) -> bytes:
    """A length before a message."""
    return bytes([number]) if number < 128 else bytes([number & 127 | 128, *varint(number >> 7)])


def test_the_protobuf_form_with_native_histograms_is_read(scraper, page, clock, slos, make):
    """Delimited metric families, as Go programs show them to Prometheus."""
    from fournines.collector.prometheus.messages import Label, MetricFamily

    one = scraper(ScrapeJob("payments", (page.address,)), slos=slos)
    page.type = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
    for count, deltas in ((10, (9, -8)), (30, (24, -18))):
        family = MetricFamily(name="http_server_request_duration_seconds", type=4)
        metric = family.metric.add(label=[Label(name="http_response_status_code", value="200")])
        histogram = metric.histogram
        histogram.sample_count, histogram.zero_threshold = count, 1e-128
        histogram.positive_span.add(offset=-2, length=2)
        histogram.positive_delta.extend(deltas)
        body = family.SerializeToString()
        page.body = varint(len(body)) + body
        one.scrape()
        clock.now += 15

    assert (15, 20) == one.totals("quick")
    page.body = page.body[:-3]
    assert {"unreadable"} == one.scrape()


def test_files_of_targets_are_read_again_and_a_bad_one_leaves_the_old(tmp_path):
    """JSON and YAML, patterns, labels of groups; a file that breaks is told, and what it said before stays."""
    failed = []
    job = ScrapeJob("shop", files=(str(tmp_path / "*.json"), str(tmp_path / "one.yml")))
    discovery = TargetDiscovery([job], failed.append)
    assert set() == discovery.targets()
    (tmp_path / "one.yml").write_text("- targets: ['a:1', 'b:1']\n  labels: {job: pay, __metrics_path__: /m, env: x}\n")
    (tmp_path / "two.json").write_text(json.dumps([{"targets": ["c:1"]}]))

    urls = {target.url for target in discovery.targets()}
    (tmp_path / "one.yml").write_text("- targets: [")
    still = {target.url for target in discovery.targets()}
    (tmp_path / "one.yml").write_text("[]")

    assert {"http://a:1/m", "http://b:1/m", "http://c:1/metrics"} == urls == still
    assert {"http://c:1/metrics"} == {target.url for target in discovery.targets()}
    assert ["one.yml"] * 2 == failed


def test_targets_are_spread_over_their_interval():
    """Each has its own moment, always the same."""
    job = ScrapeJob("shop", tuple(f"a:{port}" for port in range(1000)), interval=10)
    moments = sorted(offset(target) for target in TargetDiscovery([job], print).targets())

    assert 0 <= moments[0] < 1
    assert 9 < moments[-1] < 10
    assert max(after - before for before, after in pairwise(moments)) < 0.2


def test_our_own_metrics_can_be_read(opened, slo, clock):
    """`/metrics` of this collector is an exposition like others, in both text forms."""
    from fournines.collector import expose
    from fournines.slo import Evaluator

    collector = opened([slo("up")])
    evaluation = Evaluator(collector.slos).at(collector, clock.now)
    for accept in ("text/plain", "application/openmetrics-text; version=1.0.0"):
        body, content_type = expose(collector, evaluation, (), accept)
        shown = {sample.labels["__name__"] for sample in exposed(body, content_type)}
        assert {"slo_events_total", "fournines_ledger_healthy", "fournines_commit_seconds_bucket"} <= shown


def test_scrapes_run_by_themselves_and_follow_the_files(desk, loop, page, clock, tmp_path, eventually):
    """A new target is scraped, one that is gone is forgotten."""
    import time

    one, file = desk(), tmp_path / "targets.json"
    file.write_text(json.dumps([{"targets": [page.address]}]))
    job = ScrapeJob("shop", interval=0.2, files=(str(file),))
    scraper = Scraper([job], one.collector.submit, one.collector.counters, time.time)
    value = lambda: one.collector.counters.registry.get_sample_value(  # noqa: E731
        "fournines_scrape_up", {"job": "shop", "instance": page.address}
    )
    loop.run(scraper.start())
    try:
        eventually(lambda: value() == 1)
        file.write_text("[]")
        loop.run(scraper.refresh())
        assert value() is None
    finally:
        loop.run(scraper.stop())
