"""Pyrra's objects (https://github.com/pyrra-dev/pyrra, `ServiceLevelObjective` of pyrra.dev/v1alpha1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from ..burn import BurnRule
from ..errors import InvalidValue
from ..queries import Queries
from ..slo import SLO
from ..window import Window
from .keys import Keys, NotCarried, raw_texts
from .origin import PYRRA_ORIGIN, written_origin
from .promise import annotated, described, labelled, promise_of
from .pyrra_tiers import PYRRA_TIERS

_PREFIX: Final = "pyrra.dev/"
_SELECTOR: Final = re.compile(r"\s*([a-zA-Z_:][\w:]*)?\s*(\{.*\})?\s*((?:offset|@)\s.*)?", re.DOTALL)
_SERVICE: Final = re.compile(r'\b(?:service|job|service_name)\s*=\s*"([^"\\]+)"')
_SECONDS: Final = {"ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3600)}
_DURATION: Final = re.compile(r"([0-9]{1,12})(ms|s|m|h)")

_GROUPED: Final = "events are counted over all groups together, not once for each"
_DYNAMIC: Final = "burn rates are held against Pyrra's static factors, whatever the traffic"
_NAMED: Final = "alerts here have one name and say which SLO they are of"
_EXACT: Final = "the whole window is counted, which costs nothing more here"
_TWO: Final = "of errors, success and total Pyrra takes two: success and total are read"
_ABSENT: Final = "the silence of a service is always told"


class _Selector(NamedTuple):
    """Series, and the modifiers behind them."""

    series: str
    modifiers: str

    def over_window(self) -> str:
        """As a range of the window asked for."""
        return f"{self.series}[{{{{.window}}}}]" + (f" {self.modifiers}" if self.modifiers else "")

    def __str__(self) -> str:
        return " ".join(filter(None, self))


def pyrra_slos(document: Keys) -> Iterator[SLO]:
    """The SLO of a document."""
    document.pass_over("apiVersion", "kind", "status")
    try:
        yield _slo(document)
    except NotCarried:
        document.abandon()


def _slo(document: Keys) -> SLO:
    metadata, spec = document.below("metadata"), document.below("spec")
    name, labels = metadata.text("name"), _own(metadata, "labels")
    annotations = _own(metadata, "annotations")
    origin = _origin(name, _raw(metadata, "labels"), _raw(metadata, "annotations"), spec)
    metadata.pass_over("namespace")
    spec.leave("partial_response_strategy", "is Thanos' own")
    window = _window(spec)
    queries = _queries(spec.below("indicator"))
    return promise_of(
        spec,
        name,
        labels.pop("service", "") or _service(spec, name, queries),
        spec.number("target").scaleb(-2),
        window,
        queries,
        description=described(spec, spec.text("description", default="")),
        labels=labelled(metadata, labels),
        annotations=annotated(metadata, annotations) | origin,
        rules=_rules(spec.below("alerting"), window),
    )


def _origin(name: str, labels: Mapping[str, str], annotations: Mapping[str, str], spec: Keys) -> dict[str, str]:
    """What Pyrra's own rules are written with: the object's name and labels, its grouping, how it alerts and how exactly it counts."""
    indicators = spec.plain("indicator")
    of_kinds = indicators.values() if isinstance(indicators, dict) else ()
    grouping: Any = next((each["grouping"] for each in of_kinds if isinstance(each, dict) and "grouping" in each), [])
    of_ratio = indicators.get("ratio") if isinstance(indicators, dict) else None
    said = {
        "name": name,
        "labels": dict(labels),
        "annotations": dict(annotations),
        "grouping": grouping,
        "alerting": spec.plain("alerting"),
        "fast": spec.plain("performanceOverAccuracy"),
        "success": isinstance(of_ratio, dict) and "success" in of_ratio,
    }
    spec.leave("performanceOverAccuracy", _EXACT)
    return written_origin(PYRRA_ORIGIN, said)


def _own(metadata: Keys, name: str) -> dict[str, str]:
    """Labels or annotations that Pyrra carries on; the others are Kubernetes'."""
    said = metadata.texts(name)
    if any(not key.startswith(_PREFIX) for key in said):
        metadata.remark(f"only what begins with {_PREFIX} is carried over", name)
    return {key.removeprefix(_PREFIX): text for key, text in said.items() if key.startswith(_PREFIX)}


