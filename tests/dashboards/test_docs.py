"""The documentation lists what there is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from fournines.dashboards import build_dashboards
from fournines.dashboards.face import Face
from fournines.slo import metric_names
from tests.dashboards.conftest import PANELS, availability


def test_every_panel_is_documented(root: Path) -> None:
    """Title, unit and description, as Grafana shows them."""
    text = (root / "docs" / "dashboard-author.md").read_text(encoding="utf-8")
    rows = [f"| {panel.title} | {panel.unit or 'text'} | {panel.description} |" for panel in PANELS]

    assert [row for row in rows if row not in text] == []


def test_every_dashboard_is_documented(root: Path) -> None:
    """By its file, with NAME for that of a service or SLO."""
    text = (root / "docs" / "dashboard-author.md").read_text(encoding="utf-8")
    built = build_dashboards([availability("one", "one")])

    assert [name for name in built if f"`{name.replace('-one', '-<name>')}`" not in text] == []


def test_the_example_of_an_own_dashboard_runs(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As it stands in the documentation."""
    text = (root / "docs" / "dashboard-author.md").read_text(encoding="utf-8")
    [example] = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)

    exec(example, {})

    assert json.loads(capsys.readouterr().out)["uid"] == "shop-orders"


def test_every_metric_and_word_is_documented(root: Path) -> None:
    """Whoever adds one writes it down."""
    text = (root / "docs" / "dashboards.md").read_text(encoding="utf-8")

    assert [name for name in metric_names.LABELS if f"`{name}{{" not in text] == []
    assert [face.value for face in Face if f"| {face.value} |" not in text] == []
