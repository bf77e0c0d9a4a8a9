"""Which versions of OpenSLO are read, which kinds each has, and what a document says it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .document import Document
from .margin import Margin
from .objects import API_VERSION, KINDS, Object
from .v1alpha import V1ALPHA, V1ALPHA_KINDS
from .v2alpha import V2ALPHA, V2ALPHA_KINDS
from .validation import SourceTypes, validate
from .wording import describe, did_you_mean, listed

VERSIONS: Final[Mapping[str, Mapping[str, type[Object]]]] = {
    API_VERSION: KINDS,
    V1ALPHA: V1ALPHA_KINDS,
    V2ALPHA: V2ALPHA_KINDS,
}
"""The shapes of every version's kinds; the version to write comes first."""


def kind_of(document: Document) -> str | None:
    """The kind a document says it is, where OpenSLO has it: v2alpha has all that others have."""
    kind = document.text_at("kind")
    return kind if kind in V2ALPHA_KINDS else None


def read_object(margin: Margin, types: SourceTypes) -> Object | None:
    """The object of one document in its shape; None after noting what is wrong."""
    data = margin.document.data
    if not isinstance(data, dict):
        margin.note((), f"an object has keys: apiVersion, kind, metadata and spec; this is {describe(data)}")
        return None
    kinds = VERSIONS.get(margin.document.text_at("apiVersion") or "")
    if kinds is None:
        found = describe(data.get("apiVersion"))
        margin.note(("apiVersion",), f"write {API_VERSION} ({', '.join(VERSIONS)} are read); this is {found}")
        return None
    shape = kinds.get(margin.document.text_at("kind") or "")
    if shape is None:
        near = did_you_mean(str(data.get("kind")), kinds)
        margin.note(("kind",), f"is one of {listed(kinds)}, not {describe(data.get('kind'))}{near}")
        return None
    return validate(shape, data, margin, types)
