"""The joint between what can be wrong and who is told of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from ...slo import Evaluation
from ..alert import Alert, AlertKey
from ..state import ConditionState
from ..words import Words


class Judgement(NamedTuple):
    """What is known of one alert's condition.

    `row` is the evaluation's row that says so, None where no SLO does; `words` say what a burn rate does not. One of them is given
    wherever the condition is met.
    """

    key: AlertKey
    condition: ConditionState
    row: int | None
    words: Words | None = None


class Condition(Protocol):
    """Something that can be wrong."""

    def judgements(self, evaluation: Evaluation, open_: Mapping[AlertKey, Alert]) -> Iterable[Judgement]:
        """What is known of its alerts that are open or should be; all others are clear and inactive.

        Asked at every evaluation, so what is well costs nothing but array work.
        """
        ...
