"""Whose a name is: an SLO of a file stands before a group, a group before what a service declares, and that before an automatic SLO."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from ...slo import SLO
from .automatic import automatic_slos
from .declarations import Declarations
from .groups import SloGroups
from .services import Services

_AUTOMATIC: Final = tuple(slo.name for slo in automatic_slos(""))
"""What the names of automatic SLOs end with."""


class Claims:
    """The SLOs of files, and who else has a name, as the open transaction sees it."""

    def __init__(self, groups: SloGroups, declared: Declarations, services: Services) -> None:
        self._groups = groups
        self._declared = declared
        self._services = services
        self._staged: dict[str, SLO] | None = None
        self._by_service: dict[str, list[SLO]] = {}
        self.kept: dict[str, SLO] = {}
        """The SLOs of files that are committed."""

    @property
    def files(self) -> Mapping[str, SLO]:
        """The SLOs of files."""
        return self.kept if self._staged is None else self._staged

    def declare(self, slos: tuple[SLO, ...]) -> None:
        """Stages the SLOs of files, in place of those before."""
        self._staged = {slo.name: slo for slo in slos}
        self._sort(slos)

    def of(self, service: str) -> Iterator[SLO]:
        """What somebody wrote down about a service, and is in force."""
        yield from self._by_service.get(service, ())
        yield from (slo for slo in self._declared.of(service) if not self.is_in_files(slo.name))

    def is_in_files(self, name: str) -> bool:
        """Whether a file has an SLO of that name, or one of which a group has it."""
        return name in self.files or self._groups.holds(name, self.files)

    def is_written(self, name: str) -> bool:
        """Whether somebody wrote down an SLO of that name, in a file or in a service's code."""
        return self.is_in_files(name) or name in self._declared.holding

    def is_automatic(self, name: str, but: str = "") -> bool:
        """Whether a name is that of an automatic SLO of a service that was heard, other than `but`."""
        owner = next((name[: -len(end)] for end in _AUTOMATIC if name.endswith(end)), None)
        return owner is not None and owner != but and self._services.get(owner) is not None

    def is_taken(self, name: str) -> bool:
        """Whether a service has an SLO of that name, declared or automatic."""
        return name in self._declared.holding or self.is_automatic(name)

    @property
    def changed(self) -> bool:
        """Whether SLOs of files are staged."""
        return self._staged is not None

    def keep(self) -> None:
        """What was staged is true now."""
        self.kept, self._staged = dict(self.files), None

    def forget(self) -> None:
        """What was staged never was."""
        self._staged = None
        self._sort(self.kept.values())

    def _sort(self, slos: Iterable[SLO]) -> None:
        self._by_service = {}
        for slo in slos:
            self._by_service.setdefault(slo.sli.service, []).append(slo)
