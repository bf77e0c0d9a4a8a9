"""Somebody's text in a template."""

from __future__ import annotations

from fournines.alerts.rules.go_template import literal


def test_braces_are_no_template():
    """A description that speaks of {{ }} is shown, not run."""
    assert 'see {{ "{{" }} x }}' == literal("see {{ x }}")
