"""Sloth's files, its own form and the one for Kubernetes (https://sloth.dev/specs/default/v1/, https://sloth.dev/specs/kubernetes/v1/)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from ..burn import WORKBOOK, BurnRule, Severity
from ..queries import Queries
from ..slo import DEFAULT_WINDOW, SLO
from .keys import Keys, NotCarried, raw_texts
from .origin import SLOTH_ORIGIN, written_origin
from .promise import annotated, described, labelled, promise_of

_PLUGIN: Final = (
    "an SLI plugin makes its queries when Sloth runs it: write those that `sloth generate` puts into its rules"
)
_RULES: Final = "plugins change the rules that Sloth writes, which nobody needs here"
_CHANGE_NOTHING: Final = frozenset(f"sloth.dev/core/{name}/v1" for name in ("debug", "noop", "validate"))
_PLAIN: Final = re.compile("[a-zA-Z_][a-zA-Z0-9_]*")
"""Names of labels that are the same in a file and in Prometheus."""

_NAME: Final = "alerts here have one name and say which SLO they are of"
_ROUTED: Final = "labels of one severity alone are not carried over: who is told is chosen by severity, SLO and service"


class _File(NamedTuple):
    """What a file says of all its SLOs; `origin` is what only Sloth's own rules are written with."""

    service: str
    labels: Mapping[str, str]
    raw_labels: Mapping[str, str]
    origin: Mapping[str, Any]
    plugins: Sequence[str]


def sloth_slos(document: Keys) -> Iterator[SLO]:
    """The SLOs of a document. Their window is 30 d, which Sloth's files don't say."""
    document.pass_over("version", "apiVersion", "kind")
    kubernetes = "spec" in document
    spec = document.below("spec") if kubernetes else document
    origin = {"kubernetes": _kubernetes(document.below("metadata"))} if kubernetes else {}
    plugins = _plugins(spec, "slo_plugins", "sloPlugins")
    file = _File(spec.text("service"), spec.texts("labels"), raw_texts(spec.plain("labels")), origin, plugins)
    for each in spec.each("slos"):
        try:
            yield _slo(each, file)
        except NotCarried:
            each.abandon()


def _kubernetes(metadata: Keys) -> dict[str, Any]:
    """What the object of the rules takes over from the one of the SLOs; its name is there in any case."""
    more = {
        "namespace": metadata.text("namespace", default=""),
        **{each: raw_texts(metadata.peek(each)) for each in ("labels", "annotations")},
    }
    return {"name": metadata.text("name", default=""), **{name: said for name, said in more.items() if said}}


def _plugins(keys: Keys, *names: str) -> list[str]:
    """The plugins that change the rules; that they do is said."""
    found: Any = None
    for name in names:
        found = keys.peek(name) or found
        keys.leave(name, _RULES)
    chain = found.get("chain") if isinstance(found, dict) else None
    ids = [str(each.get("id")) for each in chain if isinstance(each, dict)] if isinstance(chain, list) else []
    replaces = isinstance(found, dict) and found.get("overridePrevious") is True
    return [each for each in ids if replaces or each not in _CHANGE_NOTHING]


def _slo(keys: Keys, file: _File) -> SLO:
    name, alerting = keys.text("name"), keys.below("alerting")
    plugins = [*file.plugins, *_plugins(keys, "plugins")]
    description = described(keys, keys.text("description", default=""))
    own = {**file.labels, **keys.texts("labels")}
    labels = labelled(keys, {**own, **alerting.texts("labels")})
    written = {**file.raw_labels, **raw_texts(keys.plain("labels"))}
    origin = {**file.origin, "plugins": plugins, **_origin(written, labels, alerting)}
    alerting.leave("name", _NAME)
    return promise_of(
        keys,
        f"{file.service}-{name}",
        file.service,
        keys.number("objective").scaleb(-2),
        DEFAULT_WINDOW,
        _queries(keys.below("sli")),
        display_name=name,
        description=description,
        labels=labels,
        annotations=annotated(keys, alerting.texts("annotations")) | written_origin(SLOTH_ORIGIN, origin),
        rules=_rules(alerting),
    )


def _origin(own: Mapping[str, str], carried: Mapping[str, str], alerting: Keys) -> dict[str, Any]:
    """What Sloth's own rules are written with: the alerts' name, labels and annotations, and labels that the SLO's own don't tell."""
    labels = raw_texts(alerting.plain("labels"))
    said: dict[str, Any] = {
        "name": alerting.text("name", default=""),
        "labels": labels,
        "annotations": raw_texts(alerting.plain("annotations")),
        "own": {
            name: text
            for name, text in own.items()
            if name in labels or carried.get(name) != text or not _PLAIN.fullmatch(name)
        },
    }
    for severity in Severity:
        alert = alerting.plain(f"{severity.value}_alert", f"{severity.value}Alert")
        kept = (
            {each: raw_texts(alert.get(each)) for each in ("labels", "annotations")} if isinstance(alert, dict) else {}
        )
        said[severity.value] = {each: texts for each, texts in kept.items() if texts}
    return said


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
