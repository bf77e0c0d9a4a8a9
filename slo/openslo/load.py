"""OpenSLO files: read, checked as a whole, and turned into the domain's SLOs.

    files -> documents (YAML with places) -> references and shapes (each object alone) -> SLOs -> what they say of each other

Everything that is wrong anywhere is said at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from ..correction import Correction
from ..errors import Fault, Place, SpecError
from ..slo import SLO
from .circles import asked_members, circles, misfits, without_slices
from .declare import declare
from .document import Document
from .folder import slo_files
from .margin import Margin
from .objects import API_VERSION, AlertConditionObject, AlertPolicyObject, Object, SLIObject, SLOObject
from .policies import Policies
from .references import References
from .v1alpha import AlphaSLOObject
from .v2alpha import BudgetAdjustmentObject
from .versions import read_object
from .yaml_reader import FileContent, read_file


class Declarations(NamedTuple):
    """What files declare. `remarks` are on what is valid and yet not all that it seems; they have the form of faults."""

    slos: tuple[SLO, ...]
    remarks: tuple[Fault, ...]


def load_slos(paths: Sequence[Path]) -> tuple[SLO, ...]:
    """The SLOs of OpenSLO files, in the order of the files; a folder gives its `*.yaml` and `*.yml`, sorted, at any depth.

    References may cross the files of one load. Raises `SpecError` with every fault of every file, in file order; to declare no SLO at
    all is a fault too.
    """
    return read_declarations(paths).slos


def read_declarations(paths: Sequence[Path]) -> Declarations:
    """The same, with remarks."""
    faults: list[Fault] = []
    contents = [(path, read_file(path)) for path in slo_files(paths, faults)]
    for path, content in contents:
        faults.extend(content.faults or _emptiness(path, content))
    documents = [one for _, content in contents for document in content.documents for one in document.objects()]
    declared = _declared(documents, References(documents, complete=all(each.complete for _, each in contents)), faults)
    files = [str(path) for path, _ in contents]
    if not declared.slos and not faults:
        faults.append(Fault(", ".join(map(str, paths)), 0, "", "declares no SLO"))
    if faults:
        raise SpecError(_in_file_order(faults, files))
    return declared._replace(remarks=_in_file_order(declared.remarks, files))


def _emptiness(path: Path, content: FileContent) -> list[Fault]:
    if content.documents:
        return []
    return [
        Fault(str(path), 0, "", f"holds no document; an SLO file begins with apiVersion: {API_VERSION} and kind: SLO")
    ]


def _declared(documents: Sequence[Document], references: References, faults: list[Fault]) -> Declarations:
    remarks: list[Fault] = []
    faults.extend(references.faults)
    margins = [Margin(document, faults, remarks) for document in documents]
    objects = [(found, margin) for margin in margins if (found := read_object(margin, references.types)) is not None]
    slos = list(_promises(objects))
    noted = {Place(fault.file, fault.line, fault.column) for fault in references.faults}
    faults.extend(_repeated(slos, noted))
    references.judge_members([slo.name for slo in slos], faults, remarks)
    faults.extend(circles(slos))
    faults.extend(without_slices(slos))
    faults.extend(misfits(slos))
    remarks.extend(asked_members(slos))
    return Declarations(tuple(slos), tuple(remarks))


def _promises(objects: Sequence[tuple[Object, Margin]]) -> Iterator[SLO]:
    found = [each for each, _ in objects]
    shared = {each.metadata.name: each.spec.indicator() for each in found if isinstance(each, SLIObject)}
    policies = Policies(
        {each.metadata.name: each.spec for each in found if isinstance(each, AlertPolicyObject)},
        {each.metadata.name: each.spec for each in found if isinstance(each, AlertConditionObject)},
    )
    adjustments = [each for each in found if isinstance(each, BudgetAdjustmentObject)]
    for each, margin in objects:
        if isinstance(each, SLOObject | AlphaSLOObject):
            indicators = [one for one in each.spec.indicators(shared) if one is not None]
            if len(indicators) == len(each.spec.objectives):
                corrections = _corrections(each, adjustments)
                for slo in declare(each, indicators, policies, margin):
                    yield replace(slo, corrections=(*slo.corrections, *corrections)) if corrections else slo


def _corrections(slo: SLOObject | AlphaSLOObject, adjustments: Sequence[BudgetAdjustmentObject]) -> list[Correction]:
    """What adjustments of its service, and of its SLI where they name one, take out of an SLO."""
    return [
        each.spec.corrected_by(each.metadata.name)
        for each in adjustments
        if each.spec.service == slo.spec.service and each.spec.indicator_ref in (None, *slo.spec.indicator_refs)
    ]


def _repeated(slos: Sequence[SLO], noted: set[Place]) -> Iterator[Fault]:
    """SLOs whose names, made of an objective's, are another's; plain names are watched by the references, which have noted them."""
    first: dict[str, Place] = {}
    for slo in slos:
        assert slo.place is not None, "what stands in a file has a place there"
        place = first.setdefault(slo.name, slo.place)
        if place != slo.place and slo.place not in noted:
            message = f"makes another SLO named `{slo.name}`, as {place} does"
            yield Fault(slo.place.file, slo.place.line, "", message, slo.place.column)


def _in_file_order(faults: Sequence[Fault], files: Sequence[str]) -> tuple[Fault, ...]:
    order = {file: index for index, file in enumerate(files)}
    return tuple(
        sorted(dict.fromkeys(faults), key=lambda fault: (order.get(fault.file, len(order)), fault.line, fault.column))
    )
