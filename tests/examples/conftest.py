"""What the example's tests share: evidence of a demo in which everything held."""

import pytest

from fournines.examples.fintech_edge.bank import NAMES
from fournines.examples.fintech_edge.inbox import Paged
from fournines.examples.fintech_edge.judge import Evidence
from fournines.examples.fintech_edge.reading import Reading
from fournines.examples.fintech_edge.tally import Count

BROKE_AT = 1_000.0
SECONDS = 47.0
ALLOWED_SECONDS = 259.2


def reading(service, good, bad, kind="availability", state="healthy", burn=0.0):
    """What the API would say of `good` and `bad` events within SECONDS."""
    total = good + bad
    spent = bad / total * SECONDS / ALLOWED_SECONDS if total else 0.0
    answer = {
        "name": f"{service}-{kind}",
        "service": service,
        "state": state,
        "events": {"good": good, "total": total, "estimated_bad": 0},
        "budget": {"remaining_ratio": 1 - spent, "remaining_seconds": (1 - spent) * ALLOWED_SECONDS},
        "burn_rates": dict.fromkeys(("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"), burn),
        "alerts": [{"severity": "page", "state": "firing"}] if state == "burning" else [],
    }
    return Reading.from_api(answer)


def readings(counts, kind="availability", state="healthy", burn=0.0):
    """Readings by SLO name, of (service, good, bad); the services with bad events in `state` and at `burn`."""
    made = [reading(s, g, b, kind, state if b else "healthy", burn if b else 0.0) for s, g, b in counts]
    return {one.name: one for one in made}


@pytest.fixture
def evidence():
    """Twenty seconds of outage in forty-seven; half of the gateway's customers pay."""
    counts = dict.fromkeys(NAMES, (1000, 0)) | {"gateway": (1_850, 500), "payments": (675, 500)}
    tallies = {name: Count(good, bad, 0, BROKE_AT + 0.01 if bad else None) for name, (good, bad) in counts.items()}
    rows = [(name, good, bad) for name, (good, bad) in counts.items()]
    answered = [(name, good, 0) for name, good, _ in rows]
    return Evidence(
        load=Count(1_850, 500, 12, BROKE_AT),
        unanswered=0,
        load_seconds=SECONDS,
        life_seconds=SECONDS + 8.0,
        tallies=tallies,
        before=readings((name, 300, 0) for name in NAMES),
        during=readings(rows, state="burning", burn=700.0),
        after={**readings(rows, state="burning", burn=600.0), **readings(answered, "latency")},
        broke_at=BROKE_AT,
        pages=(
            Paged("payments-availability", "page", "firing", BROKE_AT + 6.5, "payments burns"),
            Paged("gateway-availability", "page", "firing", BROKE_AT + 12.0, "gateway burns"),
        ),
    )
