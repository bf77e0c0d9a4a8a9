"""The joint between what can be wrong and who is told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Protocol

from ...slo import Evaluation
from ..alert import Alert, AlertKey
from ..state import ConditionState
from ..words import Words


class Judgement(NamedTuple):
    """What is known of one alert's condition.

    `row` is the evaluation's row that says so, None where no SLO does; `say` makes the words for what a burn rate does not. One of them is
    given wherever the condition is met.
    """

    key: AlertKey
    condition: ConditionState
    row: int | None
    say: Callable[[], Words] | None = None

    @property
    def words(self) -> Words | None:
        """The words, made when somebody is to read them: of a thousand alerts that are open hardly one is told of in a round."""
        return None if self.say is None else self.say()


class Condition(Protocol):
    """Something that can be wrong."""

    def judgements(self, evaluation: Evaluation, open_: Mapping[AlertKey, Alert]) -> Iterable[Judgement]:
        """What is known of its alerts that are open or should be; all others are clear and inactive.

        Asked at every evaluation, so what is well costs nothing but array work.
        """
        ...
