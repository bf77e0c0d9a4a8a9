"""How OpenAPI tells of the API: with the shape of every answer, an example of it, and every refusal."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from typing_extensions import is_typeddict

from ... import answers
from ...answers import PROBLEM_JSON
from .problems import problem
from .promise import REFUSALS

_SCHEMAS: Final = "#/components/schemas/{model}"
_BELOW: Final = "/api/v1/"


class DescribedApp(FastAPI):
    """An application whose `/openapi.json` knows the shapes of `answers`, which is put together when it is first asked for."""

    def openapi(self) -> dict[str, Any]:
        """The description, as OpenAPI 3.1 has it."""
        if self.openapi_schema is None:
            told = super().openapi()
            components = told.setdefault("components", {})
            components["schemas"] = {**components.get("schemas", {}), **_shapes()}
            components["responses"] = {str(status): _refusal(status, why) for status, why in REFUSALS.items()}
            for route in self.routes:
                if isinstance(route, APIRoute) and route.include_in_schema:
                    for method in route.methods or ():
                        _complete(told["paths"][route.path_format][method.lower()], route)
        return self.openapi_schema or {}


def _complete(told: dict[str, Any], route: APIRoute) -> None:
    """Says what a route is about, and its examples whole: what is null in them FastAPI leaves out."""
    told["tags"] = [_subject(route.path_format)]
    for status, said in route.responses.items():
        for kind, shown in said.get("content", {}).items():
            told["responses"][str(status)]["content"][kind]["example"] = shown["example"]


def _shapes() -> dict[str, Any]:
    """Every shape there is, by its name."""
    shapes = {name: TypeAdapter(shape) for name, shape in vars(answers).items() if is_typeddict(shape)}
    found, more = TypeAdapter.json_schemas(
        [(name, "serialization", adapter) for name, adapter in shapes.items()], ref_template=_SCHEMAS
    )
    return {**{name: schema for (name, _), schema in found.items()}, **more.get("$defs", {})}


def _refusal(status: int, why: str) -> dict[str, Any]:
    content = {"schema": {"$ref": _SCHEMAS.format(model="Problem")}, "example": problem(status, why)}
    return {"description": why, "content": {PROBLEM_JSON: content}}


def _subject(path: str) -> str:
    """What a path is about: `slos` of /api/v1/slos/{name}; `collector` of what is none of the API."""
    return path.removeprefix(_BELOW).partition("/")[0] if path.startswith(_BELOW) else "collector"
