"""Where Grafana sends what fires: contact points to be filled in, and the policy that chooses between them by severity."""

from __future__ import annotations

from typing import Any, Final

from ....slo import Severity
from ...names import LABEL_SERVICE, LABEL_SEVERITY, LABEL_SLO
from ..receivers import PAGES, TICKETS, Webhooks
from .text import plain

Json = dict[str, Any]

ORGANISATION: Final = 1
_BY_SLO: Final = (LABEL_SLO, LABEL_SERVICE)


def contact_points(to: Webhooks) -> list[Json]:
    """One for pages and one for tickets."""
    return [_webhook(PAGES, to.pages), _webhook(TICKETS, to.tickets)]


def _webhook(name: str, url: str) -> Json:
    settings = {"url": plain(url), "httpMethod": "POST"}
    receiver = {"uid": f"fournines-{name}", "type": "webhook", "settings": settings, "disableResolveMessage": False}
    return {"orgId": ORGANISATION, "name": name, "receivers": [receiver]}


def policies() -> list[Json]:
    """Tickets by default, in groups; pages at once, and none behind another alert of the same SLO."""
    pages = {
        "receiver": PAGES,
        "object_matchers": [[LABEL_SEVERITY, "=", Severity.PAGE.value]],
        "group_by": ["alertname", *_BY_SLO],
        "group_wait": "0s",
        "group_interval": "30s",
        "repeat_interval": "1h",
    }
    return [
        {
            "orgId": ORGANISATION,
            "receiver": TICKETS,
            "group_by": list(_BY_SLO),
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "12h",
            "routes": [pages],
        }
    ]
