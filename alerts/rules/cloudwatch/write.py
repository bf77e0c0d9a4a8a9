"""CloudWatch's files below a folder: the same for the same SLOs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ....slo import SLO
from .cloudformation import template_yaml
from .stack import resources
from .terraform import configuration_json


def write(out_dir: Path, slos: Sequence[SLO], public_url: str = "http://127.0.0.1:8400") -> list[Path]:
    """Writes `cloudwatch/fournines.tf.json` and `cloudwatch/fournines.template.yaml` below `out_dir`; returns what it wrote."""
    made, folder = resources(slos, public_url), out_dir / "cloudwatch"
    folder.mkdir(parents=True, exist_ok=True)
    texts = {"fournines.template.yaml": template_yaml(made), "fournines.tf.json": configuration_json(made)}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]
