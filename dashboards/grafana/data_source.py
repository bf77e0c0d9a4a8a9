"""The data source that dashboards ask: the Prometheus that scrapes collector and services, and where its exemplars lead."""

from __future__ import annotations

from typing import Any, Final

from .surroundings import Surroundings, TraceStore

DATASOURCE_UID: Final = "prometheus"
EXAMPLE_URL: Final = "http://127.0.0.1:9090"

_HEADER: Final = """\
# An example: the Prometheus that scrapes the collector's and the services' /metrics. Any Prometheus-compatible engine will do.
# Exemplars are kept by a Prometheus that was started with --enable-feature=exemplar-storage.
"""


def data_source(around: Surroundings, url: str = EXAMPLE_URL, uid: str = DATASOURCE_UID) -> dict[str, Any]:
    """The data source as Grafana's HTTP API has it. Its exemplars lead to who keeps traces."""
    return {
        "name": "Prometheus" if uid == DATASOURCE_UID else uid,
        "type": "prometheus",
        "uid": uid,
        "access": "proxy",
        "url": url,
        "isDefault": False,
        "jsonData": {"timeInterval": "15s", "exemplarTraceIdDestinations": [_destination(around)]},
    }


def data_source_file(around: Surroundings) -> str:
    """The example as a file of Grafana's provisioning, where `$$` stands for a dollar sign."""
    import yaml

    source = data_source(around) | {"isDefault": True}
    document = {"apiVersion": 1, "datasources": [source]}
    return _HEADER + str(yaml.safe_dump(document, sort_keys=False, width=10_000)).replace("$", "$$")


def _destination(around: Surroundings) -> dict[str, str]:
    """X-Ray writes ids in another way, which no link can put them in: there exemplars lead to our own pages, too."""
    if around.traces in (TraceStore.OWN, TraceStore.XRAY):
        return {"name": "trace_id", "url": f"{around.pages}/traces/${{__value.raw}}", "urlDisplayLabel": "Kept trace"}
    return {"name": "trace_id", "datasourceUid": around.trace_source}
