"""The real Prometheus and the real vmagent scrape a real program, and write it here: every request is counted once."""

from __future__ import annotations

import time

import pytest

from fournines.collector import Address, HttpServer
from fournines.collector.prometheus import remote_write_app
from fournines.collector.prometheus.family import Settled

CONFIG = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: payments
    static_configs: [{{targets: ["{target}"]}}]
remote_write:
  - url: http://127.0.0.1:{port}/api/v1/write
    queue_config: {{min_shards: 4, max_shards: 4, batch_send_deadline: 200ms, max_samples_per_send: 7}}
"""
SCRAPE = """
scrape_configs:
  - job_name: payments
    scrape_interval: 1s
    static_configs: [{{targets: ["{target}"]}}]
"""


@pytest.fixture
def receiver(desk, clock, loop, slo):
    """A collector whose remote write port is open, on the real time."""
    clock.now = time.time()
    one = desk(
        slo("up", signal="http.server.request.duration"),
        slo("quick", signal="http.server.request.duration", threshold="0.25"),
        wait=1.5,
    )
    one.writer._clock = time.time
    server = loop.run(open_server(one))
    one.port = server.port
    yield one
    loop.run(server.stop())
    loop.run(one.writer.stop())


async def open_server(one):
    """Serves the receiver from when this returns."""
    server = HttpServer(remote_write_app(one.writer), Address("127.0.0.1", 0, "--port"))
    await server.start()
    await one.writer.start()
    return server


def sender(which, request, tmp_path, free_port, shop, receiver):
    """The command that runs one of the two, and where it says that it is ready."""
    port, config = free_port(), tmp_path / "config.yml"
    if which == "prometheus":
        config.write_text(CONFIG.format(target=shop.address, port=receiver.port))
        binary = request.getfixturevalue("prometheus_binary")
        listen = [f"--web.listen-address=127.0.0.1:{port}", f"--storage.tsdb.path={tmp_path / 'data'}"]
        return [binary, f"--config.file={config}", *listen], f"http://127.0.0.1:{port}/-/ready"
    config.write_text(SCRAPE.format(target=shop.address))
    binary = request.getfixturevalue("vmagent_binary")
    flags = [
        f"-promscrape.config={config}",
        f"-httpListenAddr=127.0.0.1:{port}",
        f"-remoteWrite.tmpDataPath={tmp_path / 'q'}",
    ]
    return [
        binary, *flags, f"-remoteWrite.url=http://127.0.0.1:{receiver.port}/api/v1/write", "-remoteWrite.flushInterval=200ms"
    ], f"http://127.0.0.1:{port}/health"  # fmt: skip


@pytest.mark.parametrize("which", ["prometheus", "vmagent"])
def test_a_real_sender_s_scrapes_are_counted_once(
    which, request, tmp_path, free_port, run_server, shop, receiver, eventually
):
    """Sharded, in requests of seven samples: what is counted is what was served, failures and slow ones too, and nothing is refused."""
    shop.serve(50)
    command, ready = sender(which, request, tmp_path, free_port, shop, receiver)
    with run_server(command, ready):
        eventually(lambda: receiver.collector.slos and receiver.assembly._families.kept)
        eventually(
            lambda: all(isinstance(one, Settled) or one.counted for one in receiver.assembly._families.kept.values())
        )
        shop.serve(20)
        shop.serve(5, seconds=0.4)
        shop.serve(3, status="500")

        eventually(lambda: receiver.totals("up") == (25, 28))

    assert receiver.totals("quick") == (20, 25)
    registry = receiver.collector.counters.registry
    assert not registry.get_sample_value("fournines_remote_write_requests_total", {"code": "400"})
    assert registry.get_sample_value("fournines_remote_write_requests_total", {"code": "204"})
