"""What SLO files may hold, as a JSON Schema (draft 2020-12) for editors: made of the shapes that validate them."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from ..annotations import PREFIX
from .annotated import READERS
from .versions import VERSIONS

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_REFERENCE: Final = "#/$defs/{model}"
_NAMED: Final = re.compile(r'"#/\$defs/([^"]+)"')
_OBJECT: Final = "OpenSLO"


def json_schema() -> dict[str, Any]:
    """The schema of a document: an object of some version and kind, or a list of them. What crosses objects only `check` sees."""
    shapes = {(version, kind): shape for version, kinds in VERSIONS.items() for kind, shape in kinds.items()}
    made, definitions = models_json_schema(
        [(shape, "validation") for shape in dict.fromkeys(shapes.values())], ref_template=_REFERENCE
    )
    one = {
        "type": "object",
        "required": ["apiVersion", "kind"],
        "properties": {
            "apiVersion": {"enum": list(VERSIONS)},
            "kind": {"enum": list(dict.fromkeys(kind for _, kind in shapes))},
        },
        "allOf": [
            *(
                _if({"apiVersion": version}, {"properties": {"kind": {"enum": list(VERSIONS[version])}}})
                for version in VERSIONS
            ),
            *(
                _if({"apiVersion": version, "kind": kind}, made[shape, "validation"])
                for (version, kind), shape in shapes.items()
            ),
        ],
    }
    defined = {**definitions["$defs"], _OBJECT: one}
    _name_annotations(defined)
    reference = {"$ref": _REFERENCE.format(model=_OBJECT)}
    root = {"anyOf": [reference, {"type": "array", "items": reference}]}
    used = _tidied({name: defined[name] for name in defined if name in _named_from(root, defined)})
    return {"$schema": DIALECT, "title": "SLO files, as fournines reads them", **root, "$defs": used}


def _named_from(value: Any, defined: Mapping[str, Any]) -> set[str]:
    """The definitions that a schema leads to."""
    found: set[str] = set()
    waiting = [value]
    for each in waiting:
        for name in set(_NAMED.findall(json.dumps(each))) - found:
            found.add(name)
            waiting.append(defined[name])
    return found


def _if(said: Mapping[str, str], schema: dict[str, Any]) -> dict[str, Any]:
    """What holds of objects that say so."""
    properties = {key: {"const": value} for key, value in said.items()}
    return {"if": {"properties": properties, "required": list(said)}, "then": schema}


def _name_annotations(definitions: dict[str, Any]) -> None:
    """An SLO's annotations under our prefix are those that somebody reads."""
    known = {key: {"type": "string", "description": inspect.getdoc(reader)} for key, reader in READERS.items()}
    names = {"anyOf": [{"enum": list(known)}, {"not": {"pattern": f"^{PREFIX}"}}]}
    for name, definition in definitions.items():
        if "SLOMetadata" in name:
            annotations = definition["properties"]["annotations"]
            definition["properties"]["annotations"] = {**annotations, "properties": known, "propertyNames": names}


def _tidied(value: Any) -> Any:
    """Without the titles that repeat keys; where only some keys may stand, no others do."""
    if not isinstance(value, dict):
        return value
    tidy = {key: _tidied(each) for key, each in value.items() if not (key == "title" and isinstance(each, str))}
    return {"additionalProperties": False, **tidy} if "patternProperties" in value else tidy
