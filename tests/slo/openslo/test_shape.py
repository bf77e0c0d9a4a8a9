"""What every shape has: no value is turned into another type, nothing is changed, and of some keys there is one."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from fournines.slo.openslo.margin import Margin
from fournines.slo.openslo.objective_shape import ObjectiveEntry
from fournines.slo.openslo.objects import SLOObject
from fournines.slo.openslo.shape import Metadata
from fournines.slo.openslo.validation import validate
from fournines.slo.openslo.yaml_reader import read_text


def said(shape, text):
    """What is wrong with a text of that shape."""
    (document,) = read_text(text, "a.yaml").documents
    faults = []
    assert validate(shape, document.data, Margin(document, faults)) is None
    return [fault.message for fault in faults]


@pytest.mark.parametrize(
    ("shape", "text", "message"),
    [
        (ObjectiveEntry, "op: lte", "needs one of `target` and `targetPercent`"),
        (ObjectiveEntry, "{target: 0.9, targetPercent: 90}", "needs one of `target` and `targetPercent`, not both"),
        (ObjectiveEntry, "target: true", "needs a number, not true"),
        (ObjectiveEntry, "{target: 0.9, value: true}", "needs a number, not true"),
        (Metadata, "name: true", 'needs a text, not true; quote it: "true"'),
        (Metadata, "name: 1e30", 'needs a text, not the number 1E+30; quote it: "1E+30"'),
        (Metadata, "name: [a]", "needs a text, not a list"),
        (Metadata, "name: {a: b}", "needs a text, not keys"),
    ],
)
def test_what_is_said(shape, text, message):
    """A text that was meant is told how it is written; nothing else is told to be quoted."""
    assert said(shape, text) == [message]


def test_what_was_read_does_not_change():
    """Whoever holds it may keep it."""
    found = ObjectiveEntry.model_validate({"target": Decimal("0.9")})

    with pytest.raises(ValidationError):
        found.op = "lt"


@pytest.mark.parametrize("key", ["[key]", "<1>", "extra"])
def test_a_key_is_what_it_is_called(key):
    """Also where it is spelled as a step that stands in no file."""
    messages = said(
        SLOObject, f"{{apiVersion: openslo/v1, kind: SLO, metadata: {{name: a}}, '{key}': {{a: {{b: 1}}}}}}"
    )

    assert messages[-1].startswith(f"unknown key `{key}`")
