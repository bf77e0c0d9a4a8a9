"""Silences of a running collector, and what its settings hold beside them."""

from __future__ import annotations

import contextlib

import pytest

from fournines.alerts import Alert, AlertKey, AlertKind, Firing
from fournines.alerts.matching import Matchers
from fournines.alerts.silences.silence import Silence
from fournines.alerts.silences.silences import Silences
from fournines.serving import Silencing, silencer_of
from fournines.settings import Settings

NOW = 1_790_000_000.0  # 2026-09-21 14:13:20 UTC, a Monday


@pytest.fixture
def kept(tmp_path):
    """None yet."""
    with contextlib.closing(Silences(tmp_path / "ledger.db")) as silences:
        yield silences


def silence(**matchers):
    return Silence(Matchers.of(matchers), NOW, NOW + 600, "ann", "deploying")


def alert(kind=AlertKind.TICKET, slo="quick", service="shop"):
    labels = {"slo": slo, "service": service, "severity": kind.severity.value}
    return Alert(AlertKey(kind, slo), slo, service, labels, "", "", Firing(NOW))


def test_whoever_waits_for_a_change_hears_of_it_at_once(kept):
    """Made and ended: an evaluation in five seconds would do, but nobody should have to wait for their page."""
    heard = []
    silencing = Silencing(kept, lambda: NOW, lambda: heard.append(len(kept.in_force(NOW))))
    silencing.add(silence(service="shop"))
    silencing.end(1, "ann", "done")

    assert [1, 0] == heard


def test_an_slo_knows_its_silences(kept, slo):
    """Also those of its pages alone, and of its service; not those of others."""
    silencing = Silencing(kept, lambda: NOW, lambda: None)
    for matchers in ({"slo": "quick"}, {"service": "shop", "severity": "page"}, {"kind": "ticket"}, {"slo": "slow"}):
        silencing.add(silence(**matchers))

    assert [1, 2, 3] == [each.number for each in silencing.of(slo("quick"))]


def test_settings_hold_beside_what_is_said_by_hand(kept):
    """A silence speaks first, then maintenance, then quiet hours."""
    moving = {"service": "shop", "start": "2026-09-21 14:00:00", "duration": "1h", "reason": "moving"}
    said = {"maintenance": [moving], "quiet_hours": [{"from": "14:00", "to": "16:00"}]}
    holder = silencer_of(Settings.model_validate(said), kept)
    by_settings = [holder.holding(alert(service=name), NOW).reason for name in ("shop", "bank")]
    kept.add(silence(slo="quick"), NOW)

    assert ["maintenance until 2026-09-21T15:00:00Z: moving", "quiet hours until 2026-09-21T16:00:00Z"] == by_settings
    assert "silenced by ann until 2026-09-21T14:23:20Z: deploying" == holder.holding(alert(), NOW).reason
    assert holder.holding(alert(AlertKind.PAGE, "other", "bank"), NOW) is None
