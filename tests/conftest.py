"""What every room's tests share: the real servers, free ports, and a way to run a server and be sure that it ends.

`make test` fetches the servers. Where one is missing all the same, the tests that need it are skipped with a line that
says what is missing and how to get it; with CI=true they fail instead, because a gate that skips is none.
"""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any, NoReturn

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
MEASURED_EXAMPLES = 3
"""So many parameters of a test coverage is told of."""

DEBIAN_ALERTMANAGER_TEMPLATE = Path("/usr/share/prometheus/alertmanager/default.tmpl")

# Compiling the decoders takes half a minute: every server the tests start reads them from one folder.
os.environ.setdefault("FOURNINES_KERNELS", str(TOOLS / "kernels"))

# No law depends on how busy the machine is; and what CI judges, it judges by the same examples each time.
hypothesis.settings.register_profile("house", deadline=None, derandomize=os.environ.get("CI") == "true")
hypothesis.settings.load_profile("house")

_MEASURING: dict[str, str] = {}


def pytest_collection_finish(session: pytest.Session) -> None:
    """Before the first test's time runs: takes from children what has them measured, and compiles the decoders for those that need them."""
    _keep_children_unmeasured()
    asked = any("decoders" in getattr(item, "fixturenames", ()) for item in session.items)
    if asked and not session.config.getoption("collectonly"):
        from fournines.collector.kernels import warm_up

        warm_up(Path(os.environ["FOURNINES_KERNELS"]))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Once more before each test: whenever coverage goes on after a test that it was not told of, it has children measured again."""
    _keep_children_unmeasured()


def _keep_children_unmeasured() -> None:
    for name in [name for name in os.environ if name.startswith("COVERAGE_PROCESS")]:
        _MEASURING[name] = os.environ.pop(name)


def pytest_sessionfinish() -> None:
    """Closes the socket that the X-Ray SDK, which moto imports too, opens for a recorder of its own, in whichever process imported it."""
    if (sdk := sys.modules.get("aws_xray_sdk.core")) is not None:
        sdk.xray_recorder.emitter._socket.close()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Who may take longest begins first, so that nobody is waited for at the end; what runs again and again is not measured.

    Hypothesis' examples, and a test's own beyond the first few, pass the same lines some hundred times, and coverage, which watches each
    of them, doubles what they take. The tests of the root look at sources and start programs: they run no line of the house.
    """
    items.sort(key=_time_given, reverse=True)
    seen: Counter[tuple[Path, str]] = Counter()
    for item in items:
        test = item.path, getattr(item, "originalname", item.name)
        seen[test] += 1
        if (
            item.get_closest_marker("hypothesis")
            or seen[test] > MEASURED_EXAMPLES
            or item.path.parent == ROOT / "tests"
        ):
            item.add_marker("no_cover")


def _time_given(item: pytest.Item) -> float:
    """The seconds after which a test says itself that it is given up; 0 for those that have what all have."""
    own = item.get_closest_marker("timeout")
    return float(own.args[0]) if own is not None else 0.0


@pytest.fixture(scope="session")
def measured() -> Mapping[str, str]:
    """What a child's environment needs for coverage to see the child; its start takes half as long again, and all its work.

    Of use where lines run in no test's own process. Who is killed tells nothing, and is never worth it.
    """
    return _MEASURING


@pytest.fixture
def aws_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Credentials of nobody, and no configuration of whoever runs the tests."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """The address of a stand-in for AWS."""
    from moto.server import ThreadedMotoServer  # a second, which few tests need

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout's folder: where pyproject.toml, Makefile and the rooms stand."""
    return ROOT


@pytest.fixture(scope="session")
def decoders() -> Any:
    """The collector's decoders, compiled where that has not been done yet; the servers of the tests find them in the same folder."""
    from fournines.collector.kernels import load_decoders

    return load_decoders(Path(os.environ["FOURNINES_KERNELS"]))


@pytest.fixture(scope="session")
def prometheus_binary() -> Path:
    """A real Prometheus server."""
    return _find(("prometheus",), "`make test` fetches Debian's package `prometheus` where apt-get is there")


@pytest.fixture(scope="session")
def promtool_binary() -> Path:
    """Prometheus' own judge of rules and of their tests."""
    return _find(("promtool",), "`make test` fetches Debian's package `prometheus` where apt-get is there")


@pytest.fixture(scope="session")
def alertmanager_binary() -> Path:
    """A real Alertmanager that can start: Debian's reads its template from /usr/share, so unpacking is not enough."""
    how = "as root `make test` installs Debian's package `prometheus-alertmanager`; or apt-get install it"
    binary = _find(("prometheus-alertmanager", "alertmanager"), how)
    if binary.name == "prometheus-alertmanager" and not DEBIAN_ALERTMANAGER_TEMPLATE.exists():
        _missing("prometheus-alertmanager's template", how)
    return binary


@pytest.fixture(scope="session")
def amtool_binary() -> Path:
    """Alertmanager's own judge of its configuration."""
    return _find(("amtool",), "`make test` fetches Debian's package `prometheus-alertmanager` where apt-get is there")


@pytest.fixture(scope="session")
def victoria_metrics_binary() -> Path:
    """A real VictoriaMetrics server."""
    return _find(
        ("victoria-metrics",), "`make test` fetches Debian's package `victoria-metrics` where apt-get is there"
    )


