"""The counts of all SLOs, whoever has them."""

import urllib.parse
from dataclasses import replace
from types import SimpleNamespace

import httpx
import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from fournines.collector.errors import Unreachable
from fournines.collector.promql.engine import Engine
from fournines.collector.promql.source import PromqlSource
from fournines.serving import Counts, engine_of
from fournines.settings import Prometheus
from fournines.slo import PROMQL, Evaluator, Interval, Queries, State, Window

NOW = 1_790_000_000.0
WINDOWS = [Window.parse("5m"), Window.parse("1h")]


@pytest.fixture
def asked(slo):
    """An SLO whose events are asked for in PromQL."""
    counted = slo("asked")
    queries = Queries(bad="errors_total", total="requests_total", counter=True)
    return replace(counted, sli=replace(counted.sli, signal=PROMQL, promql=queries))


class Answers(PromqlSource):
    """An engine's source that was answered 90 of 100 in each window."""

    def __init__(self):
        def handle(request):
            text = dict(urllib.parse.parse_qsl(request.content.decode()))["query"]
            if request.url.path.endswith("range"):
                return httpx.Response(200, json={"data": {"result": [{"metric": {}, "values": [[NOW - 60, "1"]]}]}})
            result = [
                {"metric": {"fournines_asked": str(mark)}, "value": [NOW, value]}
                for mark, each in enumerate(text.split("label_replace(")[1:])
                for value in [str(NOW) if "timestamp" in each else "10" if "errors" in each else "100"]
            ]
            return httpx.Response(200, json={"data": {"result": result}})

        super().__init__(Engine("http://engine", transport=httpx.MockTransport(handle)))


def test_without_an_engine_nothing_is_copied(opened, slo):
    """The ledger's observation is handed on as it is, and history and contributors too."""
    collector = opened(slo("first"))
    handed = []
    watched = SimpleNamespace(catalogue=collector.catalogue, observe=lambda *asked: handed.append(asked) or "as it is")

    assert "as it is" == Counts(watched, None).observe(["first"], WINDOWS, NOW)
    assert [(["first"], WINDOWS, NOW)] == handed
    assert ("", []) == (
        Counts(collector, None).trouble(),
        Counts(collector, None).history("first", Interval(0, 60), 10),
    )


def test_promql_without_an_engine_says_where_to_set_one(opened, slo, asked):
    """Its SLO has no data, with the reason; the other one's reason is its own."""
    collector = opened(slo("first"), asked)
    counts = Counts(collector, None)

    evaluation = Evaluator(collector.slos).at(counts, NOW)

    assert State.NO_DATA == evaluation.named("asked").state
    assert "prometheus: {url: ...}" in evaluation.named("asked").reason
    assert "was never heard" in evaluation.named("first").reason
    assert "prometheus: {url: ...}" in counts.trouble()


def test_one_observation_holds_the_rows_of_both(opened, slo, asked):
    """Each SLO's row is that of whoever counts it, in whatever order they are asked for."""
    collector = opened(slo("first"), asked, slo("last"))
    counts = Counts(collector, Answers())
    counts.refresh(NOW)

    names = ["last", "asked", "first"]
    seen, ledger = counts.observe(names, [WINDOWS[0]], NOW), collector.observe(names, [WINDOWS[0]], NOW)
    counts.close()

    assert [[0], [90], [0]] == seen.good.tolist()
    assert [[0], [100], [0]] == seen.total.tolist()
    assert np.isnan(seen.heard[[0, 2]]).all()
    assert NOW == seen.heard[1]
    assert ledger.since[[0, 2]].tolist() == seen.since[[0, 2]].tolist()
    assert [[0], [0], [0]] == ledger.total.tolist()


def test_what_others_count_is_asked_for_where_it_is_said_so(opened, slo, asked):
    """SLOs of files are then the engine's, all of them; those of services heard here stay the ledger's."""
    collector = opened(slo("first"), asked)
    engine = engine_of(Prometheus(url="http://engine", counted_elsewhere=True), CollectorRegistry())
    usual = engine_of(Prometheus(url="http://engine"), CollectorRegistry())

    assert {"first", "asked"} == engine.names(collector.slos)
    assert {"asked"} == usual.names(collector.slos)
    engine.close()
    usual.close()


def test_secrets_are_sent_and_not_shown():
    """A header's value is in no text made of the settings; questions are counted by what became of them."""
    registry = CollectorRegistry()
    settings = Prometheus(url="http://127.0.0.1:9", headers={"authorization": "Bearer s3cret"})
    engine = engine_of(settings, registry)
    with pytest.raises(Unreachable):
        engine._engine.at("1", NOW)
    engine.close()

    assert "s3cret" not in repr(settings)
    assert "Bearer s3cret" == engine._engine._http.headers["authorization"]
    assert 1 == registry.get_sample_value("fournines_promql_queries_total", {"result": "unreachable"})
