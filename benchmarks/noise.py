"""Pages that mattered, pages that did not, and incidents nobody was told of: a simulated year of services with little and much traffic.

Services of 1, 10, 100 and 1,000 requests a minute promise 99.99 % over 30 days. Their requests, failures and incidents are those of the
model in [`alerts.backtest.simulation`](../alerts/backtest/simulation.py): a fifth of what is allowed fails all the time, and one incident
in five days fails a share of the requests from ten times what is allowed up to all of them, for some minutes to hours. One is an incident
if it spent 2 % of the budget. The policies are ours, and the rules that Sloth and Pyrra generate, each in its own engine's way. A page
matters if it is about an incident. `value` is how many of ours do not, a service and year, over all four rates.

    python benchmarks/noise.py [--quick] [--json]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from fournines.alerts.backtest.policies import policies_named
from fournines.alerts.backtest.score import Score
from fournines.alerts.backtest.simulation import simulate, simulation_table
from fournines.slo import MINUTE, Objective

PER_MINUTE: Final = (1, 10, 100, 1000)
OBJECTIVE: Final = Objective(Decimal("0.9999"))
OURS: Final = "fournines"
PEERS: Final = ("sloth", "pyrra")
DAYS: Final = 365
SERVICES: Final = 20
QUICK_SERVICES: Final = 3
SEED: Final = 99_99


def said(one: Score, services: int) -> dict[str, float | int | None]:
    """A score by what is asked of it, a service and year where it is a number of pages."""
    return {
        "pages_that_mattered": round((one.pages - one.pages_for_nothing) / services, 2),
        "pages_that_did_not": round(one.pages_for_nothing / services, 2),
        "tickets_that_did_not": round(one.tickets_for_nothing / services, 2),
        "incidents": one.incidents,
        "incidents_missed": one.missed,
        "seconds_to_tell_median": one.detection_median,
        "budget_spent_median": None if one.spent_median is None else round(one.spent_median, 4),
    }


def report(rows: Mapping[str, Mapping[str, Score]], services: int) -> dict[str, Any]:
    """The benchmark's one object."""
    noise = {who: _noise((row[who] for row in rows.values()), services) for who in (OURS, *PEERS)}
    return {
        "name": "pages_for_nothing",
        "value": noise[OURS],
        "unit": "pages a service and year",
        "goal": min(noise[peer] for peer in PEERS),
        "peers": {peer: noise[peer] for peer in PEERS},
        "details": {
            "services": services,
            "days": DAYS,
            "missed": {who: sum(row[who].missed for row in rows.values()) for who in (OURS, *PEERS)},
            "rates": {rate: {who: said(one, services) for who, one in row.items()} for rate, row in rows.items()},
        },
    }


def _noise(scores: Iterable[Score], services: int) -> float:
    return round(sum(one.pages_for_nothing for one in scores) / (services * len(PER_MINUTE)), 2)


def main() -> None:
    """Simulates and prints; with --json only the object."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--quick", action="store_true", help=f"{QUICK_SERVICES} services of each rate")
    options.add_argument("--json", action="store_true", help="print nothing but one JSON object")
    chosen = options.parse_args()
    services = QUICK_SERVICES if chosen.quick else SERVICES
    rates = [per_minute / MINUTE for per_minute in PER_MINUTE]
    scores = list(simulate(rates, [OBJECTIVE], policies_named((OURS, *PEERS)), services=services, days=DAYS, seed=SEED))
    rows: dict[str, dict[str, Score]] = {}
    for each in scores:
        rows.setdefault(f"{round(each.rate * MINUTE)}/min", {})[each.policy] = each.score
    if not chosen.json:
        print("\n".join(simulation_table(scores)))
    print(json.dumps(report(rows, services)))


if __name__ == "__main__":
    main()
