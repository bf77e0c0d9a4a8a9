"""Alertmanager's configuration for the generated rules: pages at once, tickets in groups, and no ticket beside a page.

https://prometheus.io/docs/alerting/latest/configuration/
Receivers are placeholders to be filled in: where pages go is no matter of SLO files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

from ...slo import Severity
from ..names import LABEL_SERVICE, LABEL_SEVERITY, LABEL_SLO

PAGES: Final = "pages"
TICKETS: Final = "tickets"


_BY_SLO: Final = [LABEL_SLO, LABEL_SERVICE]
_PAGE: Final = f'{LABEL_SEVERITY}="{Severity.PAGE.value}"'
_TICKET: Final = f'{LABEL_SEVERITY}="{Severity.TICKET.value}"'
_HAS_SLO: Final = f'{LABEL_SLO}!=""'
"""An inhibition holds between alerts that agree on `equal`, and labels that both lack agree: so both sides must have an SLO."""


def build_config(
    page_url: str = "http://127.0.0.1:9099/pages", ticket_url: str = "http://127.0.0.1:9099/tickets"
) -> dict[str, Any]:
    """The configuration's document. `page_url` and `ticket_url` are webhooks, to be replaced by whatever wakes people."""
    return {
        "global": {"resolve_timeout": "5m"},
        "route": _route(),
        "inhibit_rules": [
            {"source_matchers": [_PAGE, _HAS_SLO], "target_matchers": [_TICKET, _HAS_SLO], "equal": _BY_SLO}
        ],
        "receivers": [_webhook(PAGES, page_url), _webhook(TICKETS, ticket_url)],
    }


def _route() -> dict[str, Any]:
    """Tickets by default, in groups; pages at once."""
    pages = {
        "receiver": PAGES,
        "matchers": [_PAGE],
        "group_wait": "0s",
        "group_interval": "30s",
        "repeat_interval": "1h",
    }
    return {
        "receiver": TICKETS,
        "group_by": _BY_SLO,
        "group_wait": "30s",
        "group_interval": "5m",
        "repeat_interval": "12h",
        "routes": [pages],
    }


def _webhook(name: str, url: str) -> dict[str, Any]:
    return {"name": name, "webhook_configs": [{"url": url, "send_resolved": True}]}


def write(out_dir: Path) -> list[Path]:
    """Writes `alertmanager/alertmanager.yml` below `out_dir`; returns what it wrote."""
    path = out_dir / "alertmanager" / "alertmanager.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    header = "# Written by `fournines build`. Put your own receivers where the two webhooks stand.\n"
    path.write_text(header + yaml.safe_dump(build_config(), sort_keys=False), encoding="utf-8")
    return [path]
