"""The groups of SLOs with `group_by`: what is known of them, and the SLOs that they are."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from ...slo import DAY, SLO
from ...slo.group import group_of, others_name, others_of, sum_of_groups
from ..columns import IntColumn
from ..ledger.staged import Staged

_LOG: Final = logging.getLogger("fournines.collector")


class KnownGroup(NamedTuple):
    """A group: of which template, its values and their attributes (none for that of the others), and when it was heard last, to a day.

    `heard` is 0 until somebody looks.
    """

    template: str
    keys: tuple[str, ...]
    values: tuple[str, ...]
    heard: float = 0.0

    def is_of(self, template: SLO | None) -> bool:
        """Whether it is a group of this template, and by the same attributes."""
        return template is not None and template.group_by != () and self.keys in (template.group_by, ())


class SloGroups:
    """All groups that were heard, in the ledger's table `slo_group`. A part of the registry, which decides what becomes of them.

    Groups of a template that is in no file any more are remembered as long as others: with the template they are there again. An SLO of a
    group's name in a file stands in its place. `overflows` counts look-ups that found no room, by template.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._known: Staged[str, KnownGroup] = Staged(
            (name, KnownGroup(template, tuple(known), tuple(known.values()), heard))
            for name, template, values, heard in connection.execute(
                'SELECT name, template, "values", heard FROM slo_group'
            )
            for known in [json.loads(values)]
        )
        self._made: dict[str, tuple[SLO, SLO]] = {}
        self._counted: dict[str, int] = {}
        """Events of each when it was dated last."""
        self.overflows: dict[str, int] = {}

    def holds(self, name: str, files: Mapping[str, SLO]) -> bool:
        """Whether a name is that of a group in force, as the open transaction sees it."""
        known = self._known.get(name)
        return known is not None and name not in files and known.is_of(files.get(known.template))

    def of(self, template: SLO) -> Iterator[tuple[str, KnownGroup]]:
        """The groups of a template, as the open transaction sees them."""
        return ((name, known) for name, known in self._known.items() if known.template == template.name)

    def put(self, name: str, template: SLO, values: tuple[str, ...]) -> None:
        """Stages a new group."""
        self._known.put(name, KnownGroup(template.name, template.group_by if values else (), values))

    def published(self, files: Mapping[str, SLO]) -> Iterator[SLO]:
        """The SLOs of files with their groups that are committed, each template before its own."""
        groups: dict[str, list[tuple[str, KnownGroup]]] = {}
        for name, known in self._known.kept.items():
            if name not in files and known.is_of(files.get(known.template)):
                groups.setdefault(known.template, []).append((name, known))
        for slo in files.values():
            yield self._remembered(slo.name, slo, sum_of_groups) if slo.group_by else slo
            for name, known in sorted(groups.get(slo.name, ())):
                yield self._group(name, slo, known)

    def date(self, rows: Mapping[str, int], events: IntColumn, now: float) -> None:
        """Stages when groups were heard last, where the ledger is a day behind or more. `events` are those ever counted, by row."""
        for name, known in list(self._known.items()):
            row = rows.get(name, 0)
            counted = int(events[row]) if row < len(events) else 0
            moved = counted != self._counted.setdefault(name, counted)
            # A clock that was ahead does not keep it.
            if known.heard == 0 or known.heard > now or (moved and now - known.heard >= DAY):
                self._counted[name] = counted
                self._known.put(name, known._replace(heard=now))

    def unheard(self, files: Mapping[str, SLO], before: float, least: int) -> list[str]:
        """Those last heard so long before that second that nothing of theirs counts in any window; `least` seconds are granted to all."""
        return [
            name
            for name, known in self._known.items()
            if known.heard < before - max(least, _longest(files.get(known.template)))
        ]

    def remove(self, name: str) -> None:
        """Stages the going of a group."""
        self._known.remove(name)

    def overflow(self, template: SLO) -> None:
        """Counts a look-up that found no room, and says so once a template."""
        if template.name not in self.overflows:
            _LOG.warning(
                "%s has no room for another group (%d, fournines/max-groups), or none for values like these: they count in %s",
                template.name,
                template.max_groups,
                others_name(template),
            )
        self.overflows[template.name] = self.overflows.get(template.name, 0) + 1

    @property
    def changed(self) -> bool:
        """Whether anything is staged."""
        return bool(self._known.changes)

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes what is new, and removes what goes."""
        changes = self._known.changes
        connection.executemany(
            "DELETE FROM slo_group WHERE name = ?", [(name,) for name, known in changes.items() if known is None]
        )
        connection.executemany(
            "INSERT OR REPLACE INTO slo_group VALUES (?, ?, ?, ?)",
            [
                (name, known.template, json.dumps(dict(zip(known.keys, known.values, strict=True))), known.heard)
                for name, known in changes.items()
                if known is not None
            ],
        )

    def keep(self) -> None:
        """What was staged is true now."""
        for name in [name for name, known in self._known.changes.items() if known is None]:
            self._made.pop(name, None)
            self._counted.pop(name, None)
        self._known.keep()

    def forget(self) -> None:
        """What was staged never was."""
        self._known.forget()

    def _group(self, name: str, template: SLO, known: KnownGroup) -> SLO:
        if not known.values:
            return self._remembered(name, template, others_of)
        return self._remembered(name, template, lambda it: group_of(it, name, known.values))

    def _remembered(self, name: str, template: SLO, make: Callable[[SLO], SLO]) -> SLO:
        """An SLO made of a template, the same as long as the template is."""
        made = self._made.get(name)
        if made is None or made[0] is not template:
            made = self._made[name] = template, make(template)
        return made[1]


def _longest(template: SLO | None) -> int:
    return 2 * DAY + max(window.seconds for window in template.windows) if template is not None else 0
