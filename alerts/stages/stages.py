"""All stages in their order."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..dependencies import Dependencies
from ..notification import Receiver
from ..silences.hold import Holder
from .acknowledgement import AcknowledgementStage
from .condition import ConditionStage
from .inhibition import InhibitionStage
from .route import RouteStage
from .silence import SilenceStage
from .stage import AlertStage
from .state import StateStage
from .telling import TellingStage


class Stages:
    """What stays the same from round to round; `at` adds what does not."""

    def __init__(self, receivers: Sequence[Receiver], holder: Holder) -> None:
        self._route = RouteStage(receivers)
        self._silence = SilenceStage(holder)
        self._telling = TellingStage(anybody=bool(receivers))

    def at(self, dependencies: Dependencies, silent: Collection[str]) -> Sequence[AlertStage]:
        """The list for one round: who depends on whom, and of which SLOs nothing is known."""
        inhibition = InhibitionStage(self._route, dependencies, silent)
        return (
            ConditionStage(),
            StateStage(),
            self._route,
            self._silence,
            inhibition,
            AcknowledgementStage(),
            self._telling,
        )
