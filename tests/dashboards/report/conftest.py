"""A report in which everything there is to say is said, by services and people of any name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest

from fournines.slo.report import (
    Cause,
    Incident,
    Month,
    Outcome,
    Period,
    ReleaseLine,
    Report,
    SloReport,
    TakenOut,
    Tally,
    tally_alerts,
)
from fournines.slo.report.report import report_of, service_report

OCTOBER = Period.parse("2026-10")
START, END = OCTOBER.interval("UTC")


def _trend() -> tuple[Month, ...]:
    unknown = (Month("2026-08", None, None, None, "it was not observed then"),)
    return (
        *unknown,
        Month("2026-09", Fraction(1), Fraction(0), True),
        Month("2026-10", Fraction(1, 2), Fraction(3, 2), False),
    )


@pytest.fixture(scope="session")
def make_report() -> Callable[..., Report]:
    """A month in which a service, and whoever and whatever had to do with it, was called `name`."""

    def make(name: str = "pay", made: int = END) -> Report:
        line = SloReport(
            name=f"{name}-availability",
            service=name,
            objective="0.9999",
            method="Occurrences",
            unit="events",
            is_availability=True,
            group_of="",
            zone="UTC",
            start=START,
            end=END,
            observed_seconds=86_400,
            heard=START + 86_400,
            outcome=Outcome.of(Tally(999_880, 1_000_000, 1, Fraction(100))),
            unknown="",
            causes=(Cause(f"/{name}", "503", name, name, 90),),
            causes_from=START,
            corrections=(TakenOut(START, START + 90, 90, name, name),),
            trend=_trend(),
        )
        blank = {"name": "silent", "outcome": None, "unknown": name, "corrections": (), "causes": (), "trend": ()}
        silent = replace(line, **blank)
        page = Incident(
            7, line.name, name, START + 5, START + 905, START + 65, name, name, 90, Fraction(9, 10), useful=False
        )
        still = Incident(8, line.name, name, START + 9_000, None, None, "", name)
        release = ReleaseLine(name, name, START, ended=True, seconds=Fraction("90.5"), author=name, failures=(name,))
        within, nothing = OCTOBER.interval("UTC"), tally_alerts(0, 0, 0, 0)
        service = service_report(name, [line, silent], [page, still], [release], tally_alerts(2, 1, 1, 0), within)
        return report_of(OCTOBER, "UTC", made, [service, service_report("web", [], [], [], nothing, within)])

    return make
