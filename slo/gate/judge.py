"""The judgement itself: what each SLO says of a version, and the worst of it."""

from __future__ import annotations

from .evidence import Evidence
from .judgement import GateVerdict, Judgement


def judge(evidence: Evidence) -> Judgement:
    """Whether the version may start or go on, from its counts alone. May be asked every 10 s without stopping more good versions."""
    if evidence.since is None:
        return Judgement(GateVerdict.WAIT, (f"{evidence.service} has no version {evidence.version} yet",), ())
    return Judgement(GateVerdict.WAIT, (f"{evidence.service} has no SLO",), ())
