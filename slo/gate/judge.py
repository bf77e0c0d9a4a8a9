"""The judgement itself: what each SLO says of a version, and the worst of it."""

from __future__ import annotations

from typing import Final

from ..burn import burn_rate
from .case import Case
from .evidence import Evidence
from .judgement import GateVerdict, Judgement, SLOJudgement
from .reasons import against, in_favour, undecided

ALPHA: Final = 0.01
"""How often a version is stopped that is no worse than the others and keeps its objectives, at most, however often and long it is asked."""

_FINDINGS: Final = ((GateVerdict.FAIL, against), (GateVerdict.WAIT, undecided), (GateVerdict.PASS, in_favour))
_WORST_FIRST: Final = tuple(GateVerdict)


def judge(evidence: Evidence) -> Judgement:
    """Whether the version may start or go on, from its counts alone; may be asked at any time without stopping more good versions.

    Where no version is named it is whether one may start: what the budgets say. Costs a millisecond an SLO and hour.
    """
    if not evidence.slos:
        return Judgement(GateVerdict.WAIT, (f"{evidence.service} has no SLO to be judged by",), ())
    # A latency SLO's durations may come later than its counts: what they share in must not shrink by that.
    limit = ALPHA / sum(2 + (each.status.slo.sli.threshold is not None) for each in evidence.slos)
    judged = [_judged(Case.of(evidence, each, limit), limit) for each in evidence.slos]
    judged.sort(key=lambda each: _WORST_FIRST.index(each.verdict))
    said = tuple(f"{each.slo}: {reason}" for each in judged for reason in each.reasons)
    return Judgement(judged[0].verdict, said, tuple(judged))


def _judged(case: Case, limit: float) -> SLOJudgement:
    status, compared = case.slo.status, case.compared
    verdict, reasons = _finding(case)
    return SLOJudgement(
        slo=status.slo.name,
        verdict=verdict,
        reasons=reasons,
        budget_remaining=status.budget.remaining_ratio,
        burn=next(iter(status.burn.values()), None),
        canary_burn=None if compared is None else burn_rate(compared.canary, case.slo.allowed),
        limit=limit,
        compared=compared,
        slowness=case.slowness,
    )


def _finding(case: Case) -> tuple[GateVerdict, tuple[str, ...]]:
    """The worst verdict that there are reasons for."""
    found = ((verdict, tuple(reasons(case))) for verdict, reasons in _FINDINGS)
    return next((verdict, reasons) for verdict, reasons in found if reasons)