@pytest.fixture(scope="session")
def vmagent_binary() -> Path:
    """VictoriaMetrics' own scraper and remote write sender."""
    return _find(("vmagent",), "`make test` fetches Debian's package `victoria-metrics` where apt-get is there")


@pytest.fixture(scope="session")
def chromium_binary() -> Path:
    """A real browser without a window."""
    how = "as root `make test` installs Debian's package `chromium-headless-shell`; or apt-get install chromium"
    return _find(("chromium-headless-shell", "chromium"), how)


@pytest.fixture(scope="session")
def redis_binary() -> Path:
    """A real Redis server; one that was unpacked finds its libraries in `TOOLS / "usr/lib/x86_64-linux-gnu"`."""
    return _find(("redis-server",), "`make test` fetches Debian's package `redis-server` where apt-get is there")


@pytest.fixture(scope="session")
def postgres_folder() -> Path:
    """Where a real PostgreSQL's programs stand: `postgres`, `initdb`."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    how = "as root `make test` installs Debian's package `postgresql`; or apt-get install it"
    return _find(("postgres",), how).resolve().parent


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Gives a TCP port on 127.0.0.1 that nobody listens on, another one at each call."""
    return _free_port


Answered = tuple[int, Any]


@pytest.fixture
def on_loopback() -> Iterator[Callable[[Callable[[str, str, Message[str, str], bytes], Answered]], str]]:
    """Serves what a function answers to (method, path, headers, body): a status, and bytes or what becomes JSON. Gives the address."""
    with contextlib.ExitStack() as stack:

        def serve(answer: Callable[[str, str, Message[str, str], bytes], Answered]) -> str:
            class Handler(http.server.BaseHTTPRequestHandler):
                def handle_one(self) -> None:
                    sent = self.rfile.read(int(self.headers.get("content-length", 0)))
                    status, found = answer(self.command, self.path, self.headers, sent)
                    body = found if isinstance(found, bytes) else json.dumps(found).encode()
                    self.send_response(status)
                    self.send_header("content-length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

                do_GET = do_POST = handle_one  # noqa: N815 - what http.server looks for

                def log_message(self, *_: object) -> None:
                    """Says nothing."""

            server = stack.enter_context(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler))
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}"

        yield serve


@dataclass(frozen=True)
class Server:
    """A child process that has said it is ready."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        """The child's process id, which is also its process group."""
        return self.process.pid

    def output(self) -> str:
        """Everything it wrote so far, both streams."""
        return self.log.read_text(errors="replace")

    def stop(self, timeout: float = 15.0) -> int:
        """Ends it with SIGTERM, with SIGKILL when it has not gone after `timeout` seconds. Returns its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout)
        return self.kill()

    def kill(self) -> int:
        """Ends it, and whatever children it left, with SIGKILL. Returns its exit code."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        return self.process.wait()


RunServer = Callable[..., contextlib.AbstractContextManager[Server]]


@pytest.fixture(scope="session")
def run_server(tmp_path_factory: pytest.TempPathFactory, decoders: Any) -> RunServer:
    """Starts a server and gives it back once it answers; leaving the block ends it. Of use in fixtures of any scope.

    with run_server([binary, "--web.listen-address=..."], f"http://127.0.0.1:{port}/-/ready") as server:
        ...

    `ready` must answer 200 within `timeout` seconds, or the test fails with the end of the server's output. `env` is
    added to this process's environment. `server.kill()` and `server.stop()` may be called in the block as well.
    """

    @contextlib.contextmanager
    def run(
        command: Sequence[str | Path],
        ready: str,
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout: float = 30.0,
    ) -> Iterator[Server]:
        log = tmp_path_factory.mktemp("server") / "output.log"
        with log.open("wb") as sink:
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                cwd=cwd,
                start_new_session=True,
            )
        server = Server(process, log)
        try:
            _wait_until_ready(server, ready, timeout)
            yield server
        finally:
            server.stop()

    return run


def _wait_until_ready(server: Server, url: str, timeout: float) -> None:
    """Asks until `url` answers 200; fails with the end of the output when the process goes or the time is over."""
    deadline = time.monotonic() + timeout
    while not _answers(url):
        if server.process.poll() is not None:
            pytest.fail(f"it ended with {server.process.returncode} before it was ready:\n{server.output()[-4000:]}")
        if time.monotonic() > deadline:
            pytest.fail(f"{url} did not answer 200 within {timeout:g} s:\n{server.output()[-4000:]}")
        time.sleep(0.05)


def _answers(url: str) -> bool:
    """Whether `url` answers 200 now; no proxy is asked."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as error:
        error.close()
        return False
    except (OSError, http.client.HTTPException):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _find(names: Sequence[str], how: str) -> Path:
    """The first of `names` on PATH, or as `make test` unpacked it."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), str(TOOLS / "usr" / "bin")))
    for name in names:
        if found := shutil.which(name, path=path):
            return Path(found)
    return _missing(names[0], how)


def _missing(what: str, how: str) -> NoReturn:
    message = f"{what} is not here: {how}"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{message} (CI=true: nothing may be skipped)")
    pytest.skip(message)
