"""Maintenance that is known beforehand: when nobody is told, and of what."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from ..slo.openslo.corrections import CorrectionEntry
from .section import Section

Text = Annotated[str, Field(max_length=1_000)]


class MaintenanceEntry(CorrectionEntry, Section):
    """A time as corrections of SLO files say it, and whose alerts wait in it: of an SLO, of a service, or with labels that match."""

    slo: Text = ""
    service: Text = ""
    match: dict[Annotated[str, Field(min_length=1, max_length=1_000)], Text] = Field(default={}, max_length=10)
    author: Annotated[str, Field(min_length=1)] = "operators"

    @model_validator(mode="after")
    def _concerns_somebody(self) -> MaintenanceEntry:
        if not self.patterns:
            raise ValueError("needs `slo`, `service` or `match`, to say whose alerts wait; `*` stands for anything")
        if twice := self.match.keys() & self._named.keys():
            raise ValueError(f"says `{min(twice)}` twice, by itself and in `match`")
        return self

    @property
    def patterns(self) -> dict[str, str]:
        """What labels have to be like, by their names."""
        return {**self.match, **self._named}

    @property
    def _named(self) -> dict[str, str]:
        said = {"slo": self.slo, "service": self.service}
        return {label: pattern for label, pattern in said.items() if pattern}
