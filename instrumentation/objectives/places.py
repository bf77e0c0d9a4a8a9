"""An objective with the templates that requests are counted under, and what is not there to be counted."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from .objective import Objective
from .served import Served, answers

Placed = tuple[list[Objective], str]
"""What is to be said, and in words what the application does not have; empty where it has all."""


def at_endpoint(objective: Objective, endpoint: Any, routes: Sequence[Served], root: str) -> Placed:
    """For all routes that an endpoint answers. Where its methods differ from route to route, one objective for each set of them:
    the others' requests are none of its own.
    """
    sets: dict[frozenset[str], list[str]] = {}
    for route in routes:
        if answers(route.endpoint, endpoint):
            sets.setdefault(route.methods, []).append(root + route.template)
    if not sets:
        return [], "a function that answers no HTTP request of the application, and counts nothing"
    several = len(sets) > 1
    return [
        objective.at(dict.fromkeys(templates), sorted(methods), "-".join(sorted(methods)) if several else "")
        for methods, templates in sets.items()
    ], ""


def at_routes(objective: Objective, routes: Sequence[Served], root: str) -> Placed:
    """For the routes it names: as the application has them, or with where it is mounted."""
    own = {route.template for route in routes}
    named = [root + route if route in own else route for route in objective.routes]
    there = own | {root + template for template in own}
    missing = [route for route in named if routes and route not in there]
    return [objective.at(named, objective.methods)], _unknown(missing, sorted(there))


def _unknown(missing: Sequence[str], there: Sequence[str]) -> str:
    if not missing:
        return ""
    near = difflib.get_close_matches(missing[0], there, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"{', '.join(missing)}, which the application does not have{hint}"
