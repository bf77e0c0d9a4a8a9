"""The SLOs there are at one moment, for everybody who asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ...slo import SLO
from ..records.corrections import KeptCorrection
from .declarations import Declaration


@dataclass(frozen=True)
class Catalogue:
    """The SLOs at one moment, files' first and in their order. `version` changes whenever anything in it does.

    `rows` says in which row an SLO's events are counted. An SLO that is not `settled` may still go over to another row. `declared` is
    what services declare, also where a file has an SLO of that name; `corrections` those that people made, which `slos` have already.
    """

    version: int
    slos: tuple[SLO, ...]
    rows: Mapping[str, int]
    settled: frozenset[str]
    declared: Mapping[str, Declaration] = field(default_factory=dict)
    corrections: tuple[KeptCorrection, ...] = ()

    @cached_property
    def names(self) -> Mapping[int, str]:
        """SLOs by row."""
        return {row: name for name, row in self.rows.items()}

    @cached_property
    def services(self) -> Mapping[str, str]:
        """The service that sends each SLO's events: a caller, where callers measure what another service promised."""
        return {slo.name: slo.sli.service for slo in self.slos}
