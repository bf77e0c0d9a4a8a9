"""Where the numbers of an objective end, for the collector and for editors alike."""

from __future__ import annotations

from decimal import Decimal

import jsonschema
import pytest
from pydantic import ValidationError

from fournines.slo.openslo.objective_shape import ObjectiveEntry


@pytest.fixture(scope="module")
def editor():
    """What an editor knows of objectives."""
    return jsonschema.Draft202012Validator(ObjectiveEntry.model_json_schema())


def accepted(objective):
    try:
        return ObjectiveEntry.model_validate(objective) is not None
    except ValidationError:
        return False


@pytest.mark.parametrize(
    ("key", "inside", "outside"),
    [
        ("target", ["0.00001", "0.99999"], ["0", "-0.5", "1", "1.5", "100"]),
        ("targetPercent", ["0.001", "99.999"], ["0", "-0.5", "100", "100.5"]),
        ("timeSliceTarget", ["0.00001", "1"], ["0", "-0.5", "1.00001", "2"]),
    ],
)
def test_shares_end_where_nothing_or_all_is_promised(editor, key, inside, outside):
    """A slice alone may be asked to be perfect; an editor draws the same lines."""
    others = {} if key.startswith("target") else {"target": Decimal("0.9")}
    found = {
        number: (accepted(others | {key: Decimal(number)}), editor.is_valid(_floats(others | {key: Decimal(number)})))
        for number in inside + outside
    }

    assert found == dict.fromkeys(inside, (True, True)) | dict.fromkeys(outside, (False, False))


def _floats(objective):
    return {key: float(value) for key, value in objective.items()}


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("1", "both excluded, such as 0.9999; not 1 "),
        ("1.5", "both excluded: 1.5 % is 0.015; not 1.5 "),
        ("2", "both excluded: 2 % is 0.02; not 2 "),
        ("99.99", "both excluded: 99.99 % is 0.9999; not 99.99 "),
        ("100", "both excluded, such as 0.9999; not 100 "),
        ("100.5", "both excluded, such as 0.9999; not 100.5 "),
    ],
)
def test_a_target_in_percent_is_told_its_share(target, said):
    """Between 1 and 100 percents are meant; what can be no percentage is not read as one."""
    with pytest.raises(ValidationError) as caught:
        ObjectiveEntry.model_validate({"target": Decimal(target)})

    assert said in f"{caught.value.errors()[0]['msg']} "
