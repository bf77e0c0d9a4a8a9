"""What becomes of an SLO's own labels."""

from __future__ import annotations

from fournines.alerts.rules.rule_labels import own_labels


def test_own_labels_hide_none_of_ours(slo):
    """A label of the SLO's that is called like one of the rules' is kept under another name, and so are twins."""
    labels = {"severity": "x", "sloth_id": "y", "a.b": "1", "a_b": "2", "9": "z", "__name__": "evil", "group_of": "w"}
    found = own_labels(slo(labels=labels))
    assert {
        "label_severity": "x",
        "label_sloth_id": "y",
        "a_b": "1",
        "a_b_": "2",
        "_9": "z",
        "label___name__": "evil",
        "label_group_of": "w",
    } == found
