"""SLOs written down as OpenSLO v1: what `load_slos` reads as the same promise again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import yaml

from .. import annotations as known
from ..burn import BurnRule
from ..calendar_window import CalendarWindow, TimeWindow
from ..composite import Composite, Rule
from ..correction import Correction
from ..errors import InvalidValue
from ..queries import Queries
from ..sli import SLI, Condition, SLIKind, SpanKind
from ..slices import Slices
from ..slo import MAX_GROUPS, SLO, NoData
from .declare import usual_rules
from .event_specs import FIXED_KINDS
from .metric_source import SOURCE_TYPE
from .objects import API_VERSION
from .shape import NAME
from .yaml_reader import looks_like_number

_QUERY_TYPE: Final = "prometheus"
_UNSAID: Final[Any] = next(field.default for field in fields(SLO) if field.name == "min_bad_events")
"""The guard that SLOs have of which none is said."""


def write_openslo(slos: Sequence[SLO]) -> str:
    """The SLOs as one YAML text, a document each. Raises `InvalidValue` for a name that no file can hold."""
    return "---\n".join(map(_dumped, [*map(_object, slos), *_data_sources(slos)]))


def _dumped(value: Any) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=140)


def _data_sources(slos: Sequence[SLO]) -> Iterator[dict[str, Any]]:
    """What queries name as the engine to ask."""
    for name in dict.fromkeys(slo.sli.promql.source for slo in slos if slo.sli.promql and slo.sli.promql.source):
        yield {
            "apiVersion": API_VERSION,
            "kind": "DataSource",
            "metadata": {"name": name},
            "spec": {"type": _QUERY_TYPE},
        }


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
        "timeWindow": [_window(slo.window)],
        "budgetingMethod": slo.method.value,
        "objectives": [_objective(slo)],
    }
    return {"apiVersion": API_VERSION, "kind": "SLO", "metadata": _filled(metadata), "spec": _filled(spec)}


def _settings(slo: SLO) -> dict[str, str]:
    """Our annotations, where they say something else than what holds without them."""
    plain = replace(slo, min_bad_events=_UNSAID)
    settings = {
        known.BURN_RULES: "; ".join(map(_rule, slo.rules)) or "none" if slo.rules != usual_rules(slo.slices) else "",
        known.MIN_BAD_EVENTS_KEY: str(slo.min_bad_events) if slo.min_bad_events != plain.min_bad_events else "",
        known.NO_DATA: slo.no_data.value if slo.no_data is not NoData.IGNORE else "",
        known.WINDOWS: ", ".join(map(_further, slo.more_windows)),
        known.DEPENDS_ON: ", ".join(slo.depends_on),
        known.GROUP_BY: ", ".join(slo.group_by),
        known.MAX_GROUPS_KEY: str(slo.max_groups) if slo.max_groups != MAX_GROUPS else "",
        known.CORRECTIONS: _dumped(list(map(_correction, slo.corrections))) if slo.corrections else "",
    }
    return {key: text for key, text in settings.items() if text}


def _rule(rule: BurnRule) -> str:
    percent = rule.budget_share * 100
    if round(percent, 6) != percent:
        raise InvalidValue(f"no file can hold a burn rule of so fine a share of the budget: {float(percent)}%")
    share = _exact(percent)
    return f"{rule.severity.value} {share.normalize():f}% {rule.long} {rule.short}"


def _further(window: TimeWindow) -> str:
    text = f"{window} {window.zone}" if isinstance(window, CalendarWindow) and window.zone != "UTC" else str(window)
    if (window,) != known.parse_windows(text):
        raise InvalidValue(f"no file can hold a further window of {window} that starts in the middle of a calendar's")
    return text


def _correction(correction: Correction) -> dict[str, Any]:
    end = correction.start + correction.seconds
    first, last = (f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}" for moment in (correction.start, end))
    said = {"rrule": correction.rule, "zone": correction.zone, "reason": correction.reason, "author": correction.author}
    return _filled({"start": first, "end": last, **said})


def _window(window: TimeWindow) -> dict[str, Any]:
    text = str(window)
    if isinstance(window, CalendarWindow):
        calendar = {"startTime": f"{window.start:%Y-%m-%d %H:%M:%S}", "timeZone": window.zone}
        return {"duration": text, "isRolling": False, "calendar": calendar}
    return {"duration": _duration(text), "isRolling": True}


def _duration(text: str) -> str:
    if text.endswith("s"):
        raise InvalidValue(f"no file can hold a duration of {text}: its shortest unit is the minute")
    return text


def _indicator(slo: SLO) -> dict[str, Any]:
    sli = slo.sli
    if sli.promql is not None:
        return {"ratioMetric": _asked(sli.promql)}
    if sli.composite is not None:
        return {"ratioMetric": {"rawType": "success", "raw": _combined(sli.composite)}}
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


def _asked(queries: Queries) -> dict[str, Any]:
    source = {"type": _QUERY_TYPE} | ({"metricSourceRef": queries.source} if queries.source else {})
    texts = {name: getattr(queries, name) for name in ("good", "bad", "total", "raw")}
    asked = {name: {"metricSource": {**source, "spec": {"query": text}}} for name, text in texts.items() if text}
    return {"rawType": "success", **asked} if queries.raw else {"counter": queries.counter, **asked}


def _combined(composite: Composite) -> dict[str, Any]:
    if composite.strictest is not None:
        raise InvalidValue("no file can hold what is weighed by objectives but the object that has these objectives")
    members = [
        {"slo": member.name} | ({"weight": _exact(member.weight)} if composite.rule is Rule.WEIGHTED else {})
        for member in composite.members
    ]
    spec = {"signal": "slos", "rule": composite.rule.value, "of": members}
    return {"metricSource": {"type": SOURCE_TYPE, "spec": spec}}


def _exact(number: Fraction) -> Decimal:
    return Decimal(number.numerator) / Decimal(number.denominator)


def _listed(key: str, conditions: Sequence[Condition]) -> dict[str, Any]:
    return {key: [str(one) for one in conditions]} if conditions else {}


def _source(sli: SLI, more: dict[str, Any]) -> dict[str, Any]:
    return {"metricSource": {"type": SOURCE_TYPE, "spec": {"signal": sli.signal, **more}}}


def _objective(slo: SLO) -> dict[str, Any]:
    threshold: dict[str, Any] = {} if slo.sli.threshold is None else {"op": "lte", "value": slo.sli.threshold}
    return {**threshold, "target": slo.objective.target, **_slices(slo.slices)}


def _slices(slices: Slices | None) -> dict[str, Any]:
    if slices is None:
        return {}
    target = {} if slices.target is None else {"timeSliceTarget": slices.target}
    return {**target, "timeSliceWindow": _duration(str(slices.window))}


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in ("", {})}
