"""From settings to the data plane they ask for."""

import platform
from pathlib import Path

import pytest

from fournines.collector import Probe, Signal, Tls
from fournines.collector.plan import Plan, Reception, ToOtlp, ToStore, ToXray
from fournines.collector.prometheus import ScrapeJob
from fournines.collector.xray import SamplingRule
from fournines.serving import plan_of
from fournines.settings import Settings

HEADERS = {"authorization": "Bearer s3cret"}


def plan(**said) -> Plan:
    return plan_of(Settings.model_validate(said))


def test_what_nobody_says_is_the_data_planes_own():
    """Defaults stand in the settings and in the plan; they are the same."""
    assert Plan(Path("fournines-data"), Path("fournines-data/kernels")) == plan()


@pytest.mark.parametrize(
    ("forward", "outlet"),
    [
        ({"type": "otlp", "endpoint": "http://a/"}, ToOtlp("http://a/")),
        (
            {"type": "otlp", "endpoint": "http://a/", "protocol": "grpc", "signals": ["logs"], "headers": HEADERS}
            | {"redact": False, "compress": False, "parallel": 9, "queue_bytes": "2MiB"},
            ToOtlp("http://a/", True, HEADERS, frozenset({Signal.LOGS}), False, False, 9, 2 * 2**20),
        ),
        ({"type": "xray", "region": "r"}, ToXray("r")),
        (
            {
                "type": "xray",
                "region": "r",
                "endpoint": "http://a/",
                "redact": False,
                "timeout": 3,
                "queue_bytes": "2MiB",
            },
            ToXray("r", "http://a/", False, 3.0, 2 * 2**20),
        ),
        ({"type": "remote_write", "url": "http://a/"}, ToStore("http://a/", platform.node())),
        (
            {"type": "remote_write", "url": "http://a/", "collector": "c", "headers": HEADERS, "interval": "1m"}
            | {"queue_bytes": "2MiB"},
            ToStore("http://a/", "c", HEADERS, 60.0, 2 * 2**20),
        ),
    ],
)
def test_a_destination_gets_what_is_said_of_it(forward, outlet):
    """Every key arrives, secrets unmasked; a store is told this machine's name where no other is chosen."""
    assert (outlet,) == plan(forward=[forward]).outlets


def test_the_doors_are_as_said():
    """Addresses, bounds, tokens, certificates and rules."""
    tls = {"certificate": "a.pem", "key": "b.pem", "client_ca": "c.pem"}
    rule = {"name": "all", "rate": 0.5, "reservoir": 3, "priority": 7, "path": "/pay"}

    assert Reception(
        host="::1",
        http_port=1,
        grpc_port=2,
        socket=Path("s"),
        limit=2**20,
        tokens=("0123456789abcdef",),
        tls=Tls(Path("a.pem"), Path("b.pem"), Path("c.pem")),
        xray_port=0,
        xray_rules=(SamplingRule(name="all", rate=0.5, reservoir=3, priority=7, path="/pay"),),
    ) == (
        plan(
            host="::1",
            otlp={
                "http_port": 1,
                "grpc_port": 2,
                "socket": "s",
                "limit": "1MiB",
                "tokens": ["0123456789abcdef"],
                "tls": tls,
            },
            xray={"port": 0, "rules": [rule]},
        ).reception
    )


def test_what_is_asked_by_ourselves_is_asked_as_said():
    """Scrapes and probes with all their keys, their headers unmasked."""
    scrape = {"job": "a", "targets": ("b:1",), "files": ("c",), "interval": 2.0, "timeout": 1.0, "path": "/m"}
    scrape |= {"scheme": "https", "headers": HEADERS, "verify": False}
    probe = {"service": "a", "url": "http://a/", "interval": 2.0, "timeout": 1.0, "method": "HEAD", "contains": "x"}
    probe |= {"matches": "y", "headers": HEADERS, "verify": False}
    found = plan(scrape=[scrape], probes=[probe | {"expect": 204}], data="d", kernels="k")

    assert (ScrapeJob(**scrape),) == found.scrapes
    assert (Probe(**probe, expect=((204, 204),)),) == found.probes
    assert HEADERS == found.scrapes[0].headers == found.probes[0].headers
    assert (Path("d"), Path("k")) == (found.data, found.kernels)


def test_traces_are_kept_as_long_as_said():
    """Days become seconds."""
    found = plan(traces={"traces": 5, "bytes": "1MiB", "days": 0.5, "share": 0.25})

    assert ((5, 2**20, 43_200.0), 0.25) == (tuple(found.traces), found.share)
