"""Costs as tables say them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fournines.slo import InvalidValue
from fournines.slo.report import Period, read_costs

OCTOBER = Period.parse("2026-10")
HEAD = "period,service,amount,currency"


def read(*lines, period=OCTOBER):
    return read_costs([f"{line}\n" for line in lines], period, "costs.csv")


def test_costs_of_a_period_add_up_exactly():
    """Of months or of days; of other times they are left out, and to the cent they are what they were."""
    costs = read(
        HEAD,
        "2026-10,payments,0.10,EUR",
        "2026-10,payments,0.20,EUR",
        "2026-10-31,users,1e3,EUR",
        "2026-10,,5,EUR",
        "2026-11-01,users,7,USD",
        "2026-09,payments,9,USD",
    )
    assert {"payments": Decimal("0.30"), "users": Decimal(1000), "": Decimal(5)} == costs.services
    assert "EUR" == costs.currency
    assert [
        "costs are from costs.csv",
        "of all costs 1005 EUR are of no service of this report",
    ] == list(costs.notes({"payments"}))


def test_columns_may_come_in_any_order_with_others_between():
    """They are found by their names."""
    costs = read("account,currency,amount,service,period", "7,USD,12.5,payments,2026-W41")
    assert {"payments": Decimal("12.5")} == costs.services


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "its first line names the columns"),
        (["service,amount"], "its first line names the columns"),
        ([HEAD, "2026-11,pay,1,EUR"], "says nothing of October 2026"),
        ([HEAD, "2026-Q4,pay,1,EUR"], "is more than October 2026"),
        ([HEAD, "2026-10,pay,1,EUR", "2026-10,pay,1,USD"], "of one currency, not of EUR, USD"),
        ([HEAD, "2026-10,pay,1,eur"], "line 2: 'eur' is no currency"),
        ([HEAD, "2026-10,pay,many,EUR"], "line 2: 'many' is no amount"),
        ([HEAD, "2026-10,pay,NaN,EUR"], "line 2: 'NaN' is no amount"),
        ([HEAD, "2026-10,pay,1e999,EUR"], "line 2: '1e999' is no amount"),
        ([HEAD, "2026-10-40,pay,1,EUR"], "line 2: there is no day 2026-10-40"),
        ([HEAD, "9999-12-31,pay,1,EUR"], "line 2: there is no day 9999-12-31"),
        ([HEAD, "October,pay,1,EUR"], "line 2: 'October' is no period"),
        ([HEAD, '2026-10,"pay"x,1,EUR'], "line 2: "),
        ([HEAD, "2026-10,pay,1,EUR", "2026-10-05,pay,1,EUR"], "is said twice, alone and in a longer time"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(lines, said):
    """Nothing is guessed of a line that can't be read, and no amount counts twice."""
    with pytest.raises(InvalidValue) as raised:
        read(*lines)
    assert said in str(raised.value)
    assert str(raised.value).startswith("costs.csv")
