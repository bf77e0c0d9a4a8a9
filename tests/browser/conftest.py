"""A real browser, and the pages of a bank whose counts, time and alerts a test decides."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, sync_playwright

from fournines.alerts import AlertKind, OpenAlerts
from fournines.alerts.messages.context import Cause, Context, Example, Rollout
from fournines.api import create_app
from fournines.dashboards import Beside, History, Shown, Spending, Spent, failing_interval
from fournines.dashboards.calls import Call, Calls
from fournines.serving import Pulse
from fournines.serving.routes import EvidencePages, LiveRoutes, PageRoutes
from fournines.serving.routes.deployments import FakeDeploymentKeeper
from fournines.slo import HOUR, Evaluation, HistoryPoint, Interval, State, Status
from tests.dashboards.conftest import NOW, availability, evaluated, latency, open_alert

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SIZES = {"phone": (360, 740), "desk": (1280, 800)}


@dataclass
class Bank:
    """Five SLOs; `outage` is the seconds of total outage at the end of every window, by SLO, `past` as `Counts` has it. It is `now`."""

    now: float = NOW
    outage: dict[str, float] = field(default_factory=dict)
    past: dict[str, tuple[float, int]] = field(default_factory=dict)
    began: dict[tuple[str, State], float] = field(default_factory=dict)
    alerts_open: dict[str, float] = field(default_factory=dict)
    over: tuple[Any, ...] = ()

    def evaluation(self) -> Evaluation:
        runbook = "https://runbooks.example.com/payments"
        slos = (
            availability("payments-availability", "payments", runbook=runbook, owner="team-payments"),
            latency("payments-latency", "payments"),
            availability("gateway-availability", "gateway"),
            availability("users-availability", "users"),
            availability("accounts-availability", "accounts"),
        )
        return evaluated(slos, self.now, outage=self.outage, past=self.past)

    def alerts(self) -> OpenAlerts:
        opened = [open_alert(name, AlertKind.PAGE, since) for name, since in self.alerts_open.items()]
        return OpenAlerts({each.alert.key: each.alert for each in opened})

    def since(self, name: str, state: State) -> float | None:
        return self.began.get((name, state))

    def history(self, name: str, interval: Interval, step: int) -> list[HistoryPoint]:
        lost = self.now - self.outage.get(name, 0.0)
        return [
            HistoryPoint(t, 0 if t + step > lost else 10 * step, 10 * step)
            for t in range(interval.start, interval.end, step)
        ]

    def of(self, about: Any) -> Any:
        """The chance of a status, or the silences of an SLO: none."""
        return None if isinstance(about, Status) else ()

    def known(self, past: int) -> list[Any]:
        return []

    def notices(self) -> list[str]:
        return []

    def beside(self, status: Status, now: float) -> Beside:
        end = int(now // 120) * 120 + 120
        recent = Interval(end - 3 * HOUR, end)
        failed = int(10 * self.outage.get(status.slo.name, 0.0))
        causes = (
            Cause("POST /payments", "500", "TimeoutError", "1.4.2", failed * 9 // 10),
            Cause("GET /payments/{id}", "503", "", "1.4.2", failed - failed * 9 // 10),
        )
        context = Context(
            failing_interval(status, now),
            causes if failed else (),
            {"payments-7c9f-x2x1p": failed},
            failed,
            rollout=Rollout("1.4.2", NOW - 420, NOW - 300, None, "ann", "8f2c1d7"),
            example=Example(TRACE, "POST /payments", "500", now - 30) if failed else None,
        )
        rollouts = [("payments", Rollout("1.4.2", NOW - 420, NOW - 300, None, "ann", "8f2c1d7"))]
        rollouts.append(("users", Rollout("3.0.1", NOW - 5_000, NOW - 4_800, None, "bo")))
        return Beside(context, rollouts, History(self.history(status.slo.name, recent, 120), recent, 120))

    def spending(self, name: str, shown: Shown, by: str) -> Spending:
        failed = int(10 * self.outage.get(name, 0.0))
        parts = [
            Spent(int(self.now) - 120, "POST /payments", failed),
            Spent(int(self.now) - 60, "GET /pay", failed // 3),
        ]
        return Spending(by, shown.interval, shown.step, [each for each in parts if each.failed])

    def find(self, now: float, service: Any, route: Any, state: Any, limit: int, before: Any = None) -> list[Any]:
        return [_SUMMARY]

    def get(self, trace_id: str) -> Any:
        return _TRACE if trace_id == TRACE else None

    def ended(self, *asked: Any) -> tuple[Any, ...]:
        return self.over

    def found(self, number: int) -> Any:
        return None

    def calls(self) -> dict[Call, Calls]:
        return {
            Call("gateway", "payments"): Calls(40, 31),
            Call("gateway", "users"): Calls(12),
            Call("payments", "accounts"): Calls(9, 1),
        }


_SUMMARY = {
    "trace_id": TRACE, "service": "payments", "route": "POST /payments", "state": "failed", "start": NOW - 30,
    "duration_seconds": 2.04, "status_code": "500", "error": "TimeoutError", "name": "POST /payments",
}  # fmt: skip


def _span(number: int, parent: int, name: str, service: str, start: float, took: float, **more: Any) -> dict[str, Any]:
    return {
        "span_id": f"{number:016x}", "parent_id": f"{parent:016x}" if parent else "", "name": name, "service": service,
        "resource": {}, "kind": "server", "start": NOW - 30 + start, "duration_seconds": took, "status": "unset",
        "status_message": "", "attributes": {"http.route": name}, "events": [], "depth": number - 1, "offset_seconds": start, **more,
    }  # fmt: skip


_TRACE = {
    **{key: _SUMMARY[key] for key in ("trace_id", "service", "route", "state")}, "received": NOW - 28,
    "spans": [
        _span(1, 0, "POST /payments", "gateway", 0.0, 2.04, status="error"),
        _span(2, 1, "POST /payments", "payments", 0.01, 2.02, status="error", status_message="no answer from accounts",
              events=[{"name": "exception", "time": NOW - 28, "attributes": {"exception.message": "timed out after 2 s"}}]),
        _span(3, 2, "SELECT balance", "accounts", 0.02, 2.0),
    ],
    "logs": [{"time": NOW - 28, "service": "payments", "span_id": "", "severity": "ERROR", "severity_number": 17,
              "body": "no answer from accounts", "attributes": {}}],
}  # fmt: skip


@pytest.fixture(scope="module")
def browser(chromium_binary: Path) -> Iterator[Browser]:
    """A real Chromium without a window, for no longer than its tests: while it is open an event loop runs, beside which no other can."""
    with chromium(chromium_binary) as opened:
        yield opened


@pytest.fixture(scope="module")
def bank() -> Bank:
    """All is well."""
    return Bank()


@pytest.fixture(scope="module")
def pulse() -> Pulse:
    """Beats when it is told to."""
    return Pulse()


@contextlib.contextmanager
def served(bank: Bank, pulse: Pulse) -> Iterator[str]:
    """The address of the pages: the application as a collector serves it, over that bank."""
    routes = PageRoutes(bank, bank, bank, bank, bank, bank, bank, bank, lambda: bank.now, "http://127.0.0.1:4318")
    evidence = EvidencePages(bank, bank, FakeDeploymentKeeper(), bank, bank, bank, bank, bank, lambda: bank.now)

    async def write(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("nobody writes")

    app = create_app((routes, evidence, LiveRoutes(pulse)), write)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        pulse.end()
        thread.join()


@contextlib.contextmanager
def chromium(binary: Path) -> Iterator[Browser]:
    """A real Chromium without a window."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=str(binary), args=arguments)
        yield browser
        browser.close()


def set_alight(bank: Bank) -> None:
    """Four minutes into an outage of payments, of which the gateway has its part."""
    bank.now = NOW
    bank.outage = {"payments-availability": 240.0, "gateway-availability": 12.0}
    bank.began = {
        ("payments-availability", State.BURNING): NOW - 232,
        ("gateway-availability", State.BURNING): NOW - 190,
    }
    bank.alerts_open = {"payments-availability": NOW - 228, "gateway-availability": NOW - 186}


@pytest.fixture(scope="module")
def site(bank: Bank, pulse: Pulse) -> Iterator[str]:
    """The address of the pages over that bank."""
    with served(bank, pulse) as address:
        yield address


@pytest.fixture
def burning(bank: Bank) -> Iterator[Bank]:
    """Four minutes into an outage."""
    set_alight(bank)
    yield bank
    bank.outage, bank.began, bank.alerts_open = {}, {}, {}
