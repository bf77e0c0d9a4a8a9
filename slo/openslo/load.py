"""OpenSLO v1 files: read, checked as a whole, and turned into the domain's SLOs.

    files -> documents (YAML with lines) -> references and shapes (each object alone) -> SLOs

Everything that is wrong anywhere is said at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..errors import Fault, Place, SpecError
from ..slo import SLO
from .declare import declare
from .document import Document
from .folder import slo_files
from .indicator import Indicator
from .margin import Margin
from .objects import API_VERSION, KINDS, Object, SLIObject, SLOObject
from .references import References, kind_of
from .slo_shapes import SLOSpec
from .validation import validate
from .wording import describe, did_you_mean, listed
from .yaml_reader import FileContent, read_file


def load_slos(paths: Sequence[Path]) -> tuple[SLO, ...]:
    """The SLOs of OpenSLO v1 files, in the order of the files; a folder gives its `*.yaml` and `*.yml`, sorted, at any depth.

    References may cross the files of one load. Raises `SpecError` with every fault of every file, in file order; to declare no SLO at
    all is a fault too.
    """
    faults: list[Fault] = []
    readings = [(path, read_file(path)) for path in slo_files(paths, faults)]
    for path, reading in readings:
        faults.extend(reading.faults or _emptiness(path, reading))
    documents = [document for _, reading in readings for document in reading.documents]
    slos = _declared(documents, all(reading.complete for _, reading in readings), faults)
    if not slos and not faults:
        faults.append(Fault(", ".join(map(str, paths)), 0, "", "declares no SLO"))
    if faults:
        raise SpecError(_in_file_order(faults, [str(path) for path, _ in readings]))
    return tuple(slos)


def _emptiness(path: Path, reading: FileContent) -> list[Fault]:
    if reading.documents:
        return []
    return [
        Fault(str(path), 0, "", f"holds no document; an SLO file begins with apiVersion: {API_VERSION} and kind: SLO")
    ]


def _declared(documents: Sequence[Document], complete: bool, faults: list[Fault]) -> list[SLO]:  # noqa: FBT001 - one caller, above
    references = References(documents, complete=complete)
    faults.extend(references.faults)
    margins = [Margin(document, faults) for document in documents]
    objects = [(found, margin) for margin in margins if (found := _object(margin)) is not None]
    shared = {found.metadata.name: found.spec.indicator() for found, _ in objects if isinstance(found, SLIObject)}
    slos = [
        slo
        for found, margin in objects
        if isinstance(found, SLOObject) and (indicator := _indicator(found.spec, shared)) is not None
        for slo in declare(found, indicator, margin)
    ]
    faults.extend(_repeated(slos, {Place(fault.file, fault.line, fault.column) for fault in references.faults}))
    return slos


def _object(margin: Margin) -> Object | None:
    """The object of one document in its shape; None after noting what is wrong."""
    data = margin.document.data
    if not isinstance(data, dict):
        margin.note((), f"an object has keys: apiVersion, kind, metadata and spec; this is {describe(data)}")
        return None
    if data.get("apiVersion") != API_VERSION:
        margin.note(("apiVersion",), f"write {API_VERSION}; this is {describe(data.get('apiVersion'))}")
        return None
    kind = kind_of(margin.document)
    if kind is None:
        near = did_you_mean(str(data.get("kind")), KINDS)
        margin.note(("kind",), f"is one of {listed(KINDS)}, not {describe(data.get('kind'))}{near}")
        return None
    return validate(KINDS[kind], data, (), margin)


def _indicator(spec: SLOSpec, shared: Mapping[str, Indicator]) -> Indicator | None:
    """None where it is another object that is not there or holds faults, which are noted already."""
    if spec.indicator is not None:
        return spec.indicator.spec.indicator()
    return shared.get(spec.indicator_ref or "")


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
    return tuple(sorted(dict.fromkeys(faults), key=lambda fault: (order.get(fault.file, len(order)), fault.line)))
