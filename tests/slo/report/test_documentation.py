"""docs/report.md beside what a report holds."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from typing import get_args, get_type_hints

from fournines.slo.report import Incident, ReleaseLine, Report, ServiceReport, SloReport
from fournines.slo.report.scorecard import Figure

APART = {Incident, ReleaseLine, ServiceReport, SloReport}
"""What has a table of its own."""


def keys(kind, path=""):
    """The keys of a value as the page writes them."""
    hints = get_type_hints(kind)
    for field in fields(kind):
        found = [each for each in (hints[field.name], *get_args(hints[field.name])) if is_dataclass(each)]
        apart = not found or found[0] in APART or found[0] is Figure or (kind is Report and field.name != "services")
        if apart:
            yield f"{path}{field.name}"
        else:
            yield from keys(found[0], f"{path}{field.name}.")


def test_every_key_of_a_report_is_on_the_page_and_no_other(root):
    """In the order of the page: the report, a service, an SLO, an incident, a release."""
    page = (root / "docs" / "report.md").read_text().partition("## As JSON")[2]
    tables = re.findall(r"(?:^\| .*\n)+", page, re.MULTILINE)
    shown = [
        set(re.findall(r"`([^`]+)`", " ".join(re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)))) for table in tables
    ]

    assert [set(keys(kind)) for kind in (Report, ServiceReport, SloReport, Incident, ReleaseLine)] == shown
