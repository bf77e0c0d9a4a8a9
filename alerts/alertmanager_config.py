"""Alertmanager's configuration for the generated rules: pages at once, tickets in groups, and no ticket beside a page.

https://prometheus.io/docs/alerting/latest/configuration/
Receivers are placeholders to be filled in: where pages go is no matter of SLO files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

from ..slo import Severity
from .names import LABEL_SERVICE, LABEL_SEVERITY, LABEL_SLO

PAGES: Final = "pages"
TICKETS: Final = "tickets"


def build_config(
    page_url: str = "http://127.0.0.1:9099/pages", ticket_url: str = "http://127.0.0.1:9099/tickets"
) -> dict[str, Any]:
    """The configuration's document. `page_url` and `ticket_url` are webhooks, to be replaced by whatever wakes people."""
    by_slo = [LABEL_SLO, LABEL_SERVICE]
    page = f'{LABEL_SEVERITY}="{Severity.PAGE.value}"'
    ticket = f'{LABEL_SEVERITY}="{Severity.TICKET.value}"'
    # An inhibition holds between alerts that agree on `equal`, and labels that both lack agree: so both sides must have an SLO.
    has_slo = f'{LABEL_SLO}!=""'
    return {
        "global": {"resolve_timeout": "5m"},
        "route": {
            "receiver": TICKETS,
            "group_by": by_slo,
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "12h",
            "routes": [
                {
                    "receiver": PAGES,
                    "matchers": [page],
                    "group_wait": "0s",
                    "group_interval": "30s",
                    "repeat_interval": "1h",
                }
            ],
        },
        "inhibit_rules": [{"source_matchers": [page, has_slo], "target_matchers": [ticket, has_slo], "equal": by_slo}],
        "receivers": [
            {"name": PAGES, "webhook_configs": [{"url": page_url, "send_resolved": True}]},
            {"name": TICKETS, "webhook_configs": [{"url": ticket_url, "send_resolved": True}]},
        ],
    }


def write(out_dir: Path) -> list[Path]:
    """Writes `alertmanager/alertmanager.yml` below `out_dir`; returns what it wrote."""
    path = out_dir / "alertmanager" / "alertmanager.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    header = "# Written by `fournines build`. Put your own receivers where the two webhooks stand.\n"
    path.write_text(header + yaml.safe_dump(build_config(), sort_keys=False), encoding="utf-8")
    return [path]
