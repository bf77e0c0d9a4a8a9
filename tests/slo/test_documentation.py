"""docs/slo-files.md shows what is true: its files load, and it names every annotation and every reference."""

from __future__ import annotations

import re

import pytest

from fournines.slo import advise, load_slos
from fournines.slo.openslo.annotated import READERS
from fournines.slo.openslo.objects import KINDS, REFERENCES


@pytest.fixture
def page(root):
    return (root / "docs" / "slo-files.md").read_text()


def test_its_files_load(page, tmp_path):
    """Every YAML block is valid, and earns no advice."""
    blocks = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "slos.yaml").write_text("---\n".join(blocks))
    slos = load_slos([tmp_path])

    assert [slo.name for slo in slos] == [
        "payments-availability",
        "payments-latency",
        "payments-seen-by-gateway",
        "accounts-uptime",
        "checkout",
        "ledger-availability",
        "transfers",
        "users-availability-strict",
        "users-availability-loose",
    ]
    assert advise(slos) == ()


def test_it_names_everything(page):
    """No annotation, reference or kind is undocumented."""
    assert [
        name for name in (*READERS, *REFERENCES, *KINDS) if f"`{name}`" not in page and f"kind: {name}" not in page
    ] == []
