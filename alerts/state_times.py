"""Since when every SLO is in its state, kept so that a restart does not start the clocks anew."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from weakref import WeakKeyDictionary

import numpy as np

from ..slo import STATES, Evaluation, Layout, State
from ..slo.arithmetic import FloatArray, IntArray
from .store import StateSince

_INDEX = {state: index for index, state in enumerate(STATES)}
_UNKNOWN = -1


class StateTimes:
    """One slot an SLO: comparing ten thousand of them with an evaluation is one array comparison."""

    def __init__(self, known: Mapping[str, StateSince]) -> None:
        self._slots: dict[str, int] = {name: slot for slot, name in enumerate(known)}
        self._states: IntArray = np.array([_INDEX[k.state] for k in known.values()], dtype=np.int64)
        self._since: FloatArray = np.array([k.since for k in known.values()], dtype=np.float64)
        self._rows: WeakKeyDictionary[Layout, IntArray] = WeakKeyDictionary()

    def changed(self, evaluation: Evaluation, now: float) -> list[tuple[str, StateSince]]:
        """The SLOs whose state is another than before, with the new one. Nothing is taken over yet: see `take`."""
        slots = self._slots_of(evaluation.layout)
        rows = np.flatnonzero(self._states[slots] != evaluation.states).tolist()
        return [(evaluation.slos[row].name, StateSince(STATES[int(evaluation.states[row])], now)) for row in rows]

    def take(self, changed: Collection[tuple[str, StateSince]]) -> None:
        """Takes over what `changed` found, once it is stored."""
        for name, (state, since) in changed:
            slot = self._slots[name]
            self._states[slot], self._since[slot] = _INDEX[state], since

    def forget(self, names: Collection[str]) -> None:
        """SLOs that are gone start anew should they come back."""
        for name in names:
            self._states[self._slots[name]] = _UNKNOWN

    def names(self) -> set[str]:
        """The SLOs whose state is known."""
        return {name for name, slot in self._slots.items() if self._states[slot] != _UNKNOWN}

    def since(self, name: str, state: State) -> float | None:
        """When that state of an SLO began (epoch seconds); None where it was last in another, or never evaluated. For any thread."""
        slot, states = self._slots.get(name), self._states
        if slot is None or slot >= len(states) or states[slot] != _INDEX[state]:
            return None
        return float(self._since[slot])

    def _slots_of(self, layout: Layout) -> IntArray:
        slots = self._rows.get(layout)
        if slots is None:
            slots = np.array([self._slots.setdefault(n, len(self._slots)) for n in layout.names], dtype=np.int64)
            missing = len(self._slots) - len(self._states)
            self._since = np.append(self._since, np.zeros(missing))
            self._states = np.append(self._states, np.full(missing, _UNKNOWN, dtype=np.int64))
            self._rows[layout] = slots
        return slots
