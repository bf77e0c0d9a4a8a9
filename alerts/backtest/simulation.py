"""A random model of services, so that policies can be held against incidents that are known: traffic, failures, and what goes wrong.

- Requests come by a Poisson process whose rate swings by half around its mean, once a day.
- Every request fails by chance, at a fifth of what the objective allows.
- Incidents begin by a Poisson process, one in five days. Each lasts a log-normal time (median 20 minutes, sigma 1, cut to one minute and
  twelve hours), in which a share of the requests fails that is log-uniform between ten times what is allowed and all.
- An incident that spent less than 2 % of the budget is none: it is part of what the objective allows.

The same seed, rate and objective give the same counts, whichever others are asked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.random import Generator, default_rng

from ...slo import DAY, HOUR, MINUTE, SLI, SLO, Interval, Objective, SLIKind
from ...slo.arithmetic import FloatArray, IntArray
from .backtest import Backtest
from .burn_history import BurnHistory
from .history import Span
from .incident import SHARE, Incident
from .policy import Policy
from .report import COLUMNS, score_row, table
from .score import Score, score

SWING: Final = 0.5
BACKGROUND: Final = 0.2
BETWEEN: Final = 5 * DAY
MEDIAN: Final = 20 * MINUTE
SIGMA: Final = 1.0
SHORTEST: Final = MINUTE
LONGEST: Final = 12 * HOUR
MILDEST: Final = 10.0

RATES: Final = (0.1, 1.0, 10.0, 100.0)
OBJECTIVES: Final = ("0.999", "0.9999")
MOST_RATE: Final = 1_000_000
"""Requests a second of a service that can be simulated."""

_START: Final = 1_800_000_000 // DAY * DAY
_BEFORE: Final = 31 * DAY
_STEP: Final = 10


@dataclass(frozen=True)
class SimulatedService:
    """A service of the model: its SLO, and everything that ever happened to it within `interval`."""

    rate: float
    objective: Objective
    number: int
    seed: int
    interval: Interval

    @property
    def slo(self) -> SLO:
        """What it promises, over 30 days."""
        name = f"{self.rate:g}rps-{self.objective}-{self.number}"
        return SLO(f"{name}-availability", SLI(SLIKind.AVAILABILITY, name), self.objective)

    @cached_property
    def happened(self) -> tuple[tuple[Incident, float], ...]:
        """What went wrong, and the share of requests that failed."""
        random = self._random(0)
        number = int(random.poisson(self.interval.seconds / BETWEEN))
        starts = np.sort(random.uniform(self.interval.start, self.interval.end, number))
        lengths = np.clip(MEDIAN * np.exp(SIGMA * random.standard_normal(number)), SHORTEST, LONGEST)
        mildest = math.log(min(1.0, MILDEST * float(self.objective.allowed)))
        shares = np.exp(random.uniform(mildest, 0, number))
        return tuple(
            (Incident(int(start), int(start + length)), float(share))
            for start, length, share in zip(starts, lengths, shares, strict=True)
        )

    def counts(self, step: int) -> IntArray:
        """Rows of (t, good, total), of the whole interval."""
        random = self._random(1)
        t = np.arange(self.interval.start, self.interval.end, step, dtype=np.int64)
        rate = self.rate * (1 + SWING * np.sin(2 * np.pi * (t % DAY) / DAY))
        total = random.poisson(rate * step)
        bad = _failures(random, total, self._failing(t, step))
        return np.column_stack([t, total - bad, total])

    def _failing(self, t: IntArray, step: int) -> FloatArray:
        """The share of requests that fails in each step."""
        shares = np.full(len(t), BACKGROUND * float(self.objective.allowed))
        for (start, end), share in self.happened:
            touched = slice(*np.searchsorted(t, [start - step + 1, end]))
            seconds = np.minimum(t[touched] + step, end) - np.maximum(t[touched], start)
            shares[touched] += share * seconds / step
        return shares.clip(max=1.0)

    def _random(self, purpose: int) -> Generator:
        thousandths, digits = round(self.rate * 1000), int(self.objective.target.scaleb(9))
        return default_rng([self.seed, thousandths, digits, self.number, purpose])


class Simulation:
    """Services of one rate and one objective: a `HistorySource`, and who knows their incidents."""

    def __init__(self, rate: float, objective: Objective, *, services: int, days: int, seed: int) -> None:
        self.span = Span.of(Interval(_START, _START + days * DAY), _STEP)
        whole = Interval(_START - _BEFORE, self.span.interval.end)
        made = (SimulatedService(rate, objective, number, seed, whole) for number in range(services))
        self._services = {service.slo.name: service for service in made}

    @property
    def slos(self) -> tuple[SLO, ...]:
        """What the services promise."""
        return tuple(service.slo for service in self._services.values())

    def history(self, name: str, interval: Interval, step: int) -> IntArray:
        """Rows of (t, good, total)."""
        rows = self._services[name].counts(step)
        return rows[(rows[:, 0] >= interval.start) & (rows[:, 0] < interval.end)]

    def incidents(self, burns: BurnHistory) -> Sequence[Incident]:
        """What went wrong within the span, and spent enough of the budget to be called so."""
        happened = (incident for incident, _ in self._services[burns.slo.name].happened)
        begun = (each for each in happened if each.start >= self.span.interval.start)
        return [each for each in begun if burns.spent(each.start, each.end) >= SHARE]


class SimulationScore(NamedTuple):
    """What a policy was worth for services of one rate (requests a second) and one objective."""

    rate: float
    objective: Objective
    policy: str
    score: Score

    def as_json(self) -> dict[str, Any]:
        """By name."""
        its = {"requests_per_second": self.rate, "objective": str(self.objective), "policy": self.policy}
        return {**its, **self.score.as_json()}


def simulate(
    rates: Sequence[float],
    objectives: Sequence[Objective],
    policies: Sequence[Policy],
    *,
    services: int,
    days: int,
    seed: int,
) -> Iterator[SimulationScore]:
    """A score for every rate, objective and policy: each that of `services` services over `days` days."""
    for rate, objective in product(rates, objectives):
        simulation = Simulation(rate, objective, services=services, days=days, seed=seed)
        result = Backtest(simulation, simulation.span, simulation.incidents).run(simulation.slos, policies)
        for policy in result.policies:
            yield SimulationScore(rate, objective, policy.name, score(result.verdicts[policy.name]))


def simulation_table(scores: Iterable[SimulationScore]) -> list[str]:
    """A line each, under a head."""
    rows = ((f"{each.rate:g}/s", str(each.objective), *score_row(each.policy, each.score)) for each in scores)
    return table([("requests", "objective", *COLUMNS), *rows])


def _failures(random: Generator, total: IntArray, shares: FloatArray) -> IntArray:
    """How many of each step's requests fail, each by itself."""
    failures: IntArray = random.binomial(total, shares)
    return failures
