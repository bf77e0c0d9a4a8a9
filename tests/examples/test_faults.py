"""Laws of the switch that breaks a service."""

import asyncio

import pytest
from fastapi import HTTPException

from fournines.examples.fintech_edge.faults import FaultSwitch


def test_a_service_fails_while_the_switch_is_on(tmp_path):
    """The dependency raises 503 between on and off and never else; switching off twice is fine."""
    fault, in_the_service = FaultSwitch(tmp_path, "payments"), FaultSwitch(tmp_path, "payments")
    asyncio.run(in_the_service())

    fault.switch_on()
    with pytest.raises(HTTPException) as failure:
        asyncio.run(in_the_service())
    assert 503 == failure.value.status_code

    fault.switch_off()
    fault.switch_off()
    asyncio.run(in_the_service())


def test_a_fault_is_one_services_own(tmp_path):
    """Breaking payments leaves users alone."""
    FaultSwitch(tmp_path, "payments").switch_on()

    assert not FaultSwitch(tmp_path, "users").on
