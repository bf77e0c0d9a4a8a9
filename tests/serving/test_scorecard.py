"""The scorecard's figures are those of the ledger's last thirty days, and no figure is made up where there is none."""

from __future__ import annotations

import sqlite3
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from fournines.collector.records.deployments import Deployment
from fournines.serving import scorecard
from fournines.slo import DAY, Severity

NOW = 1_795_000_000.0


def incident(
    severity: Severity, began: float, ended: float, answered: float | None = None, *, told: bool = True
) -> Any:
    """One that is over."""
    return SimpleNamespace(
        alert=SimpleNamespace(severity=severity, began=began, told=told),
        seconds=ended - began,
        answered=None if answered is None else SimpleNamespace(at=answered),
    )


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Holds what a test puts into it; counts how often it was read."""
    held = SimpleNamespace(deployments=[], incidents=[], reads=0)

    def reader() -> sqlite3.Connection:
        held.reads += 1
        return sqlite3.connect(":memory:")

    def began_within(_: Any, service: str, within: Any) -> list[Deployment]:
        assert service == ""
        return [each for each in held.deployments if within.start <= each.began < within.end]

    held.reader = reader
    monkeypatch.setattr(scorecard, "deployments", began_within)
    monkeypatch.setattr(scorecard, "ended_alerts", lambda *_, **__: held.incidents)
    return held


def said(ledger: Any, *moments: float) -> dict[tuple[str, ...], float]:
    """Every sample after the scrapes at these moments: name, label values."""
    registry = CollectorRegistry()
    measured = scorecard.Scorecard(ledger, registry)
    for moment in moments or (NOW,):
        measured.measure(moment)
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in registry.collect()
        for sample in family.samples
    }


def test_a_release_is_done_and_not_taken_back(ledger: Any) -> None:
    """One that is under way, or was rolled back, is none; its length counts where its start was said."""
    ledger.deployments = [
        Deployment("shop", "0", NOW - 31 * DAY, NOW - 31 * DAY + 900),
        Deployment("shop", "1", NOW - 900, NOW - 600),
        Deployment("shop", "2", None, NOW - 500),
        Deployment("shop", "3", NOW - 400, NOW - 300, NOW - 200),
        Deployment("bank", "9", NOW - 100),
    ]

    assert said(ledger) == {
        ("fournines_releases", "shop"): 2,
        ("fournines_releases", "bank"): 0,
        ("fournines_release_seconds", "shop"): 300,
        ("fournines_deployment_timestamp_seconds", "shop", "3"): NOW - 400,
        ("fournines_deployment_timestamp_seconds", "bank", "9"): NOW - 100,
    }


def test_incidents_are_those_that_somebody_was_told_of(ledger: Any) -> None:
    """Nobody responds to what nobody hears; what nobody took on has no response time, and is not quick."""
    ledger.incidents = [
        incident(Severity.PAGE, NOW - 1000, NOW - 400, NOW - 940),
        incident(Severity.PAGE, NOW - 900, NOW - 700),
        incident(Severity.PAGE, NOW - 90, NOW - 1, NOW - 80, told=False),
        incident(Severity.TICKET, NOW - 500, NOW - 400),
    ]

    assert said(ledger) == {
        ("fournines_incidents", "page"): 2,
        ("fournines_incidents", "ticket"): 1,
        ("fournines_incident_response_seconds", "page"): 60,
        ("fournines_incident_resolution_seconds", "page"): 400,
        ("fournines_incident_resolution_seconds", "ticket"): 100,
    }


def test_the_ledger_is_read_once_a_minute(ledger: Any) -> None:
    """However often it is scraped; and again when the clock was set back."""
    said(ledger, NOW, NOW + 1, NOW + 59, NOW + 60, NOW + 61, NOW - 3600)

    assert ledger.reads == 3


def test_what_cannot_be_read_keeps_its_last_figures(ledger: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scrape never fails for it."""
    ledger.deployments = [Deployment("shop", "1", NOW - 900, NOW - 600)]
    registry = CollectorRegistry()
    measured = scorecard.Scorecard(ledger, registry)
    measured.measure(NOW)

    def fails(*_: Any, **__: Any) -> Any:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(scorecard, "deployments", fails)
    measured.measure(NOW + 60)

    assert registry.get_sample_value("fournines_releases", {"service": "shop"}) == 1
