"""The documentation lists what there is."""

from __future__ import annotations

from pathlib import Path

from fournines.dashboards.face import Face
from fournines.slo import metric_names
from tests.dashboards.conftest import PANELS


def test_every_panel_metric_and_word_is_documented(root: Path) -> None:
    """Whoever adds one writes it down."""
    text = (root / "docs" / "dashboards.md").read_text(encoding="utf-8")

    assert [panel.title for panel in PANELS if f"| {panel.title} |" not in text] == []
    assert [name for name in metric_names.LABELS if f"`{name}{{" not in text] == []
    assert [face.value for face in Face if f"| {face.value} |" not in text] == []
