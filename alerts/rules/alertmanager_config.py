"""Alertmanager's configuration for the generated rules and for what the collector sends: pages at once, tickets in groups.

A page holds back the ticket of its SLO, and the pages of the SLOs that can't do without it (`fournines/depends-on`). The heartbeat that
always fires goes to a receiver of its own, every minute: whoever is behind it calls when it stops.

https://prometheus.io/docs/alerting/latest/configuration/
Receivers are placeholders to be filled in: where pages go is no matter of SLO files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from ...slo import SLO, Severity
from ...slo.metric_names import GROUP_OF
from ..dependencies import Dependencies
from ..names import ALERT_BURN, ALERT_NO_DATA, ALERT_WATCHDOG, LABEL_ALERTNAME, LABEL_SERVICE, LABEL_SEVERITY, LABEL_SLO
from .promql import string
from .re2 import any_of
from .receivers import HEARTBEATS, PAGES, PLACEHOLDERS, TICKETS, Webhooks

_BY_SLO: Final = [LABEL_SLO, LABEL_SERVICE]
_PAGE: Final = f"{LABEL_SEVERITY}={string(Severity.PAGE.value)}"
_TICKET: Final = f"{LABEL_SEVERITY}={string(Severity.TICKET.value)}"
_BURN: Final = f"{LABEL_ALERTNAME}={string(ALERT_BURN)}"
_NO_DATA: Final = f"{LABEL_ALERTNAME}={string(ALERT_NO_DATA)}"
_WATCHDOG: Final = f"{LABEL_ALERTNAME}={string(ALERT_WATCHDOG)}"
_HAS_SLO: Final = f'{LABEL_SLO}!=""'
"""An inhibition holds between alerts that agree on `equal`, and labels that both lack agree: so both sides must have an SLO."""


def build_config(slos: Sequence[SLO] = (), to: Webhooks = PLACEHOLDERS) -> dict[str, Any]:
    """The configuration's document, the same for the same SLOs in whatever order."""
    return {
        "global": {"resolve_timeout": "5m"},
        "route": _route(),
        "inhibit_rules": [_ticket_beside_page(), *_dependencies(slos)],
        "receivers": [
            _webhook(PAGES, to.pages),
            _webhook(TICKETS, to.tickets),
            _webhook(HEARTBEATS, to.heartbeats, send_resolved=False),
        ],
    }


def config_yaml(slos: Sequence[SLO] = (), to: Webhooks = PLACEHOLDERS) -> str:
    """The configuration's text."""
    header = "# Written by `fournines build`. Put your own receivers where the webhooks stand.\n"
    return header + yaml.safe_dump(build_config(slos, to), sort_keys=False, width=10_000, allow_unicode=True)


def write(out_dir: Path, slos: Sequence[SLO] = (), to: Webhooks = PLACEHOLDERS) -> list[Path]:
    """Writes `alertmanager/alertmanager.yml` below `out_dir`; returns what it wrote."""
    path = out_dir / "alertmanager" / "alertmanager.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(config_yaml(slos, to), encoding="utf-8")
    return [path]


def _route() -> dict[str, Any]:
    """Tickets by default, in groups; pages and heartbeats at once."""
    heartbeats = {
        "receiver": HEARTBEATS,
        "matchers": [_WATCHDOG],
        "group_by": [LABEL_ALERTNAME],
        "group_wait": "0s",
        "group_interval": "30s",
        "repeat_interval": "1m",
    }
    pages = {
        "receiver": PAGES,
        "matchers": [_PAGE],
        # Nothing new waits for `group_interval` behind another alert of the same SLO.
        "group_by": [LABEL_ALERTNAME, *_BY_SLO],
        "group_wait": "0s",
        "group_interval": "30s",
        "repeat_interval": "1h",
    }
    # One silent service is one page, however many SLOs it feeds.
    silent = {**pages, "matchers": [_PAGE, _NO_DATA], "group_by": [LABEL_ALERTNAME, LABEL_SERVICE]}
    return {
        "receiver": TICKETS,
        "group_by": _BY_SLO,
        "group_wait": "30s",
        "group_interval": "5m",
        "repeat_interval": "12h",
        "routes": [heartbeats, silent, pages],
    }


def _ticket_beside_page() -> dict[str, Any]:
    """Only that it burns says what the tickets would: a page that nothing is known of holds nothing back."""
    return {"source_matchers": [_PAGE, _BURN, _HAS_SLO], "target_matchers": [_TICKET, _HAS_SLO], "equal": list(_BY_SLO)}


def _dependencies(slos: Sequence[SLO]) -> Iterator[dict[str, Any]]:
    """While one of those that an SLO depends on, however remotely, pages, its own page does not."""
    known = Dependencies(slos)
    for slo in sorted(slos, key=lambda slo: slo.name):
        if slo.depends_on:
            above = any_of(known.above(slo.name))
            held = (GROUP_OF if slo.group_by else LABEL_SLO, slo.name)
            yield {
                "source_matchers": [_PAGE, _BURN, f"{LABEL_SLO}=~{string(above)}"],
                "target_matchers": [_PAGE, _BURN, f"{held[0]}={string(held[1])}"],
            }


def _webhook(name: str, url: str, *, send_resolved: bool = True) -> dict[str, Any]:
    return {"name": name, "webhook_configs": [{"url": url, "send_resolved": send_resolved}]}
