"""What a message explains."""

from __future__ import annotations

from fournines.alerts.messages.explaining import MOST_FORESEEN, Explainer
from fournines.alerts.state_times import StateTimes
from fournines.slo import Chance


def test_many_messages_wait_for_few_chances(slo, at, start):
    """Looking ahead takes milliseconds each: when everything burns at once, the first say a chance, and none of them waits for all."""
    asked = []

    def foresee(status):
        asked.append(status.slo.name)
        return Chance(0.5, int(start), 86_400)

    status, explainer = at([slo()]).status(0), Explainer(StateTimes({}), foresee)
    said = ["with a chance of" in explainer.explained(status) for _ in range(MOST_FORESEEN + 2)]

    assert [True] * MOST_FORESEEN + [False] * 2 == said
    assert MOST_FORESEEN == len(asked)
