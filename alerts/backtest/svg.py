"""A backtest as a picture: one SLO below the other, and under each its incidents and what every policy made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final, NamedTuple

from ...slo import DAY, Severity, figures
from .backtest import Result
from .verdict import Judged, Verdict

MOST_SLOS: Final = 40
"""A picture of more would be read by nobody: those with the most alerts are shown."""

WIDTH: Final = 1000
_LEFT: Final = 180
_RIGHT: Final = 20
_LANE: Final = 14
_HEAD: Final = 20
_TOP: Final = 54
_DAYS: Final = 8
"""No more marks of time than this."""

_STYLE: Final = """
text { font: 11px system-ui, sans-serif; fill: #24292f }
.name { font-weight: 600 } .small { fill: #57606a } .axis { stroke: #d0d7de } .incident { fill: #afb8c1; opacity: .8 }
.page { fill: #cf222e } .ticket { fill: #9a6700 } .nothing { fill: none; stroke-width: 1.5 }
.page.nothing { stroke: #cf222e } .ticket.nothing { stroke: #9a6700 }
""".strip()


class _Scale(NamedTuple):
    """Where a moment stands."""

    start: int
    end: int

    def x(self, moment: int) -> float:
        share = (min(max(moment, self.start), self.end) - self.start) / (self.end - self.start)
        return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)


def as_svg(result: Result) -> str:
    """A document of its own: marks are alerts, hollow where they meant nothing; grey bands are incidents. It names its colours in words."""
    scale = _Scale(*result.span.interval)
    shown = _shown(result)
    block = _HEAD + _LANE * len(result.policies) + 10
    height = _TOP + block * len(shown)
    body = [part for at, name in enumerate(shown) for part in _slo(result, name, _TOP + at * block, scale)]
    says = f"{len(result.policies)} alert policies over {len(shown)} SLOs: when each would have told somebody"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{says}">',
            f'<style>{_STYLE}</style><rect width="{WIDTH}" height="{height}" fill="#fff"/>',
            '<text x="10" y="18">Grey: an incident. Red: a page. Brown: a ticket. Hollow: it meant nothing.</text>',
            *_axis(scale, height),
            *body,
            "</svg>\n",
        ]
    )


def _shown(result: Result) -> Sequence[str]:
    """The SLOs in the order they came, those with the most alerts where there are too many."""
    alerts: dict[str, int] = {}
    for verdict in (each for its in result.verdicts.values() for each in its):
        alerts[verdict.slo] = alerts.get(verdict.slo, 0) + len(verdict.alerts)
    most = set(sorted(alerts, key=lambda name: -alerts[name])[:MOST_SLOS])
    return [name for name in alerts if name in most]


def _axis(scale: _Scale, height: int) -> Iterator[str]:
    days = -(-(scale.end - scale.start) // (DAY * _DAYS)) * DAY
    for moment in range(-(-scale.start // DAY) * DAY, scale.end, days):
        x = scale.x(moment)
        yield f'<path class="axis" d="M{x} {_TOP - 10}V{height}"/>'
        yield f'<text class="small" x="{x}" y="{_TOP - 14}" text-anchor="middle">{figures.moment(moment, with_date=True)}</text>'


def _slo(result: Result, name: str, top: int, scale: _Scale) -> Iterator[str]:
    """An SLO's name, its incidents behind all lanes, and a lane for each policy."""
    verdicts = {
        policy.name: verdict
        for policy in result.policies
        for verdict in result.verdicts[policy.name]
        if verdict.slo == name
    }
    yield f'<text class="name" x="10" y="{top + 13}">{escape(name)}</text>'
    yield from _incidents(next(iter(verdicts.values())), top, len(verdicts), scale)
    for lane, (policy, verdict) in enumerate(verdicts.items()):
        y = top + _HEAD + lane * _LANE
        yield f'<text class="small" x="22" y="{y + 10}">{escape(policy[:24])}</text>'
        pages_on_top = sorted(verdict.alerts, key=lambda judged: judged.alert.severity.value, reverse=True)
        yield from (_mark(judged, y, scale) for judged in pages_on_top)


def _incidents(verdict: Verdict, top: int, lanes: int, scale: _Scale) -> Iterator[str]:
    for start, end in (outcome.incident for outcome in verdict.outcomes):
        x = scale.x(start)
        width = max(3.0, round(scale.x(end) - x, 1))
        yield f'<rect class="incident" x="{x}" y="{top + _HEAD - 4}" width="{width}" height="{lanes * _LANE + 6}"/>'


def _mark(judged: Judged, y: int, scale: _Scale) -> str:
    """A page is a circle and a ticket a square, so that colours are not all that tells them apart."""
    alert, incident = judged
    x = scale.x(alert.told)
    tone = alert.severity.value + (" nothing" if incident is None else "")
    if alert.severity is Severity.PAGE:
        return f'<circle class="{tone}" cx="{x}" cy="{y + 6}" r="4"/>'
    return f'<rect class="{tone}" x="{x - 3.5:.1f}" y="{y + 2.5}" width="7" height="7"/>'
