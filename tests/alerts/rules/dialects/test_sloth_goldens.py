"""Sloth's own files: what Sloth 0.16.0 itself wrote of these inputs (`sloth generate`), compared to the byte."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from fournines.alerts.rules.dialects.sloth_files import sloth_files
from fournines.slo import BurnRule, Severity, Window

GOLDENS = Path(__file__).parent / "goldens" / "sloth"
WEEK = tuple(
    BurnRule(severity, Fraction(share), Window.parse(long), Window.parse(short))
    for severity, share, long, short in (
        (Severity.PAGE, "0.08", "1h", "5m"),
        (Severity.PAGE, "0.125", "6h", "30m"),
        (Severity.TICKET, "0.2", "1d", "2h"),
        (Severity.TICKET, "0.42", "3d", "6h"),
    )
)
"""A catalogue of windows for `--slo-period-windows-path`, with which the golden of a week was written."""


def golden(name):
    """The text of a golden file."""
    return (GOLDENS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "path"), [("shop", "shop.yml"), ("shop-object", "kubernetes/monitoring/shop-slos.yml")]
)
def test_an_imported_file_gives_back_what_sloth_wrote(carried, name, path):
    """Events and shares, floats, quotes, folds and blocks, labels that hide each other, alerts that are off; Kubernetes' object."""
    assert {path: golden(f"{name}.out.yml")} == sloth_files(carried(golden(f"{name}.in.yml")))


@pytest.mark.parametrize("period", ["28d", "7d"])
def test_another_period_is_written_as_sloth_does(carried, period):
    """Four weeks by Sloth's own windows, and a week by a catalogue of windows."""
    (slo,) = carried(golden("orders.in.yml"))
    of_period = replace(slo, window=Window.parse(period), rules=WEEK if period == "7d" else slo.rules)

    assert {"shop.yml": golden(f"orders-{period}.out.yml")} == sloth_files([of_period])


def test_good_events_are_said_as_what_is_missing_of_all(carried):
    """Sloth knows errors alone: good and total give the file that their difference gives."""
    text = golden("orders.in.yml")
    (slo,) = carried(
        text.replace(
            "sum(rate(failed_total[{{.window}}]))",
            "(sum(rate(requests_total[{{.window}}]))) - (sum(rate(served_total[{{.window}}])))",
        )
    )
    queries = replace(slo.sli.promql, bad="", good="sum(rate(served_total[{{.window}}]))")

    assert sloth_files([slo]) == sloth_files([replace(slo, sli=replace(slo.sli, promql=queries))])
