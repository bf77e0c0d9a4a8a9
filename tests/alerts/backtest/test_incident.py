"""Incidents: found where the budget went, or read from a file."""

from __future__ import annotations

from fractions import Fraction

import pytest

from fournines.alerts.backtest.incident import Incident, found, read_incidents
from fournines.alerts.errors import BacktestError
from fournines.slo import DAY

USUAL = 100
"""Good events of each step: a budget of 99.9 % over 30 days allows 25,920 failures, of which 2 % are 519."""


def outage(first, last, bad):
    """So many failures in each step from one second to another."""
    return dict.fromkeys(range(first, last, 10), (USUAL - bad, bad))


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (outage(600, 700, 90), [(600, 700)]),
        (outage(600, 700, 40), []),
        ({**outage(600, 700, 40), **outage(1800, 1900, 40)}, [(600, 1900)]),
        ({**outage(600, 700, 90), **outage(4000, 4200, 50)}, [(600, 700), (4000, 4200)]),
        ({**outage(590, 600, 1), **outage(600, 700, 90), **outage(710, 720, 1)}, [(590, 720)]),
    ],
    ids=["enough", "too little", "together within half an hour", "two", "from the first failure to the last"],
)
def test_an_incident_is_a_stretch_that_spent_a_share_of_the_budget(counts, expected, burns, start):
    """Failures within half an hour of each other belong together, and 2 % of the budget make an incident of them."""
    burnt = burns(counts, 7200, usual=USUAL)

    assert expected == [(each.start - start, each.end - start) for each in found(burnt)]


def test_failures_that_are_allowed_are_no_incident(burns):
    """A burn of half the allowed rate goes on for ever and spends half a budget."""
    usual = dict.fromkeys(range(-2 * DAY, DAY, 10), (1999, 1))

    assert [] == found(burns(usual, DAY))


def test_a_share_can_be_another(burns, start):
    """Five per cent, or what somebody cares about."""
    burnt = burns(outage(600, 700, 90), 7200, usual=USUAL)

    assert [] == found(burnt, Fraction(5, 100))
    assert [Incident(start + 600, start + 700)] == found(burnt, Fraction(3, 100))


def test_what_was_spent_is_a_share_of_the_budget_at_that_moment(burns, start):
    """Bad events by those allowed in 30 days, of which the unseen ones count as traffic at the seen rate."""
    burnt = burns(outage(600, 700, 90), 7200, usual=USUAL)

    assert pytest.approx(900 / 25_920, rel=1e-3) == float(burnt.spent(start + 600, start + 700))
    assert burnt.spent(start + 600, start + 700) == 2 * burnt.spent(start + 650, start + 700)


def test_incidents_are_read_from_a_file(tmp_path, burns, start):
    """Of an SLO by its name, or of all; moments as people write them. Of others than begin in the time that is replayed nobody asks."""
    path = tmp_path / "incidents.csv"
    path.write_text(
        "slo,start,end,note\nother,1800000000,1800000060,\npayments-availability,2027-01-15T09:00:00+01:00,2027-01-15T08:10,x\n"
        ",1800000590,1800000610,everybody's\n,1799999990,1800000300,began before\n,1800000600,1800000700,after\n"
    )

    expected = [Incident(start, start + 600), Incident(start + 590, start + 610)]
    assert expected == read_incidents(path)(burns({}, 600))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("slo,start\n", r"incidents.csv:1: it needs the columns slo, start, end, and has no end"),
        ("slo,start,end\na,yesterday,2\n", r"incidents.csv:2: 'yesterday' is no moment; write 2027-01-15"),
        ("slo,start,end\na,1,2\na,7,7\n", r"incidents.csv:3: its end does not lie after its start"),
    ],
)
def test_a_file_s_faults_are_said_with_their_line(text, said, tmp_path):
    """File, line, what is wrong."""
    path = tmp_path / "incidents.csv"
    path.write_text(text)

    with pytest.raises(BacktestError, match=said):
        read_incidents(path)
    with pytest.raises(BacktestError, match="can't be read"):
        read_incidents(tmp_path / "none.csv")
