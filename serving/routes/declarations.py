"""What services declare of themselves."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from ...answers import DECLARATIONS, Declarations
from ...collector.registry.declarations import Declaration
from ...slo import Origin, timestamp, write_openslo
from ..contract import Cursor, Limit, answers_with, listed, page_of
from .source import JSON, CatalogueSource


@dataclass(frozen=True, slots=True)
class DeclarationRoutes:
    """/api/v1/declarations."""

    collector: CatalogueSource

    def add_routes(self, app: FastAPI) -> None:
        """Adds its route."""
        app.add_api_route("/api/v1/declarations", self.declarations, **answers_with(Declarations, DECLARATIONS))

    def declarations(
        self, request: Request, service: str | None = None, limit: Limit = None, cursor: Cursor = None
    ) -> JSONResponse:
        """The SLOs that services declare in their code, each also as the OpenSLO file it would be."""
        catalogue = self.collector.catalogue
        of_files = {slo.name for slo in catalogue.slos if slo.origin is Origin.FILE}
        asked = [each for each in catalogue.declared.items() if service in (None, each[1].slo.service)]
        page, following = page_of(asked, lambda each: (each[0],), limit, cursor)
        said = [_declaration(found, replaced=name in of_files) for name, found in page]
        return listed(request, {"declarations": said}, following)


def _declaration(found: Declaration, *, replaced: bool) -> JSON:
    return {
        "name": found.slo.name,
        "service": found.slo.service,
        "version": found.version,
        "since": timestamp(found.since),
        "ways": found.ways,
        "replaced_by_file": replaced,
        "openslo": write_openslo([found.slo]),
    }
