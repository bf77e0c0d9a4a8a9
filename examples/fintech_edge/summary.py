"""summary: the end of the demo as tables for people and as `summary.json` for programs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .artefacts import Artefacts
from .judge import ALLOWED_SECONDS, Check, Evidence
from .reading import Reading, Readings
from .screen import ROOMY, SHOWN, STATE_COLOURS, burn, words

__all__ = ["print_summary", "write_summary"]

WIDE = 120  # columns from which everything has room
WINDOWS = ("5m", "1h", "6h", "1d", "3d", "30d")


def print_summary(console: Console, evidence: Evidence, checks: Sequence[Check]) -> None:
    """The budget before, during and after, the checks, and the verdict in one line."""
    wide = console.width >= WIDE
    windows = WINDOWS if wide else WINDOWS[:2] if console.width >= ROOMY else ()
    console.print(budgets(evidence, windows, wide=wide))
    console.print(
        Text(
            f"99.99 % of a month allows {ALLOWED_SECONDS:.1f} s of total outage. Burn 1x spends the budget exactly in its 30 days, "
            "14.4x spends 2 % of it in an hour.\nThis bank is younger than its windows: the time before counts as traffic "
            "like today's, without failures.",
            "dim",
        )
    )
    console.print(table_of(checks, wide=wide))
    failed = [check for check in checks if not check.held]
    if failed:
        console.print(Text(f"{len(failed)} of {len(checks)} checks did not hold.", "bold red"))
    else:
        console.print(Text(f"All {len(checks)} checks held.", "bold green"))


def budgets(evidence: Evidence, windows: Sequence[str], *, wide: bool) -> Table:
    """Budget, and burn over the windows, of the followed SLOs before the outage, at its end, and at the very end."""
    title = "Error budgets of availability, as the collector counted them"
    box, padding = (SIMPLE_HEAD, (0, 1)) if wide else (None, (0, 1, 0, 0))
    table = Table(title=title, title_justify="left", box=box, padding=padding, pad_edge=False)
    for name in ("service", "when", "state"):
        table.add_column(name, no_wrap=True)
    for name in ("good", "bad", "spent", "left", "left, s", *(f"burn {window}" for window in windows)):
        table.add_column(name, justify="right", no_wrap=True)
    for service in SHOWN:
        for when, readings in moments(evidence).items():
            reading = readings.get(f"{service}-availability")
            if reading is not None:
                table.add_row(*row(reading, when, windows), end_section=when == "after")
    return table


def moments(evidence: Evidence) -> dict[str, Readings]:
    """The three moments of the story by name."""
    return {"before": evidence.before, "during": evidence.during, "after": evidence.after}


def row(reading: Reading, when: str, windows: Sequence[str]) -> list[Text | str]:
    """One SLO at one moment, in cells."""
    spent, left, seconds = reading.spent_ratio, reading.remaining_ratio, reading.remaining_seconds
    return [
        reading.service if when == "before" else "",
        when,
        Text(words(reading), STATE_COLOURS.get(reading.state, "")),
        f"{reading.good:,}",
        f"{reading.bad:,}",
        "-" if spent is None else f"{spent:.1%}",
        "-" if left is None else f"{left:.1%}",
        "-" if seconds is None else f"{seconds:.1f}",
        *(burn(reading, window) for window in windows),
    ]


def table_of(checks: Sequence[Check], *, wide: bool) -> Table:
    """The checks, one a line. In a narrow terminal what was expected is said of those that did not hold."""
    table = Table(title="What had to hold", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for name in ("", "check", "expected", "found", "note") if wide else ("", "check", "found"):
        table.add_column(name)
    for check in checks:
        mark = Text("ok", "green") if check.held else Text("FAILED", "bold red")
        found = check.found if check.held else f"{check.found}; expected: {check.expected}"
        cells = (check.expected, check.found, check.note) if wide else (found,)
        table.add_row(mark, check.name, *cells)
    return table


def write_summary(
    path: Path, evidence: Evidence, artefacts: Artefacts, checks: Sequence[Check], facts: Mapping[str, Any]
) -> None:
    """Writes the verdict, each check and every number behind it as one JSON object."""
    summary = {
        "passed": all(check.held for check in checks),
        **facts,
        "checks": [asdict(check) for check in checks],
        "page": page(evidence),
        "counts": counts(evidence),
        "budgets": {when: {name: r.raw for name, r in of.items()} for when, of in moments(evidence).items()},
        "pages": [asdict(arrived) for arrived in evidence.pages],
        "artefacts": {**asdict(artefacts), "folder": str(artefacts.folder)},
    }
    path.write_text(json.dumps(summary, indent=1) + "\n")


def page(evidence: Evidence) -> dict[str, float | None]:
    """The moments of the payments page in epoch seconds, and its seconds from the first failed request."""
    began, firing, resolved = evidence.first_failed_at, evidence.page("payments"), evidence.page("payments", "resolved")
    return {
        "first_failed_at": began,
        "arrived_at": firing.at if firing else None,
        "seconds_to_page": firing.at - began if firing and began is not None else None,
        "resolved_at": resolved.at if resolved else None,
    }


def counts(evidence: Evidence) -> dict[str, Any]:
    """Per service the ledger's count and those made independently of it."""
    of_services: dict[str, Any] = {}
    for service, tally in evidence.tallies.items():
        reading = evidence.after.get(f"{service}-availability")
        ledger = {"good": reading.good, "bad": reading.bad} if reading is not None else None
        of_services[service] = {"ledger": ledger, "own_counter": vars(tally)}
    of_services["gateway"]["customers"] = {**vars(evidence.load), "unanswered": evidence.unanswered}
    return of_services
