"""What services declare of themselves."""

import pytest

from fournines.collector.registry.catalogue import Catalogue
from fournines.collector.registry.declarations import Declaration
from fournines.slo import Origin


@pytest.fixture
def sources(sources, slo):
    """Two services declare an SLO each; a file has the first one's too."""
    declared = {
        name: Declaration(slo(name, service, origin=Origin.DECLARED), version="7", since=0.0, ways=1)
        for name, service in (("pay-quick", "pay"), ("shop-quick", "shop"))
    }
    filed = slo("pay-quick", "pay", origin=Origin.FILE)
    sources.catalogue = Catalogue(1, (filed, declared["shop-quick"].slo), {}, frozenset(), declared)
    return sources


def test_a_declaration_says_who_since_when_and_whether_a_file_has_it_too(ask):
    """All of it, and of each the file that it would be."""
    first, second = ask("/api/v1/declarations").json()["declarations"]

    assert first.pop("openslo").startswith("apiVersion: openslo/v1")
    assert {
        "name": "pay-quick",
        "service": "pay",
        "version": "7",
        "since": "1970-01-01T00:00:00Z",
        "ways": 1,
        "replaced_by_file": True,
    } == first
    assert ("shop-quick", False) == (second["name"], second["replaced_by_file"])


@pytest.mark.parametrize(("service", "names"), [("shop", ["shop-quick"]), ("nobody", []), ("", [])])
def test_one_services_declarations(ask, service, names):
    """Nobody is told of other services' promises than the one asked for."""
    answer = ask(f"/api/v1/declarations?service={service}").json()

    assert names == [one["name"] for one in answer["declarations"]]
