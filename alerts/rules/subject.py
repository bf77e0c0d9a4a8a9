"""Whom rules judge: one SLO by itself, or the groups of one, each by itself.

Nobody knows the values of groups when rules are written. Collectors say them by `slo_group_info`, and rules are joined on it: what is
computed of every SLO whose name begins as those of groups do is kept where it is a group, under the group's own name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...slo import SLO, metric_names
from ...slo.group import names_begin, value_labels
from .. import names
from ..links import slo_url
from . import go_template
from .identity import identity
from .promql import selector, string
from .re2 import any_of
from .rule_labels import label_names, own_labels

_REST: Final = r"[^\n]+"
"""Of a name. A dot would mean something else to Prometheus 3 than to 2."""
_REMEMBERED: Final = "5m"
"""As long as Prometheus looks back: no group is gone because a collector starts anew."""


@dataclass(frozen=True, slots=True)
class OneSlo:
    """An SLO by itself. Where it has groups these alert, and it is their sum."""

    slo: SLO

    @property
    def burns(self) -> bool:
        """Whether anybody is told that it burns."""
        return not self.slo.group_by

    @property
    def falls_silent(self) -> bool:
        """Whether somebody is told when nothing is known of it."""
        return True

    @property
    def prefix(self) -> str:
        """What the names of its groups of rules begin with."""
        return "fournines-slo"

    @property
    def known(self) -> list[dict[str, Any]]:
        """The records that the others are joined on."""
        return []

    @property
    def recorded(self) -> Mapping[str, str]:
        """The labels by which everything that is recorded of it is found."""
        return identity(self.slo)

    @property
    def own_labels(self) -> Mapping[str, str]:
        """The labels that the file gives it."""
        return own_labels(self.slo)

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels of its records."""
        return {**identity(self.slo), **self.own_labels}

    @property
    def on(self) -> str:
        """By which labels two sides are of the same."""
        return "on()"

    @property
    def text(self) -> go_template.Text:
        """How alerts speak of it."""
        return go_template.Text(go_template.literal(self.slo.name), self.recorded)

    def page(self, public_url: str) -> str:
        """The address of its page, as a template."""
        return go_template.literal(slo_url(public_url, self.slo.name))

    def exposed(self, metric: str, **more: str) -> str:
        """Selects what collectors expose of it."""
        return selector(metric, {names.LABEL_SLO: self.slo.name, **more})

    def copies(self, **more: str) -> str:
        """Selects the counters that are recorded again at longer steps."""
        return self.exposed(names.RECORD_EVENTS_COPY, **more)

    def shown(self, record: str) -> str:
        """What is recorded, under no other labels than people know it by."""
        return f"max({selector(record, self.recorded)})"

    def filled(self, expr: str, missing: str) -> str:
        """What is known of it, and a number where nothing is."""
        return f"{expr} or vector({missing})"

    def each(self, aggregation: str, expr: str) -> str:
        """Aggregates what `exposed` or `copies` selects."""
        return f"{aggregation}({expr})"

    def named(self, expr: str) -> str:
        """An expression as it is recorded."""
        return expr

    def always(self, number: str) -> str:
        """A number that does not change."""
        return f"vector({number})"


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of an SLO, each by itself, but for those whose place an SLO of the file takes: `taken` are the names of these."""

    slo: SLO
    taken: Collection[str] = ()

    @property
    def burns(self) -> bool:
        """Whether anybody is told that one burns."""
        return True

    @property
    def falls_silent(self) -> bool:
        """Their service is silent, and their sum says it."""
        return False

    @property
    def prefix(self) -> str:
        """What the names of their groups of rules begin with."""
        return "fournines-groups"

    @property
    def known(self) -> list[dict[str, Any]]:
        """Which groups there are, by the labels that their records have: one record each, or nothing could be joined on it."""
        found = f"max_over_time({selector(metric_names.GROUP_INFO, self.recorded, *self._free)}[{_REMEMBERED}])"
        for label, source in {names.SLOTH_SLO: names.LABEL_SLO, **self._values}.items():
            found = f"label_join({found}, {string(label)}, {string('')}, {string(source)})"
        called = string(f"{self.slo.service.replace('$', '$$')}-$1")
        found = f"label_replace({found}, {string(names.SLOTH_ID)}, {called}, {string(names.LABEL_SLO)}, {string(f'({_REST})')})"
        expr = f"topk by ({names.LABEL_SLO}) (1, max by ({', '.join((names.LABEL_SLO, *self._carried))}) ({found}))"
        return [{"record": names.RECORD_GROUPS, "expr": expr, "labels": dict(self.labels)}]

    @property
    def recorded(self) -> Mapping[str, str]:
        """The labels by which everything that is recorded of them is found."""
        return {metric_names.GROUP_OF: self.slo.name}

    @property
    def own_labels(self) -> Mapping[str, str]:
        """The labels that the file gives all of them: what is a value of one is no label of another."""
        return {label: value for label, value in own_labels(self.slo).items() if label not in self._values}

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels of all their records."""
        return {**self.recorded, names.SLOTH_SERVICE: self.slo.service, **self.own_labels}

    @property
    def on(self) -> str:
        """By which labels two sides are of the same."""
        return f"on ({names.LABEL_SLO})"

    @property
    def text(self) -> go_template.Text:
        """How alerts speak of the one that they are of."""
        return go_template.Text(go_template.LABELLED, self.recorded, of_one=True)

    def page(self, public_url: str) -> str:
        """The address of the page of one, as a template."""
        return go_template.literal(slo_url(public_url, "")) + go_template.IN_ADDRESS

    def exposed(self, metric: str, **more: str) -> str:
        """Selects what collectors expose of them, and of others whose names begin alike."""
        named = f"{names.LABEL_SLO}=~{string(any_of([names_begin(self.slo)]) + _REST)}"
        return selector(metric, more, named)

    def copies(self, **more: str) -> str:
        """Selects the counters that are recorded again at longer steps."""
        return selector(names.RECORD_EVENTS_COPY, {**self.recorded, **more})

    def shown(self, record: str) -> str:
        """What is recorded of each, under no other labels than people know it by."""
        return f"max by ({', '.join((names.LABEL_SLO, *self._values))}) ({selector(record, self.recorded)})"

    def filled(self, expr: str, missing: str) -> str:
        """What is known of each by `each` or `shown`, and a number where nothing is of one."""
        every = self.shown(names.RECORD_OBJECTIVE)
        return f"{expr} + {self.on} group_right () 0 * {every} or {missing} * {every}"

    def each(self, aggregation: str, expr: str) -> str:
        """Aggregates what `exposed` or `copies` selects, of each."""
        return f"{aggregation} by ({names.LABEL_SLO}) ({expr})"

    def named(self, expr: str) -> str:
        """An expression as it is recorded: of groups alone, and with their labels."""
        return f"{expr} * {self.on} group_left ({', '.join(self._carried)}) {self._info}"

    def always(self, number: str) -> str:
        """A number that is the same for each."""
        return f"{number} * {self._info}"

    @property
    def _info(self) -> str:
        return selector(names.RECORD_GROUPS, self.recorded)

    @property
    def _free(self) -> list[str]:
        """No group under a name that is taken: collectors go on saying it until all of them have read the file."""
        alike = [name for name in self.taken if name.startswith(names_begin(self.slo)) and name != self.slo.name]
        return [f"{names.LABEL_SLO}!~{string(any_of(alike))}"] if alike else []

    @property
    def _values(self) -> Mapping[str, str]:
        """The labels of the rules that say values, and those by which collectors say them."""
        called = label_names({*self.slo.labels, *self.slo.group_by})
        return {called[key]: label for key, label in value_labels(self.slo.group_by).items()}

    @property
    def _carried(self) -> tuple[str, ...]:
        return (names.SLOTH_ID, names.SLOTH_SLO, *self._values)


Judged = OneSlo | Groups
