"""An objective by itself: read exactly, and what can't be promised told where it is written."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fournines.instrumentation import BadObjective, InstrumentationError, Objective


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"target": "100%"}, "'100%' is no share between 0 and 1"),
        ({"target": "99.9"}, "'99.9' is no share"),
        ({"target": 0.999}, "write a text such as '99.95%'"),
        ({"target": "NaN"}, "is no share"),
        ({"target": "1e-999999999"}, "is no share"),
        ({"target": "0." + "9" * 40}, "is no share"),
        ({"target": None}, "not None"),
        ({"latency": "fast"}, "'fast' is no time"),
        ({"latency": 0}, "'0' is no time"),
        ({"latency": True}, "'True' is no time"),
        ({"latency": "-1s"}, "is no time"),
        ({"latency": float("nan")}, "is no time"),
        ({"window": "30"}, "'30' is no window"),
        ({"window": "1M"}, "'1M' is no window"),
        ({"window": "500d"}, "is no window up to 400 days"),
        ({"routes": "pay"}, "'pay' is no route template"),
        ({"routes": ["/pay", 7]}, "7 is no route template"),
        ({"routes": 7}, "write a text or several, not 7"),
        ({"routes": "/health"}, "/health is called by operators"),
        ({"routes": "/a\nb"}, "control characters"),
        ({"routes": [f"/{n}" for n in range(101)]}, "at most 100"),
        ({"methods": "GET,POST"}, "'GET,POST' is no HTTP method"),
        ({"name": "Payments"}, "'Payments' is none"),
        ({"name": "x" * 64}, "up to 63"),
        ({"description": "x" * 1001}, "at most 1000 characters"),
        ({"runbook": "javascript:alert(1)"}, "is no address"),
        ({"dashboard": "https://"}, "is no address"),
    ],
)
def test_a_mistake_is_told_where_it_is_written(wrong, says):
    """With what was found and what is allowed, as one error of ours."""
    with pytest.raises(BadObjective) as told:
        Objective(**{"target": "99%"} | wrong)

    assert says in str(told.value)
    assert isinstance(told.value, InstrumentationError)


@pytest.mark.parametrize(
    ("text", "target"), [("99.95%", "0.9995"), ("0.9995", "0.9995"), (" 99 % ", "0.99"), (Decimal("0.9"), "0.9")]
)
def test_targets_are_exact(text, target):
    """No digit of them goes through a float."""
    assert Decimal(target) == Objective(text).target


@pytest.mark.parametrize(
    ("latency", "seconds"),
    [("300ms", "0.3"), ("1.5s", "1.5"), ("2m", "120"), ("250us", "0.00025"), (0.1, "0.1"), (2, "2")],
)
def test_times_are_exact(latency, seconds):
    """And as a histogram's boundaries are written."""
    assert seconds == str(Objective("99%", latency=latency).threshold)


def test_names_keep_to_what_a_file_can_hold():
    """Of any service and route; what were too long ends in digits that tell it from others."""
    long = [Objective("99%", routes=f"/{'very/' * 20}{end}").named("Team/Payments").name for end in "ab"]

    assert (
        "team-payments-get-x-y-availability"
        == Objective("99%", routes="/X/{y}", methods="GET").named("Team/Payments").name
    )
    assert 2 == len(set(long))
    assert all(len(name) <= 63 and Objective("99%", name=name).name == name for name in long)
