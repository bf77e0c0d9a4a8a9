"""One page for all workers of a service, whichever of them is asked.

Each worker writes down what it has counted, at most once a second and before it answers a scrape itself, so no page ever
shows a count that is not on file. Who is asked adds up the files, of the living and of the dead. The counts of
dead workers are moved into one file, in this order: that file, with their names in it, replaces the one before; then
theirs are removed. Killed in between, the next one finds the names, and only removes. So nothing is lost and nothing is
counted twice, and however many workers come and go, there are two files for each that lives, and two more.

A worker that is killed (-9) loses on this page what it counted in its last second. What it counted for the collector is
another matter (`export/`).
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from .. import names
from ..clock import wall
from ..health import Health
from .folder import FINISHED, Folder, Seat
from .place import parent, sweep, swept_with
from .snapshot import (
    Snapshot,
    Unreadable,
    dumped,
    loaded,
    packed,
    plain,
    unpacked,
)
from .sum import lasting, summed

WHERE: Final = "workers"
"""The label under which what fails here is counted."""

_log = logging.getLogger("fournines.instrumentation")


class Workers:
    """The part of one process in the page of all workers. Safe from any thread.

    `take` says what this process has counted so far.
    """

    _seat: Seat | None

    def __init__(self, folder: Folder, take: Callable[[], Snapshot], health: Health) -> None:
        self._folder, self._take, self._health = folder, take, health
        self.forget()

    def write(self) -> None:
        """Writes this worker's counts down. Raises `OSError` where that can't be done now."""
        with self._mutex:
            if self._seat is not None and self._seat.removed:  # somebody has emptied the folder
                self._seat.leave()
                self._seat = None
            if self._seat is None:
                self._seat = self._arrive()
            name = self._seat.name
            self._folder.write(name, packed(self._take()))

    def total(self) -> Snapshot:
        """What all workers, living and dead, have counted. Raises `OSError` when the folder can't be read now.

        Where this worker's own counts can't be written they are missing, and counted as an error: showing them would
        mean that the next page, by another worker, falls.
        """
        try:
            self.write()
        except OSError as e:
            self._failed("this worker's counts can't be written down", e)
        with self._folder.locked():
            finished, living = self._fold()
            return summed([*self._counts_of(living), finished])

    def close(self) -> None:
        """Lets go of the seat: whoever comes next moves these counts to the finished ones."""
        with self._mutex:
            seat, self._seat = self._seat, None
        if seat is not None:
            seat.leave()

    def leave_to_parent(self) -> None:
        """Begins anew in a forked child: the seat is the parent's."""
        seat = self._seat
        self.forget()
        if seat is not None:
            seat.leave()

    def forget(self) -> None:
        """As if never seated; a lock that somebody may have held at the fork is replaced."""
        self._mutex = threading.RLock()  # the collector of garbage may call `close` in the middle of `write`
        self._seat = None

    def _arrive(self) -> Seat:
        if (place := swept_with(self._folder.path)) is not None:
            sweep(place, wall())
        self._folder.make()
        with self._folder.locked():
            if not self._folder.living() and self._finished()[0].get("parent") not in (None, parent()):
                self._begin_anew()
            self._fold()
            return self._folder.sit_down()

    def _begin_anew(self) -> None:
        # Nobody lives, and the last ones had another parent: this is a new start of the service, with counts from 0.
        for name in (*self._folder.seats(), FINISHED):
            self._folder.remove(name)

    def _fold(self) -> tuple[Snapshot, list[str]]:
        """Moves the counts of the dead to the finished ones: these, and the names of the living. The folder is locked.

        Where it can't be written the dead stay as they are, and are counted from there.
        """
        known, finished = self._finished()
        seats = self._folder.seats()
        gone = [name for name in seats if self._folder.has_gone(name)]
        fresh = [name for name in gone if name not in known.get("folded", ())]
        finished = summed([finished, *map(lasting, self._counts_of(fresh))])
        try:
            if fresh or not known:
                self._keep(finished, gone)
            for name in gone:
                self._folder.remove(name)
        except OSError as e:
            self._failed("the counts of finished workers can't be moved", e)
        return finished, [name for name in seats if name not in gone]

    def _keep(self, finished: Snapshot, folded: Iterable[str]) -> None:
        kept = {"parent": parent(), "folded": list(folded), "sum": dumped(finished)}
        self._folder.write(FINISHED, json.dumps(kept, separators=(",", ":")).encode("ascii"))

    def _finished(self) -> tuple[dict[str, Any], Snapshot]:
        """What stands in the file of the finished ones, and the counts in it; nothing, and an error, where it is damaged."""
        data = self._folder.read(FINISHED)
        if data is None:
            return {}, Snapshot()
        try:
            known = plain(data)
            return known, loaded(known["sum"])
        except (Unreadable, KeyError, TypeError) as e:
            self._failed("the counts of finished workers are lost", e)
            return {}, Snapshot()

    def _counts_of(self, workers: Iterable[str]) -> Iterator[Snapshot]:
        for name in workers:
            if (data := self._folder.read(name)) is None:
                continue  # a worker that has sat down and not yet written
            try:
                yield unpacked(data)
            except Unreadable as e:
                self._failed(f"the counts of worker {name} can't be read", e)

    def _failed(self, text: str, error: Exception) -> None:
        self._health.add(names.PROM_ERRORS, WHERE)
        if self._health.count(names.PROM_ERRORS, WHERE) == 1:
            _log.warning("%s (%s); the metrics page misses them", text, error)
