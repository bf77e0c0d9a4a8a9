"""Files of Sloth, Pyrra and slo-generator, turned into SLOs.

files -> documents (YAML with places) -> whose they are -> keys taken one by one -> SLOs, and what of the files is not in them
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from ..errors import Fault
from ..openslo.document import Document
from ..openslo.folder import slo_files
from ..openslo.margin import Margin
from ..openslo.yaml_reader import read_file
from ..slo import SLO
from .keys import Keys, NotCarried
from .pyrra import pyrra_slos
from .slo_generator import slo_generator_slos
from .sloth import sloth_slos

Reader = Callable[[Keys], Iterator[SLO]]

_BY_VERSION: Final[dict[str, Reader]] = {
    "prometheus/v1": sloth_slos,
    "sloth.slok.dev/v1": sloth_slos,
    "pyrra.dev/v1alpha1": pyrra_slos,
    "sre.google.com/v2": slo_generator_slos,
}
_FIRST_GENERATOR: Final = "slo_target"
_SETTINGS: Final = ("error_budget_policies", "backends")
"""What only slo-generator's own configuration holds."""


class Imported(NamedTuple):
    """What files declare here; what of them is carried over otherwise or not at all; and why SLOs are missing."""

    slos: tuple[SLO, ...]
    remarks: tuple[Fault, ...]
    faults: tuple[Fault, ...]


def import_files(paths: Sequence[Path]) -> Imported:
    """The SLOs of other tools' files, in the order of the files; of a folder every `*.yaml` and `*.yml`, at any depth.

    They are written down by `write_openslo`, as files that `load_slos` reads. One that can't be carried over is a fault and keeps no other
    one back.
    """
    faults: list[Fault] = []
    remarks: list[Fault] = []
    slos: dict[str, SLO] = {}
    for path in slo_files(paths, faults):
        content = read_file(path)
        faults += content.faults
        for document in (one for each in content.documents for one in each.objects()):
            margin = Margin(document, faults, remarks)
            for slo in _slos(margin):
                if slo.name in slos:
                    margin.note((), f"makes another SLO named `{slo.name}`")
                slos.setdefault(slo.name, slo)
    return Imported(tuple(slos.values()), tuple(dict.fromkeys(remarks)), tuple(dict.fromkeys(faults)))


def _slos(margin: Margin) -> Iterator[SLO]:
    reader, keys = _reader(margin.document), Keys(margin, margin.document.data)
    if reader is not None:
        try:
            yield from reader(keys)
        except NotCarried:
            return
        keys.rest()
    elif (margin.document.text_at("apiVersion") or "").startswith("openslo"):
        margin.remark(("apiVersion",), "is OpenSLO already: use the file as it is")
    elif any(name in keys for name in _SETTINGS):
        margin.remark(
            (), "is a configuration, and declares no SLO; where Prometheus is, stands under `prometheus` here"
        )
    else:
        margin.note((), "is no SLO of Sloth, Pyrra or slo-generator")


def _reader(document: Document) -> Reader | None:
    version = document.text_at("version") or document.text_at("apiVersion") or ""
    if version in _BY_VERSION:
        return _BY_VERSION[version]
    return slo_generator_slos if isinstance(document.data, dict) and _FIRST_GENERATOR in document.data else None
