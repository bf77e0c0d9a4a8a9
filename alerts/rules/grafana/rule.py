"""A rule as grafanalib's class has it, and the gaps of that: what Grafana can be told since, and what the class takes but never writes."""

from __future__ import annotations

from typing import Any, Final

from grafanalib import core

KEEP_LAST: Final = "KeepLast"
"""Whoever can't be asked changes nothing: neither does an incident end, nor does one begin."""
ALERTING: Final = "Alerting"

CONDITION: Final = "holds"

_LOOK_BACK: Final = 600
"""Seconds: of an instant query only its end counts."""


class GrafanaRule(core.AlertRulev9):  # type: ignore[misc]  # grafanalib has no types
    """`AlertRulev9` with `keepFiringFor`, the states of today where it knows those of once, and the panel it was always told of.

    `unknown` is the state where nobody answers, or can't be asked. What else is said of it (`more`) is grafanalib's.
    """

    def __init__(self, *, holds_for: str = "0s", keeps_for: str = "0s", unknown: str = KEEP_LAST, **more: Any) -> None:
        super().__init__(condition=CONDITION, evaluateFor=holds_for, timeRangeFrom=_LOOK_BACK, **more)
        self._keeps_for, self._unknown = keeps_for, unknown

    def to_json_data(self) -> dict[str, Any]:
        """What the class writes, and beside it what it does not."""
        written = super().to_json_data()
        states = {"no_data_state": self._unknown, "exec_err_state": self._unknown}
        panel = {"dashboardUid": self.dashboard_uid, "panelId": self.panel_id} if self.dashboard_uid else {}
        inner = written["grafana_alert"] | states
        return {**written, **panel, "grafana_alert": inner, "keepFiringFor": self._keeps_for}


class Inputs:
    """The queries of one rule, each reduced to its last value."""

    def __init__(self, datasource: str) -> None:
        self._datasource = datasource
        self._triggers: list[Any] = []

    def read(self, expr: str, name: str = "") -> str:
        """Asks for `expr`; returns how conditions write its value. Named, annotations can show it by that name."""
        number = len(self._triggers) // 2 + 1
        asked, value = f"Q{number}", name or f"R{number}"
        self._triggers += [
            core.Target(refId=asked, expr=expr, instant=True, datasource=self._datasource),
            core.AlertExpression(
                refId=value,
                expression=asked,
                expressionType=core.EXP_TYPE_REDUCE,
                reduceFunction=core.EXP_REDUCER_FUNC_LAST,
            ),
        ]
        return f"${value}"

    def when(self, condition: str) -> list[Any]:
        """All of it, and the condition that the rule goes by."""
        math = core.AlertExpression(refId=CONDITION, expression=condition, expressionType=core.EXP_TYPE_MATH)
        return [*self._triggers, math]
