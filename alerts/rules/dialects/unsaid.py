"""What a dialect can't say of an SLO: either the SLO is left out, or something of it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ....slo import SLO, Severity


class CannotSay(Exception):
    """An SLO can't be said in a dialect; the text says why, as the end of a sentence."""


def lacks(slos: Sequence[SLO], tool: str) -> Iterator[str]:
    """What the rules of a tool know nothing of and these SLOs have: a sentence each."""
    said = {
        "the guard of fournines/min-bad-events: they page for less as well": [s for s in slos if _is_guarded(s)],
        "corrections: what was taken out counts": [s for s in slos if s.corrections],
        "dependencies: nothing is held back": [s for s in slos if s.depends_on],
        "groups: all events count together": [s for s in slos if s.group_by],
        "the further windows": [s for s in slos if s.more_windows],
    }
    for what, those in said.items():
        if those:
            yield f"{tool}'s rules of {', '.join(slo.name for slo in those)} do not know {what}"


def _is_guarded(slo: SLO) -> bool:
    return slo.min_bad_events > 1 and any(rule.severity is Severity.PAGE for rule in slo.rules)
