"""The Grafana rules that are no SLO's: a service that stopped reporting, and numbers that nobody brings any more.

While these fire, the rules of the SLOs keep the state they had: whoever can't be asked says neither that it burns nor that it is over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ....slo import SLO, Severity, metric_names
from ....slo.status import State
from ... import names
from ..promql import string
from ..re2 import any_of
from .rule import ALERTING, GrafanaRule, Inputs

NO_DATA_UID: Final = "fournines-no-data"
NOT_RECORDED_UID: Final = "fournines-not-recorded"


def watch_rules(slos: Sequence[SLO], datasource: str) -> Iterator[GrafanaRule]:
    """One alert a silent service, and one when not every SLO's ratios are recorded. Both page, and also where nobody answers."""
    yield _no_data(datasource)
    yield _not_recorded(slos, datasource)


def _no_data(datasource: str) -> GrafanaRule:
    """Only those that were ever heard can fall silent, and none is that one of several collectors hears."""
    state = f"{metric_names.STATE}{{state={string(State.NO_DATA.value)}}}"
    heard = f"clamp_max(sum by (slo) ({metric_names.EVENTS}), 1)"
    inputs = Inputs(datasource)
    silent = inputs.read(f"max by (service) (min by (slo, service) ({state}) * on (slo) group_left () {heard})")
    return _rule(
        NO_DATA_UID,
        "A service stopped reporting",
        inputs.when(f"{silent} > 0"),
        "{{ with .Labels.service }}{{ . }} stopped reporting{{ else }}The collector is not asked, or knows no SLO{{ end }}",
        "What nobody reports burns no budget that anybody could see. Where no service is named, nothing is known of any.",
    )


def _not_recorded(slos: Sequence[SLO], datasource: str) -> GrafanaRule:
    wanted = string(any_of({slo.name for slo in slos}))
    inputs = Inputs(datasource)
    recorded = inputs.read(f"count(count by (sloth_slo) ({names.RECORD_OBJECTIVE}{{{names.SLOTH_SLO}=~{wanted}}}))")
    return _rule(
        NOT_RECORDED_UID,
        "SLOs are not recorded",
        inputs.when(f"{recorded} < {len(slos)}"),
        f"Not all of {len(slos)} SLOs are recorded",
        "Prometheus does not evaluate the rules of `fournines build`, or an older version of them: nothing tells that these SLOs burn.",
    )


def _rule(uid: str, title: str, triggers: list[object], summary: str, description: str) -> GrafanaRule:
    return GrafanaRule(
        title=title,
        uid=uid,
        triggers=triggers,
        holds_for="2m",
        unknown=ALERTING,
        labels={names.LABEL_SEVERITY: Severity.PAGE.value},
        annotations={names.ANNOTATION_SUMMARY: summary, names.ANNOTATION_DESCRIPTION: description},
    )
