# ruff: noqa: INP001 - a script, in no package
"""Takes the pictures of the on-call page that README and docs show: fixed data, the real renderer, a headless Chromium.

python docs/screenshot.py            writes docs/images/*.png (Debian: apt-get install chromium)
python docs/screenshot.py DIR        writes every width, by day and by night, and the HTML, into DIR
"""

from __future__ import annotations

import functools
import math
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from fournines.dashboards import CONTENT_SECURITY_POLICY, STATIC, Detail, History, Overview, render_overview, render_slo
from fournines.slo import (
    DAY,
    HOUR,
    SLI,
    SLO,
    Evaluator,
    EventCount,
    FakeEventSource,
    HistoryPoint,
    Interval,
    Objective,
    Observation,
    SLIKind,
    Window,
)

NOW = 1_795_317_400.0  # 2026-11-22 03:16:40 UTC
IMAGES = Path(__file__).resolve().parent / "images"
WIDTHS = {"wide": (1280, 1180), "phone": (360, 1500)}


class Stretch(NamedTuple):
    """So many events a second, and which share of them fails, from `start` to `end` (seconds before now)."""

    start: float
    end: float
    rate: float
    bad: float


@dataclass(frozen=True)
class Sample:
    """An event source that knows its past in stretches; the first stretch of a service begins its observation."""

    stretches: Mapping[str, Sequence[Stretch]]
    heard: Mapping[str, float]

    def observe(self, names: Sequence[str], windows: Sequence[Window], now: float) -> Observation:
        """Counts over each window; a service unheard for a minute is silent."""
        source = FakeEventSource(
            count=lambda name, window: self._count(name, window.interval(now), now),
            since={n: int(now - self.stretches[n][0].start) if self.stretches.get(n) else -1 for n in names},
            heard={n: now - self.heard[n] if n in self.heard else math.nan for n in names},
            silent={n for n in names if self.heard.get(n, 0) > 60},
        )
        return source.observe(names, windows, now)

    def history(self, name: str, interval: Interval, step: int) -> list[HistoryPoint]:
        """Counts in steps; steps without traffic are left out."""
        steps = ((t, self._count(name, Interval(t, t + step), NOW)) for t in range(interval.start, interval.end, step))
        return [HistoryPoint(t, good, total) for t, (good, total) in steps if total]

    def _count(self, name: str, interval: Interval, now: float) -> EventCount:
        good = total = 0
        for stretch in self.stretches.get(name, ()):
            seconds = min(interval.end, now - stretch.end) - max(interval.start, now - stretch.start)
            events = int(max(0.0, seconds) * stretch.rate)
            total += events
            good += events - round(events * stretch.bad)
        return EventCount(good, total)


def availability(service: str, target: str = "0.9999", **more: str) -> SLO:
    """An availability SLO of the example bank."""
    annotations = {"fournines/runbook": f"https://runbooks.example.com/{service}", **more}
    return SLO(
        f"{service}-availability",
        SLI(SLIKind.AVAILABILITY, service),
        Objective.parse(target),
        annotations=MappingProxyType(annotations),
    )


def latency(service: str, threshold: str = "0.25") -> SLO:
    """A latency SLO of the example bank."""
    return SLO(
        f"{service}-latency", SLI(SLIKind.LATENCY, service, threshold=Decimal(threshold)), Objective.parse("0.99")
    )


