"""SLOs written down as OpenSLO v1: what `load_slos` reads as the same promise again."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import yaml

from ..annotations import BURN_RULES, MIN_BAD_EVENTS_KEY, NO_DATA
from ..burn import WORKBOOK, BurnRule
from ..errors import InvalidValue
from ..sli import SLI, Condition, SLIKind, SpanKind
from ..slo import MIN_BAD_EVENTS, SLO, NoData
from .metric_source import FIXED_KINDS, SOURCE_TYPE
from .objects import API_VERSION
from .shape import NAME
from .yaml_reader import looks_like_number


def write_openslo(slos: Sequence[SLO]) -> str:
    """The SLOs as one YAML text, a document each. Raises `InvalidValue` for a name that no file can hold."""
    return "---\n".join(
        yaml.dump(_object(slo), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=140) for slo in slos
    )


class _Dumper(yaml.SafeDumper):
    """Numbers as they are, and no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _decimal(dumper: yaml.SafeDumper, number: Decimal) -> yaml.Node:
    text = format(number, "f")
    kind = "float" if "." in text else "int"  # else it would have to be said before each whole number
    return dumper.represent_scalar(f"tag:yaml.org,2002:{kind}", text)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="'" if looks_like_number(text) else None)


_Dumper.add_representer(Decimal, _decimal)
_Dumper.add_representer(str, _text)


def _object(slo: SLO) -> dict[str, Any]:
    if not NAME.fullmatch(slo.name):
        raise InvalidValue(
            f"{slo.name!r} is no name that a file can hold: up to 63 of a-z, 0-9 and -, with a letter or digit at both ends"
        )
    metadata = {
        "name": slo.name,
        "displayName": slo.display_name,
        "labels": dict(slo.labels),
        "annotations": {**slo.annotations, **_settings(slo)},
    }
    spec = {
        "description": slo.description,
        "service": slo.service,
        "indicator": {"metadata": {"name": slo.name}, "spec": _indicator(slo)},
        "timeWindow": [{"duration": _duration(slo), "isRolling": True}],
        "budgetingMethod": slo.method.value,
        "objectives": [_objective(slo)],
    }
    return {"apiVersion": API_VERSION, "kind": "SLO", "metadata": _filled(metadata), "spec": _filled(spec)}


def _settings(slo: SLO) -> dict[str, str]:
    """Our annotations, where they say something else than what holds without them."""
    settings = {}
    if slo.rules != WORKBOOK:
        settings[BURN_RULES] = "; ".join(map(_rule, slo.rules)) or "none"
    if slo.min_bad_events != MIN_BAD_EVENTS:
        settings[MIN_BAD_EVENTS_KEY] = str(slo.min_bad_events)
    if slo.no_data is not NoData.IGNORE:
        settings[NO_DATA] = slo.no_data.value
    return settings


def _rule(rule: BurnRule) -> str:
    percent = rule.budget_share * 100
    share = Decimal(percent.numerator) / Decimal(percent.denominator)
    return f"{rule.severity.value} {share.normalize():f}% {rule.long} {rule.short}"


def _duration(slo: SLO) -> str:
    text = str(slo.window)
    if text.endswith("s"):
        raise InvalidValue(f"no file can hold a window of {text}: its shortest unit is the minute")
    return text


def _indicator(slo: SLO) -> dict[str, Any]:
    sli = slo.sli
    more: dict[str, Any] = {}
    if sli.span_kind is not FIXED_KINDS.get(sli.signal, SpanKind.SERVER):
        more["kind"] = sli.span_kind.name.lower()
    if slo.provider or sli.span_kind is SpanKind.CLIENT:
        more["service"] = sli.service
    total = _source(sli, more | _listed("where", sli.where))
    if sli.kind is SLIKind.LATENCY:
        return {"thresholdMetric": total}
    name, conditions = ("bad", sli.bad) if sli.bad else ("good", sli.good)
    part = _source(sli, _listed("conditions", conditions))
    return {"ratioMetric": {"counter": True, name: part, "total": total}}


def _listed(key: str, conditions: Sequence[Condition]) -> dict[str, Any]:
    return {key: [str(one) for one in conditions]} if conditions else {}


def _source(sli: SLI, more: dict[str, Any]) -> dict[str, Any]:
    return {"metricSource": {"type": SOURCE_TYPE, "spec": {"signal": sli.signal, **more}}}


def _objective(slo: SLO) -> dict[str, Any]:
    target = {"target": slo.objective.target}
    return target if slo.sli.threshold is None else {"op": "lte", "value": slo.sli.threshold, **target}


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in ("", {})}
