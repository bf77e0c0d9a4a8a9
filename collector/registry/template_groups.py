"""The groups of one template, found where events are judged: once an attribute set, never once an event.

What finds no room counts in the group of the others, so that groups and others add up to their template, whatever is sent.
"""

from __future__ import annotations

from typing import Final

from ...slo import SLO, Attributes
from ...slo.group import group_names, others_name, values_of
from ..redaction import without_sensitive
from .claims import Claims
from .groups import SloGroups
from .rows import SloRows

LONGEST_VALUE: Final = 200
"""Characters of a value that makes a group."""


class TemplateGroups:
    """In which rows events of one template count besides its own, by their values. It lives as long as the judges that ask it."""

    def __init__(self, template: SLO, groups: SloGroups, rows: SloRows, claims: Claims) -> None:
        self._template = template
        self._groups = groups
        self._rows = rows
        self._claims = claims
        self._known = {
            known.values: self._counted(name)
            for name, known in groups.of(template)
            if known.values and known.is_of(template)
        }

    def of(self, labels: Attributes) -> tuple[int, ...]:
        """The row of the group of events with these attributes, a new one while there is room; none where a file has its name."""
        values = values_of(self._template, labels)
        found = self._known.get(values)
        return self._found(values) if found is None else found

    def _found(self, values: tuple[str, ...]) -> tuple[int, ...]:
        if len(self._known) < self._template.max_groups and all(map(_is_fit, values)):
            for name in group_names(self._template, values):
                if not self._is_anothers(name):
                    found = self._known[values] = self._put(name, values)
                    return found
        self._groups.overflow(self._template)
        return self._put(others_name(self._template), ())

    def _put(self, name: str, values: tuple[str, ...]) -> tuple[int, ...]:
        if not self._claims.is_in_files(name):
            self._groups.put(name, self._template, values)
        return self._counted(name)

    def _counted(self, name: str) -> tuple[int, ...]:
        return () if name in self._claims.files else (self._rows.of(name),)

    def _is_anothers(self, name: str) -> bool:
        """Whether another group, or an SLO of a service, has this name; one of a file stands in the group's place."""
        return name not in self._claims.files and (self._claims.is_in_files(name) or self._claims.is_taken(name))


def _is_fit(value: str) -> bool:
    """Whether a value may be read by everybody who sees an SLO: it is short, and neither a card number nor a secret."""
    return len(value) <= LONGEST_VALUE and (not value or value.isprintable()) and without_sensitive(value) == value