SERVICES = ("gateway", "users", "accounts", "transactions", "payments", "notifications", "analytics")
SLOS = (
    *(availability(service, **{"fournines/owner": f"team-{service}"}) for service in SERVICES),
    *(latency(service) for service in SERVICES),
    availability("ledger-archive"),
)
MONTH = 40 * DAY
STEADY = (Stretch(MONTH, 0, 42.0, 0.00002),)
STRETCHES: dict[str, Sequence[Stretch]] = {slo.name: STEADY for slo in SLOS} | {
    "payments-availability": (Stretch(MONTH, 240, 31.0, 0.00002), Stretch(240, 0, 29.0, 0.61)),
    "gateway-availability": (Stretch(MONTH, 235, 120.0, 0.00001), Stretch(235, 0, 118.0, 0.031)),
    "transactions-availability": (Stretch(MONTH, 9 * DAY, 18.0, 0.00002), Stretch(9 * DAY, 9 * DAY - 400, 18.0, 0.9),
                                  Stretch(9 * DAY - 400, 0, 18.0, 0.00003)),
    "analytics-availability": (Stretch(MONTH, 2 * DAY, 6.0, 0.00004), Stretch(2 * DAY, 0, 6.0, 0.0005)),
    "notifications-availability": (Stretch(6 * HOUR, 0, 9.0, 0.0),),
    "accounts-latency": (Stretch(MONTH, 3 * HOUR, 11.0, 0.003),),
    "ledger-archive-availability": (),
}  # fmt: skip
HEARD = {slo.name: 3.1 for slo in SLOS if slo.name != "ledger-archive-availability"}
SINCE = {slo.name: NOW - 12 * DAY - 4 * HOUR for slo in SLOS} | {
    "payments-availability": NOW - 232,
    "gateway-availability": NOW - 190,
    "transactions-availability": NOW - 9 * DAY + 70,
    "analytics-availability": NOW - 31 * HOUR,
    "accounts-latency": NOW - 3 * HOUR + 300,
}
ALERTS = (
    {"slo": "payments-availability", "service": "payments", "severity": "page", "state": "firing", "since": "2026-11-22T03:12:52Z"},
    {"slo": "payments-availability", "service": "payments", "severity": "ticket", "state": "firing",
     "since": "2026-11-22T03:12:58Z", "inhibited": True},
    {"slo": "gateway-availability", "service": "gateway", "severity": "page", "state": "firing", "since": "2026-11-22T03:13:34Z"},
    {"slo": "analytics-availability", "service": "analytics", "severity": "ticket", "state": "firing", "since": "2026-11-20T20:16:40Z"},
)  # fmt: skip


def overview() -> str:
    """The page at /, four minutes into an outage of payments."""
    evaluation = Evaluator(SLOS).at(Sample(STRETCHES, HEARD), NOW)
    return render_overview(Overview(evaluation, NOW, SINCE, ALERTS))


def detail(name: str = "payments-availability") -> str:
    """The page of one SLO."""
    source = Sample(STRETCHES, HEARD)
    status = Evaluator(SLOS).at(source, NOW).named(name)
    assert status is not None
    recent, whole = Interval(int(NOW) - 3 * HOUR, int(NOW)), Interval(int(NOW) - 30 * DAY, int(NOW))
    return render_slo(
        Detail(
            status,
            NOW,
            SINCE[name],
            [alert for alert in ALERTS if alert["slo"] == name],
            recent=History(source.history(name, recent, 60), recent, 60),
            whole=History(source.history(name, whole, HOUR), whole, HOUR),
        )
    )


def newcomer() -> str:
    """The page at / before anything was heard."""
    return render_overview(Overview(Evaluator(()).at(Sample({}, {}), NOW), NOW))


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder under the page's own policy, so that what breaks under it breaks here."""

    def end_headers(self) -> None:
        """As the collector sends them."""
        self.send_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has in the standard library
        """Says nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder at an address on the loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def photograph(url: str, picture: Path, size: tuple[int, int], *, dark: bool = False) -> None:
    """One picture. A narrow one is taken through a frame, because Chromium's window has a least width."""
    with tempfile.TemporaryDirectory() as profile:
        command = [
            shutil.which("chromium") or "chromium",
            *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            f"--user-data-dir={profile}",
            *(("--blink-settings=preferredColorScheme=0",) if dark else ()),
            f"--window-size={size[0]},{size[1]}",
            f"--screenshot={picture}",
            url,
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)  # noqa: S603 - ours


def main(arguments: Sequence[str]) -> None:
    """Renders, serves, photographs."""
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder)
        shutil.copytree(STATIC, site / "static")
        pages = {"oncall": overview(), "slo": detail(), "newcomer": newcomer()}
        for name, html in pages.items():
            (site / f"{name}.html").write_text(html, encoding="utf-8")
        with served(site) as address:
            if not arguments:
                IMAGES.mkdir(exist_ok=True)
                photograph(f"{address}/oncall.html", IMAGES / "oncall.png", (1060, 730))
                photograph(f"{address}/slo.html", IMAGES / "slo.png", (1060, 900))
                return
            out = Path(arguments[0])
            out.mkdir(parents=True, exist_ok=True)
            for name, html in pages.items():
                (out / f"{name}.html").write_text(html, encoding="utf-8")
                for width, size in WIDTHS.items():
                    for dark in (False, True):
                        picture = out / f"{name}-{width}-{'night' if dark else 'day'}.png"
                        photograph(f"{address}/{name}.html", picture, size, dark=dark)


if __name__ == "__main__":
    main(sys.argv[1:])
