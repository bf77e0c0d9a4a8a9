"""The page of real workers, of gunicorn and of uvicorn, read by a real Prometheus."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as text

pytest.importorskip("gunicorn")

COUNT = "http_server_request_duration_seconds_count"
ROUTE = "/buy/{what}"
SHOP = """
import os
from prometheus_client import Counter
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from fournines.instrumentation import instrument

def buy(request):
    orders.inc()
    return PlainTextResponse(str(os.getpid()))

app = Starlette(routes=[Route("/buy/{what}", buy), Route("/ready", lambda request: PlainTextResponse("yes"))])
telemetry = instrument(app, service="shop")
orders = Counter("shop_orders", "Orders.", registry=telemetry.registry)
"""
GUNICORN = (
    "gunicorn",
    "-w",
    "3",
    "-k",
    "uvicorn_worker.UvicornWorker",
    "--graceful-timeout",
    "5",
    "-b",
    "127.0.0.1:{port}",
)
UVICORN = ("uvicorn", "--workers", "3", "--log-level", "warning", "--port", "{port}")
AWAY = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "PYTHONWARNINGS": "ignore", "PYTHONPATH": "."}
CONFIGURATION = """
scrape_configs:
- {{job_name: shop, scrape_interval: 1s, static_configs: [{{targets: ["127.0.0.1:{port}"]}}], authorization: {{credentials: s3cret}}}}
"""


class Shop:
    """A service of several workers."""

    def __init__(self, server, port, page):
        self.server, self.port, self.page_port = server, port, page
        self.sent = 0

    def buy(self, times):
        """So many requests, three at a time, each on a connection of its own; the workers that served them."""
        served, share = [], times // 3

        def buying():
            served.extend([self._get(self.port, f"/buy/{number}")[1] for number in range(share)])

        threads = [threading.Thread(target=buying) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(served) == 3 * share
        self.sent += len(served)
        return {int(pid) for pid in served}

    def page(self):
        """The page's samples, by name."""
        status, body = self._get(self.page_port, "/metrics")
        assert status == 200, body
        found = {}
        for family in openmetrics(body.decode()):
            for sample in family.samples:
                found.setdefault(sample.name, []).append(sample)
        return found

    def text(self):
        """The page as text of the older format."""
        return self._get(self.page_port, "/metrics", accept="text/plain")[1]

    def counted(self):
        """Requests, and orders, on the page of whichever worker answers."""
        page = self.page()
        bought = [s.value for s in page.get(COUNT, ()) if s.labels["http_route"] == ROUTE]
        return sum(bought), sum(s.value for s in page["shop_orders_total"])

    def counted_through_kills(self):
        """Requests on the page, asked again where the worker that was asked is killed."""
        while True:
            try:
                return self.counted()[0]
            except (OSError, http.client.HTTPException):
                time.sleep(0.01)

    def until_all_are_counted(self):
        """Waits until the page shows all that was sent, as it does within a second or two, and not one more."""
        deadline = time.monotonic() + 20
        while (now := self.counted()) != (self.sent, self.sent):
            assert max(now) <= self.sent
            assert time.monotonic() < deadline, f"{now} of {self.sent}\n{self.server.output()}"
            time.sleep(0.05)

    def until_there_are_workers(self, number=3):
        """Waits until so many workers have served a request."""
        deadline = time.monotonic() + 30
        seen = set()
        while len(seen) < number:
            seen |= self.buy(12)
            assert time.monotonic() < deadline, self.server.output()
        return seen

    @staticmethod
    def _get(port, path, accept="application/openmetrics-text; version=1.0.0"):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", path, headers={"Accept": accept, "Authorization": "Bearer s3cret"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@pytest.fixture
def shop(run_server, free_port, tmp_path):
    """Starts the shop on a server; it is ended after the test."""
    (tmp_path / "shop.py").write_text(SHOP)
    running, parents = [], []

    def start(command, **env):
        port = free_port()
        page = int(env.get("FOURNINES_METRICS_PORT", port))
        words = [sys.executable, "-m", *(word.format(port=port) for word in command), "shop:app"]
        context = run_server(words, f"http://127.0.0.1:{port}/ready", env={**AWAY, **env}, cwd=tmp_path)
        running.append(context)
        made = Shop(context.__enter__(), port, page)
        parents.append(made.server.pid)
        return made

    yield start
    for context in running:
        context.__exit__(None, None, None)
    for parent in parents:
        sweep_up(parent)


