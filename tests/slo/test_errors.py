"""Faults and errors, as people and editors read them."""

from __future__ import annotations

import pytest

from fournines.slo import Fault, InvalidValue, Place, SLOError, SpecError


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Fault("a.yaml", 3, "spec.service", "is missing", 7), "a.yaml:3:7: spec.service: is missing"),
        (Fault("a.yaml", 3, "spec.service", "is missing"), "a.yaml:3: spec.service: is missing"),
        (Fault("a.yaml", 3, "", "is no UTF-8 text"), "a.yaml:3: is no UTF-8 text"),
        (Fault("a.yaml", 0, "", "holds no document"), "a.yaml: holds no document"),
        (Fault("", 0, "payments", "advice"), "payments: advice"),
    ],
)
def test_faults_read_like_a_compilers(fault, text):
    """file:line: path: message, without the parts there are none of."""
    assert str(fault) == text


def test_places():
    """A place is said as editors jump to it."""
    assert str(Place("a.yaml", 3)) == "a.yaml:3"
    assert str(Place("a.yaml", 3, 7)) == "a.yaml:3:7"


def test_one_tree():
    """Whoever catches the domain's root catches all of it, and a SpecError holds its faults."""
    faults = (Fault("a.yaml", 1, "", "x"), Fault("b.yaml", 2, "", "y"))

    assert issubclass(InvalidValue, SLOError)
    assert issubclass(SpecError, SLOError)
    assert SpecError(faults).faults == faults
    assert str(SpecError(faults)) == "a.yaml:1: x\nb.yaml:2: y"
