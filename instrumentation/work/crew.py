"""Who watches the work of one service: what an operation or a message is begun with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from opentelemetry.context import Context, get_current
from opentelemetry.trace import Link

from .. import names
from ..counts.work import WorkCounts
from ..propagation.incoming import Incoming
from ..tracing.current import Current
from .carrier import Carried, carried, wanted
from .plan import WorkPlan, consumer_plan, operation_plan, told
from .tracing import WorkTracing

MOST_PLANS: Final = 1000
"""Names that are prepared for at most; further ones are prepared for each time, so that nobody's names fill the memory."""
MOST_LINKS: Final = 128
"""Messages of a batch that are looked into: as many links as a span has."""


class Crew:
    """What the work of one service is watched with. `tracing` says how its spans are made, which may change while it runs."""

    def __init__(
        self, serving: Current, tracing: Callable[[], WorkTracing], counts: WorkCounts, redact: Callable[[str], str]
    ) -> None:
        self.serving, self.tracing, self._counts, self._redact = serving, tracing, counts, redact
        self._plans: dict[tuple[str, ...], WorkPlan] = {}
        self._wanted = wanted(serving.propagators.fields)
        self.era = object()
        """What was begun in another is of the process before the fork, which counts it."""

    def operation(self, name: str) -> WorkPlan:
        """The plan of an operation."""
        return self._plan((name,), lambda: operation_plan(self._counts, self.told(name)))

    def consumer(self, destination: str, system: str, group: str | None) -> WorkPlan:
        """The plan of a consumer."""
        return self._plan(
            (destination, system, group or ""),
            lambda: consumer_plan(
                self._counts, self.told(destination), self.told(system), None if group is None else self.told(group)
            ),
        )

    def told(self, name: Any) -> str:
        """A name as it may be said: on the page, in metrics and as a span's name."""
        return told(self._redact(told(name)))

    def look_into(self, message: Any) -> Carried:
        """What a message carries; nothing, and that is counted, where it can't be looked into."""
        try:
            return carried(message, self._wanted)
        except Exception:  # noqa: BLE001 - messages come from outside, and their classes from anywhere
            self.serving.health.add(names.PROM_REFUSED_HEADERS, "message")
            return Carried({})

    def incoming(self, headers: Mapping[str, str]) -> Incoming | None:
        """The trace that headers name, and what else travels with them, on top of what is known here."""
        return self.serving.propagators.read(headers, get_current()) if headers else None

    def links(self, messages: Sequence[Any]) -> list[Link]:
        """Where the messages of a batch come from, each sender once."""
        found: dict[tuple[int, int], Link] = {}
        for message in islice(messages, MOST_LINKS):
            seen = self.look_into(message)
            incoming = self.serving.propagators.read(seen.headers, Context()) if seen.headers else None
            if incoming is not None and incoming.parent is not None:
                key = incoming.parent.trace_id, incoming.parent.span_id
                found.setdefault(key, Link(incoming.parent, {names.MESSAGE_ID: seen.id} if seen.id else None))
        return list(found.values())

    def forget(self) -> None:
        """Begins anew in a forked child."""
        self.era = object()

    def _plan(self, key: tuple[str, ...], make: Callable[[], WorkPlan]) -> WorkPlan:
        plan = self._plans.get(key)
        if plan is None:
            plan = make()
            if len(self._plans) < MOST_PLANS:
                self._plans[key] = plan
        return plan