def _raw(metadata: Keys, name: str) -> dict[str, str]:
    """The same to the letter."""
    said = raw_texts(metadata.peek(name))
    return {key.removeprefix(_PREFIX): text for key, text in said.items() if key.startswith(_PREFIX)}


def _service(spec: Keys, name: str, queries: Queries) -> str:
    """Pyrra knows no services: the one that the total's selector names, else a name of its own."""
    found = _SERVICE.search(queries.total)
    service = found[1] if found else name
    spec.remark(f"names no service: {service!r} is taken; say another with the label {_PREFIX}service")
    return service


def _window(spec: Keys) -> Window:
    try:
        return Window.parse(spec.text("window"))
    except InvalidValue as error:
        raise spec.refusal(str(error), "window") from None


def _rules(alerting: Keys, window: Window) -> tuple[BurnRule, ...]:
    """Pyrra's four, which hold at once here; none where it alerts nobody."""
    for key in ("name", "absentName"):
        alerting.leave(key, _NAMED)
    if not alerting.flag("absent", default=True):
        alerting.remark(_ABSENT, "absent")
    if alerting.text("burnRateType", default="static") == "dynamic":
        alerting.remark(_DYNAMIC, "burnRateType")
    disabled = alerting.flag("disabled", default=False)
    alerts = alerting.flag("burnrates", default=True) and not disabled
    try:
        return tuple(tier.rule(window) for tier in PYRRA_TIERS) if alerts else ()
    except InvalidValue as error:
        raise alerting.refusal(
            f"Pyrra's alerts don't fit into {window}, with `disabled: true` there are none: {error}"
        ) from None


def _queries(indicator: Keys) -> Queries:
    for kind, read in _KINDS.items():
        if kind in indicator:
            found = indicator.below(kind)
            if found.words("grouping"):
                found.remark(_GROUPED, "grouping")
            return read(found)
    raise indicator.refusal(f"needs one of {', '.join(_KINDS)}")


def _ratio(keys: Keys) -> Queries:
    """Of errors, success and total any two; what is all is counted by both where no total is named."""
    if "success" not in keys:
        return Queries(bad=str(_metric(keys.below("errors"))), total=str(_metric(keys.below("total"))), counter=True)
    if "total" in keys:
        keys.leave("errors", _TWO)
        return Queries(good=str(_metric(keys.below("success"))), total=str(_metric(keys.below("total"))), counter=True)
    bad, good = (f"sum(increase({_metric(keys.below(each)).over_window()}))" for each in ("errors", "success"))
    return Queries(bad=bad, total=f"{bad} + {good}")


def _latency(keys: Keys) -> Queries:
    return Queries(good=str(_metric(keys.below("success"))), total=str(_metric(keys.below("total"))), counter=True)


def _native(keys: Keys) -> Queries:
    histogram = f"sum(increase({_metric(keys.below('total')).over_window()}))"
    seconds = _seconds(keys)
    return Queries(
        good=f"histogram_fraction(0, {seconds}, {histogram}) * histogram_count({histogram})",
        total=f"histogram_count({histogram})",
    )


def _gauge(keys: Keys) -> Queries:
    samples = _metric(keys).over_window()
    return Queries(good=f"sum(sum_over_time({samples}))", total=f"sum(count_over_time({samples}))")


def _metric(keys: Keys) -> _Selector:
    text = keys.text("metric")
    match = _SELECTOR.fullmatch(text)
    if match is None or not (match[1] or match[2]):
        raise keys.refusal(f'{text!r} selects no series: write metric{{label="value"}}', "metric")
    return _Selector(f"{match[1] or ''}{match[2] or ''}", (match[3] or "").strip())


def _seconds(keys: Keys) -> str:
    text = keys.text("latency")
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise keys.refusal(f"{text!r} is no duration; write 200ms", "latency")
    seconds = sum((int(number) * _SECONDS[unit] for number, unit in parts), Decimal(0))
    if not seconds:
        raise keys.refusal("within no time nothing is answered; write 200ms", "latency")
    return format(seconds.normalize(), "f")


_KINDS: Final[Mapping[str, Callable[[Keys], Queries]]] = {
    "ratio": _ratio,
    "latency": _latency,
    "latencyNative": _native,
    "bool_gauge": _gauge,
}
