"""Sloth's files, its own form and the one for Kubernetes (https://sloth.dev/specs/default/v1/, https://sloth.dev/specs/kubernetes/v1/)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..burn import WORKBOOK, BurnRule, Severity
from ..queries import Queries
from ..slo import DEFAULT_WINDOW, SLO
from .keys import Keys, NotCarried
from .origin import SLOTH_ORIGIN, written_origin
from .promise import annotated, described, labelled, promise_of

_PLUGIN: Final = (
    "an SLI plugin makes its queries when Sloth runs it: write those that `sloth generate` puts into its rules"
)
_RULES: Final = "plugins change the rules that Sloth writes, which nobody needs here"
_NAME: Final = "alerts here have one name and say which SLO they are of"
_ROUTED: Final = "labels of one severity alone are not carried over: who is told is chosen by severity, SLO and service"


def sloth_slos(document: Keys) -> Iterator[SLO]:
    """The SLOs of a document. Their window is 30 d, which Sloth's files don't say."""
    document.pass_over("version", "apiVersion", "kind")
    kubernetes = "spec" in document
    spec = document.below("spec") if kubernetes else document
    service, labels = spec.text("service"), spec.texts("labels")
    for name in ("slo_plugins", "sloPlugins"):
        spec.leave(name, _RULES)
    if kubernetes:
        document.below("metadata").pass_over("name", "namespace")
    for each in spec.each("slos"):
        try:
            yield _slo(each, service, labels)
        except NotCarried:
            each.abandon()


def _slo(keys: Keys, service: str, labels: Mapping[str, str]) -> SLO:
    name, alerting = keys.text("name"), keys.below("alerting")
    keys.leave("plugins", _RULES)
    own = {**labels, **keys.texts("labels")}
    more, origin = {**own, **alerting.texts("labels")}, _origin(own, alerting)
    alerting.leave("name", _NAME)
    return promise_of(
        keys,
        f"{service}-{name}",
        service,
        keys.number("objective").scaleb(-2),
        DEFAULT_WINDOW,
        _queries(keys.below("sli")),
        display_name=name,
        description=described(keys, keys.text("description", default="")),
        labels=labelled(keys, more),
        annotations=annotated(keys, alerting.texts("annotations")) | origin,
        rules=_rules(alerting),
    )


def _origin(own: Mapping[str, str], alerting: Keys) -> dict[str, str]:
    """What Sloth's own rules are written with: the alerts' name, labels and annotations, and labels that those of alerts hide."""
    labels = alerting.texts("labels")
    said: dict[str, Any] = {
        "name": alerting.text("name", default=""),
        "labels": labels,
        "annotations": alerting.texts("annotations"),
        "own": {name: text for name, text in own.items() if labels.get(name, text) != text},
    }
    for severity in Severity:
        alert = alerting.plain(f"{severity.value}_alert", f"{severity.value}Alert")
        kept = {each: alert.get(each) for each in ("labels", "annotations")} if isinstance(alert, dict) else {}
        said[severity.value] = {each: texts for each, texts in kept.items() if isinstance(texts, dict) and texts}
    return written_origin(SLOTH_ORIGIN, said)


def _queries(sli: Keys) -> Queries:
    if "events" in sli:
        events = sli.below("events")
        bad, total = (events.verbatim(f"{each}_query", f"{each}Query") for each in ("error", "total"))
        return Queries(bad=bad, total=total)
    if "raw" in sli:
        share = sli.below("raw").verbatim("error_ratio_query", "errorRatioQuery")
        return Queries(raw=f"1 - ({share})")
    if "plugin" in sli:
        raise sli.refusal(_PLUGIN, "plugin")
    raise sli.refusal("needs `events` or `raw`")


def _rules(alerting: Keys) -> tuple[BurnRule, ...]:
    """The workbook's, which are Sloth's for 30 d, but those of a severity that is switched off."""
    told: set[Severity] = set()
    for severity in Severity:
        alert = alerting.below(f"{severity.value}_alert", f"{severity.value}Alert")
        if not alert.flag("disable", default=False):
            told.add(severity)
        alert.leave("labels", _ROUTED)
        alert.leave("annotations", _ROUTED.replace("labels", "annotations"))
    return tuple(rule for rule in WORKBOOK if rule.severity in told)