def ask_prometheus(address, path, **query):
    with urllib.request.urlopen(
        f"http://{address}/api/v1/{path}?{urllib.parse.urlencode(query)}", timeout=10
    ) as answer:
        return json.load(answer)["data"]


def until(found, timeout=30):
    """What `found` gives as soon as it gives something."""
    deadline = time.monotonic() + timeout
    while not (now := found()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return now


def ended(pid):
    """Whether there is no such process any more."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_prometheus_sees_all_workers_of_gunicorn_the_killed_too(
    shop, prometheus_binary, promtool_binary, run_server, free_port, tmp_path
):
    """Preloaded workers, a port for the page, a token: Prometheus reads one sum, with exemplars, and a kill leaves it whole."""
    folder, page = tmp_path / "metrics", free_port()
    settings = {"DIR": str(folder), "PORT": str(page), "TOKEN": "s3cret"}
    served = shop((*GUNICORN, "--preload"), **{f"FOURNINES_METRICS_{name}": value for name, value in settings.items()})
    workers = served.until_there_are_workers()
    served.until_all_are_counted()
    os.kill(min(workers), signal.SIGKILL)
    served.until_there_are_workers(3)
    served.until_all_are_counted()
    checked = subprocess.run(
        [promtool_binary, "check", "metrics"], input=served.text(), capture_output=True, check=False
    )
    (service,) = folder.iterdir()

    assert (0, b"") == (checked.returncode, checked.stderr + checked.stdout)
    assert [0.0] == [sample.value for sample in served.page()["http_server_active_requests"]]
    assert len(list(service.glob("*.seat"))) == 3

    config, address = tmp_path / "prometheus.yml", f"127.0.0.1:{free_port()}"
    config.write_text(CONFIGURATION.format(port=page))
    where = (f"--storage.tsdb.path={tmp_path / 'tsdb'}", f"--web.listen-address={address}")
    command = [prometheus_binary, f"--config.file={config}", *where, "--enable-feature=exemplar-storage"]
    with run_server(command, f"http://{address}/-/ready"):
        (counted,) = until(
            lambda: ask_prometheus(address, "query", query=f'sum({COUNT}{{http_route="{ROUTE}"}})')["result"]
        )
        named = {
            "query": "http_server_request_duration_seconds_bucket",
            "start": time.time() - 600,
            "end": time.time() + 60,
        }
        exemplars = until(lambda: ask_prometheus(address, "query_exemplars", **named))
        (target,) = ask_prometheus(address, "targets")["activeTargets"]

    assert float(counted["value"][1]) == served.sent
    assert {len(one["labels"]["trace_id"]) for series in exemplars for one in series["exemplars"]} == {32}
    assert target["health"] == "up"


def test_workers_of_uvicorn_find_each_other(shop):
    """Three spawned workers with nothing configured: the page is that of all, whoever is asked."""
    served = shop(UVICORN)
    served.until_there_are_workers()
    served.until_all_are_counted()

    assert {served.counted() for _ in range(6)} == {(served.sent, served.sent)}


def sweep_up(parent):
    """Removes what the service left in memory: its next start would, but there is none."""
    for folder in Path("/dev/shm", f"fournines-metrics-{os.getuid()}").glob(f"*-{parent}-*"):
        shutil.rmtree(folder)


class Load:
    """Requests without a pause, some of which fail because their worker is killed."""

    def __init__(self, served):
        self._served, self._over = served, threading.Event()
        self.answers, self.failed = [], 0
        self._threads = [threading.Thread(target=self._run) for _ in range(2)]
        for thread in self._threads:
            thread.start()

    def _run(self):
        while not self._over.wait(0.005):
            try:
                status, pid = self._served._get(self._served.port, "/buy/loaded")
            except (OSError, http.client.HTTPException):
                self.failed += 1
            else:
                assert status == 200
                self.answers.append((time.monotonic(), int(pid)))

    def end(self):
        """Stops, and waits for the answers under way."""
        self._over.set()
        for thread in self._threads:
            thread.join()


@pytest.mark.long
@pytest.mark.parametrize(
    "command", [GUNICORN, (*GUNICORN, "--preload"), UVICORN], ids=["gunicorn", "preload", "uvicorn"]
)
def test_killed_under_load_workers_lose_their_last_second_and_no_more(shop, tmp_path, command):
    """While workers are killed the page never falls and never shows more than was asked; quiet, all else is there."""
    served = shop(command, FOURNINES_METRICS_DIR=str(tmp_path / "metrics"))
    served.until_there_are_workers()
    served.until_all_are_counted()  # on file, so that what a kill takes is among the load's own
    load, before, kills = Load(served), 0, {}
    for _ in range(4):
        until(lambda: len({pid for _, pid in load.answers[-60:]} - kills.keys()) == 3)
        pid = next(pid for _, pid in reversed(load.answers) if pid not in kills)
        os.kill(pid, signal.SIGKILL)
        kills[pid] = time.monotonic()
        for _ in range(30):
            now = served.counted_through_kills()
            assert before <= now <= served.sent + len(load.answers) + load.failed + 2
            before = now
    load.end()
    # Two seconds: one between two writes, and one for a machine that is busy.
    last = sum(1 for at, pid in load.answers if pid in kills and at > kills[pid] - 2)
    least, most = served.sent + len(load.answers) - last, served.sent + len(load.answers) + load.failed
    until(lambda: served.counted()[0] >= least)

    assert least <= served.counted()[0] <= most
    assert last < len(load.answers)
    (service,) = (tmp_path / "metrics").iterdir()
    until(lambda: len(list(service.glob("*.seat"))) == 3)
    until(lambda: len(list(service.iterdir())) == 2 * 3 + 2)


@pytest.mark.long
def test_a_reload_keeps_the_counts_and_a_restart_begins_anew(shop, tmp_path):
    """A reload of gunicorn (HUP) changes all workers and no count; a new start of the service counts from 0."""
    served = shop(GUNICORN, FOURNINES_METRICS_DIR=str(tmp_path / "metrics"))
    old = served.until_there_are_workers()
    served.until_all_are_counted()
    os.kill(served.server.pid, signal.SIGHUP)
    until(lambda: all(map(ended, old)))  # whose last connections are reset, and nobody knows whether they count

    assert not served.until_there_are_workers() & old
    served.until_all_are_counted()
    served.server.stop()
    again = shop(GUNICORN, FOURNINES_METRICS_DIR=str(tmp_path / "metrics"))

    again.until_all_are_counted()


FORKS = """
import os
from prometheus_client import Counter, Gauge
from fournines.instrumentation import instrument

async def app(scope, receive, send): pass

telemetry = instrument(app, service="shop")
mine = Counter("mine", "In the page's registry.", registry=telemetry.registry)
theirs = Counter("theirs", "In the library's registry.")
depth = Gauge("depth", "Deepest.", registry=telemetry.registry, multiprocess_mode="max")
for number in range(3):
    if os.fork() == 0:
        mine.inc(2)
        theirs.inc(3)
        depth.set(number)
        telemetry._red.record(("GET", "http", "/x", 200, None, "1.1"), 0.1)
        telemetry._exposition.page("")
        os._exit(0)
    os.wait()
if os.fork() == 0:
    print(telemetry._exposition.page("")[0].decode(), flush=True)
    os._exit(0)
os.wait()
"""


@pytest.mark.parametrize(("variable", "expected"), [
    ("FOURNINES_METRICS_DIR", {"mine_total": 6, "theirs_total": None, COUNT: 3}),
    ("PROMETHEUS_MULTIPROC_DIR", {"mine_total": 6, "theirs_total": 9, "depth": 2, COUNT: 3}),
])  # fmt: skip
def test_metrics_of_one_s_own_are_added_up_once(tmp_path, variable, expected):
    """In our folder the page's registry is shared; where prometheus-client's own mode is on, it shares its metrics, and we do not again."""
    env = {**os.environ, "PYTHONWARNINGS": "ignore", variable: str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", FORKS], env=env, capture_output=True, text=True, check=True, timeout=60
    )
    found = [sample for family in text(done.stdout) for sample in family.samples]
    names = [sample.name for sample in found]

    assert {
        name: sum(s.value for s in found if s.name == name) if name in names else None for name in expected
    } == expected
    assert names.count("mine_total") == 1
