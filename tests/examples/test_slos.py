"""Laws of the example's SLO files."""

import pytest
import yaml

from fournines.examples.fintech_edge.bank import NAMES, SLOS
from fournines.examples.fintech_edge.services import SERVICES


def test_every_service_has_its_promises():
    """There is one file a service, and the services of the bank are those that can be started."""
    assert set(NAMES) == set(SERVICES) == {path.stem for path in SLOS.glob("*.yaml")}


@pytest.mark.parametrize("service", NAMES)
def test_a_service_promises_four_nines_and_a_quarter_second(service):
    """Availability 99.99 % and latency 99 % within 250 ms, both over 30 rolling days, with a runbook."""
    documents = {doc["metadata"]["name"]: doc for doc in yaml.safe_load_all((SLOS / f"{service}.yaml").read_text())}

    assert {f"{service}-availability", f"{service}-latency"} == set(documents)
    for doc in documents.values():
        assert ("openslo/v1", "SLO", service) == (doc["apiVersion"], doc["kind"], doc["spec"]["service"])
        assert [{"duration": "30d", "isRolling": True}] == doc["spec"]["timeWindow"]
        assert doc["metadata"]["annotations"]["fournines/runbook"].startswith("https://")
    assert 0.9999 == documents[f"{service}-availability"]["spec"]["objectives"][0]["target"]
    assert {"op": "lte", "value": 0.25, "target": 0.99}.items() <= documents[f"{service}-latency"]["spec"][
        "objectives"
    ][0].items()
