"""What services declare of themselves."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI

from ...collector.registry.declarations import Declaration
from ...slo import Origin, timestamp, write_openslo
from .source import JSON, CatalogueSource


@dataclass(frozen=True, slots=True)
class DeclarationRoutes:
    """/api/v1/declarations."""

    collector: CatalogueSource

    def add_routes(self, app: FastAPI) -> None:
        """Adds its route."""
        app.add_api_route("/api/v1/declarations", self.declarations)

    def declarations(self, service: str | None = None) -> JSON:
        """The SLOs that services declare in their code, each also as the OpenSLO file it would be."""
        catalogue = self.collector.catalogue
        of_files = {slo.name for slo in catalogue.slos if slo.origin is Origin.FILE}
        return {
            "declarations": [
                _declaration(found, replaced=name in of_files)
                for name, found in catalogue.declared.items()
                if service in (None, found.slo.service)
            ]
        }


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
