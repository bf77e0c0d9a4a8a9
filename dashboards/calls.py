"""Who calls whom, as far as kept traces and SLO files tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from ..slo import SLO

_PEERS: Final = ("peer.service", "db.system.name", "db.system", "messaging.system", "server.address")
"""What a call out says of whom it is to, where that says nothing of itself; the first that is there counts."""

_CALLING: Final = frozenset({"client", "producer"})


class Call(NamedTuple):
    """Who calls whom."""

    caller: str
    callee: str


class Calls(NamedTuple):
    """Calls of one service to another: how many kept traces hold, how many of those failed, and whether an SLO file says so too."""

    seen: int = 0
    failed: int = 0
    declared: bool = False


def calls_in(traces: Iterable[Mapping[str, Any]]) -> dict[Call, Calls]:
    """The calls between services in kept traces: a span below one of another service, or a call out that nothing answers in the trace."""
    found: dict[Call, Calls] = {}
    for trace in traces:
        spans = {span["span_id"]: span for span in trace["spans"]}
        answered = {span["parent_id"] for span in trace["spans"]}
        for span in spans.values():
            call = _call(span, spans, answered)
            if call is not None:
                old = found.get(call, Calls())
                found[call] = old._replace(seen=old.seen + 1, failed=old.failed + (span["status"] == "error"))
    return found


def with_declared(calls: Mapping[Call, Calls], slos: Iterable[SLO]) -> dict[Call, Calls]:
    """The same, and what SLO files say of who depends on whom."""
    found, slos = dict(calls), list(slos)
    services = {slo.name: slo.service for slo in slos}
    for slo in slos:
        for name in slo.depends_on:
            call = Call(slo.service, services.get(name, name))
            if call.caller != call.callee:
                found[call] = found.get(call, Calls())._replace(declared=True)
    return found


def _call(span: Mapping[str, Any], spans: Mapping[str, Mapping[str, Any]], answered: set[str]) -> Call | None:
    parent = spans.get(span["parent_id"])
    if parent is not None and parent["service"] != span["service"]:
        return Call(parent["service"], span["service"])
    if span["kind"] in _CALLING and span["span_id"] not in answered:
        peer = next((str(span["attributes"][key]) for key in _PEERS if span["attributes"].get(key)), "")
        return Call(span["service"], peer) if peer and peer != span["service"] else None
    return None
