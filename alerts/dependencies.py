"""Who depends on whom: while one that an SLO can't do without pages, its own page says nothing new, and is held back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from weakref import WeakKeyDictionary

from ..slo import SLO, Layout
from .alert import Alert, AlertKey, AlertKind


class Dependencies:
    """Of a set of SLOs, those that each depends on, and those that these do, the nearest first."""

    def __init__(self, slos: Sequence[SLO]) -> None:
        parents = {slo.name: slo.depends_on for slo in slos if slo.depends_on}
        self._above = {name: _reached(name, parents) for name in parents}

    def above(self, name: str) -> Sequence[str]:
        """All that an SLO depends on, the nearest first."""
        return self._above.get(name, ())

    def depth(self, name: str) -> int:
        """How many stand above an SLO: more than above any of those."""
        return len(self.above(name))

    def holder(self, key: AlertKey, open_: Mapping[AlertKey, Alert], silent: Collection[str]) -> Alert | None:
        """The page, of those open, that holds an alert back which is yet to be told; of what is `silent` nothing is known.

        A page that is silenced holds nothing back, for nobody hears of it; one that somebody has taken on does.
        """
        if key.kind is not AlertKind.PAGE or (key in open_ and open_[key].told and not open_[key].hushed):
            return None
        pages = (open_.get(AlertKey(AlertKind.PAGE, name)) for name in self.above(key.name) if name not in silent)
        return next((page for page in pages if page is not None and not page.silenced), None)


class KnownDependencies:
    """The dependencies of every set of SLOs that was seen: they change when files do, and are asked at every evaluation."""

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[Layout, Dependencies] = WeakKeyDictionary()

    def of(self, layout: Layout) -> Dependencies:
        """Who depends on whom in a set of SLOs."""
        found = self._known.get(layout)
        if found is None:
            found = self._known[layout] = Dependencies(layout.slos)
        return found


def _reached(name: str, parents: Mapping[str, Sequence[str]]) -> Sequence[str]:
    found = list(parents[name])
    known = {name, *found}
    for each in found:
        new = dict.fromkeys(parent for parent in parents.get(each, ()) if parent not in known)
        known |= new.keys()
        found += new
    return found
