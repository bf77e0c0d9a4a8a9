"""The random model: the same for the same seed, and what it says of itself."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from fournines.alerts.backtest.burn_history import BurnHistory
from fournines.alerts.backtest.history import read_history
from fournines.alerts.backtest.policies import policies_named
from fournines.alerts.backtest.simulation import BETWEEN, Simulation, simulate, simulation_table
from fournines.slo import DAY, Objective

PAGE = Path(__file__).resolve().parents[3] / "docs" / "backtest.md"
NINES = Objective.parse("0.9999")


@pytest.fixture(scope="module")
def simulation():
    """Three services over ten days."""
    return Simulation(10, NINES, services=3, days=10, seed=1)


def rows_of(simulation, name):
    return simulation.history(name, simulation.span.interval, 60)


def test_the_same_seed_gives_the_same_counts_whichever_others_are_asked_for(simulation):
    """A service of a rate and an objective is the same among three and among one."""
    (alone,) = Simulation(10, NINES, services=1, days=10, seed=1).slos
    again = Simulation(10, NINES, services=1, days=10, seed=1)
    other = Simulation(10, NINES, services=1, days=10, seed=2)

    assert np.array_equal(rows_of(simulation, alone.name), rows_of(again, alone.name))
    assert not np.array_equal(rows_of(simulation, alone.name), rows_of(other, alone.name))


def test_traffic_and_failures_are_those_of_the_model(simulation):
    """The mean rate over whole days, half as much again at its height, and a fifth of the allowed failures where nothing happens."""
    rows = np.concatenate([rows_of(simulation, slo.name) for slo in simulation.slos])
    at_six = rows[rows[:, 0] % DAY == DAY // 4]
    quiet = rows[rows[:, 2] - rows[:, 1] <= 3]

    assert pytest.approx(10, rel=0.01) == rows[:, 2].mean() / 60
    assert pytest.approx(15, rel=0.03) == at_six[:, 2].mean() / 60
    assert pytest.approx(0.2e-4, rel=0.2) == 1 - quiet[:, 1].sum() / quiet[:, 2].sum()


def test_incidents_are_those_that_spent_enough(simulation):
    """Some in ten days, begun within them, and none that is part of what the objective allows."""
    for slo in simulation.slos:
        burns = BurnHistory(slo, read_history(simulation, slo.name, simulation.span, 30 * DAY))
        incidents = simulation.incidents(burns)

        assert len(incidents) <= 5 * 10 * DAY / BETWEEN
        assert all(each.start >= simulation.span.interval.start for each in incidents)
        assert all(burns.spent(each.start, each.end) >= 0.02 for each in incidents)


def cells(lines):
    return [re.split(r" {2,}", line) for line in lines]


def test_the_page_s_table_is_what_the_command_prints():
    """Its rows of 0.1 requests a second at 99.99 %, which are made alone as they are made with others."""
    (block,) = re.findall(r"--policy google-5 -->\n\n```\n(.*?)\n```", PAGE.read_text(), re.DOTALL)
    policies = policies_named(["fournines", "workbook", "sloth", "pyrra", "google-5"])
    printed = simulation_table(simulate([0.1], [NINES], policies, services=10, days=35, seed=9))

    wanted = [row for row in cells(block.splitlines()) if row[:2] in (["requests", "objective"], ["0.1/s", "0.9999"])]
    assert wanted == cells(printed), "make the table again: the command stands above it"
