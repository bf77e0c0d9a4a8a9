"""slo-generator's files, versions 1 and 2, as far as they ask Prometheus (https://github.com/google/slo-generator)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from ..queries import Queries
from ..slo import DEFAULT_WINDOW, SLO
from .keys import Keys, NotCarried
from .promise import described, labelled, promise_of

_NO_WINDOW: Final = f"says no window, as no file of slo-generator does: {DEFAULT_WINDOW} is taken"
_POLICY: Final = "is told by the SRE Workbook's pairs of windows, not by an error budget policy"
_EXPORTED: Final = "is nobody's here: what is evaluated stands on pages, in the API and at /metrics"
_ENGINE: Final = "stands in the collector's configuration, under `prometheus`"
_OPERATORS: Final = ["increase", "sum"]


def slo_generator_slos(document: Keys) -> Iterator[SLO]:
    """The SLO of a document, of either version."""
    try:
        yield _second(document) if "spec" in document else _first(document)
    except NotCarried:
        document.abandon()


def _second(document: Keys) -> SLO:
    document.pass_over("apiVersion", "kind")
    metadata, spec = document.below("metadata"), document.below("spec")
    name, labels = metadata.text("name"), metadata.texts("labels")
    backend = spec.text("backend")
    if backend.partition("/")[0].lower() != "prometheus":
        raise spec.refusal(
            f"numbers of the backend {backend!r} can't be asked for, only those of Prometheus", "backend"
        )
    spec.leave("exporters", _EXPORTED)
    spec.leave("error_budget_policy", _POLICY)
    spec.pass_over("frequency")
    queries = _queries(spec.below("service_level_indicator"), spec.text("method"))
    service = labels.pop("service_name", "") or labels.pop("service", "") or name
    return _promise(spec, name, service, "goal", "description", queries, labels)


def _first(document: Keys) -> SLO:
    backend = document.below("backend")
    kind = backend.text("class")
    if kind.lower() != "prometheus":
        raise backend.refusal(f"numbers of the backend {kind!r} can't be asked for, only those of Prometheus", "class")
    for name in ("url", "headers"):
        backend.leave(name, _ENGINE)
    document.leave("exporters", _EXPORTED)
    document.leave("error_budget_policy", _POLICY)
    service, feature = document.text("service_name"), document.text("feature_name")
    queries = _queries(backend.below("measurement"), backend.text("method"))
    name = "-".join((service, feature, document.text("slo_name")))
    return _promise(document, name, service, "slo_target", "slo_description", queries, {"feature": feature})


def _promise(
    keys: Keys, name: str, service: str, goal: str, description: str, queries: Queries, labels: Mapping[str, str]
) -> SLO:
    keys.remark(_NO_WINDOW)
    return promise_of(
        keys,
        name,
        service,
        keys.number(goal),
        DEFAULT_WINDOW,
        queries,
        description=described(keys, keys.text(description, default="")),
        labels=labelled(keys, labels),
    )


def _queries(keys: Keys, method: str) -> Queries:
    read = _METHODS.get(method)
    if read is None:
        raise keys.refusal(f"the method {method!r} is none of {', '.join(_METHODS)}")
    return read(keys)


def _share(keys: Keys) -> Queries:
    return Queries(raw=_windowed(keys.text("expression"), []))


def _ratio(keys: Keys) -> Queries:
    operators = keys.words("operators") or _OPERATORS
    good = _windowed(keys.text("filter_good"), operators)
    if "filter_valid" in keys:
        keys.pass_over("filter_bad")
        return Queries(good=good, total=_windowed(keys.text("filter_valid"), operators))
    bad = _windowed(keys.text("filter_bad"), operators)
    return Queries(good=good, total=f"(({good}) or vector(0)) + (({bad}) or vector(0))")


def _cut(keys: Keys) -> Queries:
    bucket, threshold = keys.text("expression"), keys.text("threshold_bucket")
    good = _with_boundary(bucket, threshold)
    total = bucket.replace("_bucket", "_count")
    return Queries(good=_windowed(good, _OPERATORS), total=_windowed(total, _OPERATORS))


_METHODS: Final[Mapping[str, Callable[[Keys], Queries]]] = {
    "good_bad_ratio": _ratio,
    "query_sli": _share,
    "distribution_cut": _cut,
}


def _windowed(text: str, operators: list[str]) -> str:
    """As slo-generator makes it: the window in place of `[window`, or behind everything; then the operators, the first innermost."""
    made = re.sub(r"\[window\b", "[{{.window}}", text)
    if made == text:
        made += "[{{.window}}]"
    for operator in operators:
        made = f"{operator}({made})"
    return made


def _with_boundary(selector: str, threshold: str) -> str:
    """The buckets up to a boundary, which clients write as `1` or as `1.0`."""
    le = f'le="{threshold}"' if "." in threshold else f'le=~"{threshold}|{threshold}[.]0"'
    inside, brace, behind = selector.rpartition("}")
    if not brace:
        return f"{selector}{{{le}}}"
    comma = "" if inside.rstrip().endswith(("{", ",")) else ", "
    return f"{inside}{comma}{le}}}{behind}"
