"""By which labels recorded series are those of one SLO: Sloth's."""

from __future__ import annotations

from ...slo import SLO
from .. import names


def identity(slo: SLO) -> dict[str, str]:
    """The labels that name an SLO, in the order in which rules say them."""
    return {
        names.SLOTH_ID: f"{slo.service}-{slo.name}",
        names.SLOTH_SERVICE: slo.service,
        names.SLOTH_SLO: slo.name,
    }
