"""Probes: what is asked from outside becomes events of the service, and the collector's own trouble does not."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from fournines.collector.errors import Unavailable
from fournines.collector.probes.check import Checked
from fournines.collector.probes.probe import Probe
from fournines.collector.probes.prober import Prober
from fournines.collector.probes.spans import probe_request


class _Handler(BaseHTTPRequestHandler):
    """Answers as the path says: /503, /slow, anything else is 200 with `all is well`."""

    def do_GET(self) -> None:
        if self.path == "/slow":
            time.sleep(0.5)
        status = int(self.path[1:]) if self.path[1:].isdigit() else 200
        self.send_response(status)
        self.send_header("Content-Length", "11")
        self.end_headers()
        self.wfile.write(b"all is well")

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(context: ssl.SSLContext | None = None):
    """A web server's address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def probing(opened, slo, now):
    """Makes probes once each before a collector with an SLO of probes; gives what they found, the SLO's counts, and the metrics."""

    def probe_all(*probes):
        collector = opened([slo("outside", signal="probe")])
        clock = iter(range(10**6))

        async def run():
            prober = Prober(probes, collector.accept, collector.counters, lambda: now + next(clock) / 1000)
            return [await prober.probe(probe) for probe in probes]

        found = asyncio.run(run())
        return found, collector.totals()["outside"][:2], collector

    return probe_all


def test_an_answer_as_expected_is_good_and_another_is_bad(probing):
    """Status and body, each with its word; each result one event of the service."""
    with served() as address:
        url = f"http://{address}"
        found, counts, collector = probing(
            Probe("payments", f"{url}/healthz"),
            Probe("payments", f"{url}/healthz", contains="well", matches="^all .* well$"),
            Probe("payments", f"{url}/401", expect=((200, 204), (401, 401))),
            Probe("payments", f"{url}/503"),
            Probe("payments", f"{url}/404"),
            Probe("payments", f"{url}/", contains="not there"),
            Probe("payments", f"{url}/slow", timeout=0.1),
        )

    assert ["", "", "", "status", "status", "body", "timeout"] == [checked.error for checked in found]
    assert [200, 200, 401, 503, 404, 200, None] == [checked.status for checked in found]
    assert (3, 7) == counts
    value = collector.counters.registry.get_sample_value
    assert 0 == value("fournines_probe_up", {"service": "payments", "probe": f"{url}/503"})


def test_a_probe_is_no_sign_of_life_and_brings_no_slo(probing):
    """Whom nobody promised anything gets no automatic SLO from being asked, and silence stays silence."""
    with served() as address:
        _, _, collector = probing(Probe("somebody", f"http://{address}/"))

    assert ["outside"] == [slo.name for slo in collector.slos]


def test_ports_are_probed_too(probing, free_port):
    """Open is good, closed is bad, and a name nobody has is bad."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        found, counts, _ = probing(
            Probe("payments", f"tcp://127.0.0.1:{listening.getsockname()[1]}"),
            Probe("payments", f"tcp://127.0.0.1:{free_port()}"),
        )

    assert ["", "connection"] == [checked.error for checked in found]
    assert (1, 2) == counts


@pytest.mark.parametrize("code", [socket.EAI_AGAIN, socket.EAI_NONAME])
def test_the_collector_s_own_trouble_is_no_event(code, probing, monkeypatch):
    """A resolver that does not answer is ours, a name that does not exist is theirs."""

    def fail(*_, **__):
        raise socket.gaierror(code, "not now")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    found, counts, collector = probing(Probe("payments", "http://bank.example/"))

    own = code == socket.EAI_AGAIN
    word = "own_trouble" if own else "dns"
    assert [word] == [checked.error for checked in found]
    assert (0, 0 if own else 1) == counts
    labels = {"service": "payments", "probe": "http://bank.example/", "result": word}
    assert 1 == collector.counters.registry.get_sample_value("fournines_probes_total", labels)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of this machine, signed by itself, good for 30 days; with its key."""
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert),
        ],
        check=True,
        capture_output=True,
    )
    return cert, key


def test_a_certificate_is_verified_and_its_end_is_told(probing, certificate, monkeypatch):
    """One that nobody vouches for is bad unless that is asked for; of one that is sound the end is a metric."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with served(context) as address:
        url = f"https://{address}/"
        found, _, first = probing(Probe("payments", url), Probe("payments", url, verify=False))
        first.close()
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        trusted = ssl.create_default_context(cafile=certificate[0])
        monkeypatch.setattr("httpx.create_ssl_context", lambda verify=True: trusted)
        sound, _, collector = probing(Probe("payments", url))

    assert ["tls", ""] == [checked.error for checked in found]
    assert [""] == [checked.error for checked in sound]
    expires = collector.counters.registry.get_sample_value(
        "fournines_probe_tls_expiry_seconds", {"service": "payments", "probe": url}
    )
    assert 29 * 86400 < expires - time.time() <= 30 * 86400


@pytest.fixture
def expired(certificate, tmp_path):
    """The same, but that it was over long ago; with its key."""
    settings = (
        "[ca]\ndefault_ca=own\n[own]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=any\n"
        "x509_extensions=names\n[any]\ncommonName=supplied\n[names]\nsubjectAltName=IP:127.0.0.1\n"
    )
    (tmp_path / "ca.cnf").write_text(settings)
    (tmp_path / "index").touch()
    (tmp_path / "serial").write_text("01")
    key = certificate[1]
    asked = ("openssl", "req", "-new", "-key", key, "-subj", "/CN=localhost", "-out", "asked.pem")
    signed = ("openssl", "ca", "-batch", "-selfsign", "-config", "ca.cnf", "-keyfile", key, "-in", "asked.pem")
    ends = ("-startdate", "20200101000000Z", "-enddate", "20200201000000Z", "-notext", "-out", "over.pem")
    for command in (asked, signed + ends):
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    return tmp_path / "over.pem", key


def test_a_certificate_that_is_over_is_told_from_one_that_nobody_vouches_for(
    probing, certificate, expired, monkeypatch
):
    """Already at the first probe: both fail, and only one of them has to be renewed."""
    shown = []
    for pair, vouched in ((expired, expired[0]), (certificate, expired[0])):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
        trusting = ssl.create_default_context(cafile=vouched)
        monkeypatch.setattr("httpx.create_ssl_context", lambda verify=True, trusting=trusting: trusting)
        with served(context) as address:
            (checked,), _, collector = probing(Probe("payments", f"https://{address}/"))
            collector.close()
        shown.append((checked.error, checked.expired, checked.expires))

    assert [("tls", True, None), ("tls", False, None)] == shown


def test_what_is_secret_in_a_url_is_not_shown():
    """Neither in spans nor in labels, nor what is in headers in texts."""
    probe = Probe("payments", "https://user:pass@bank.example/a?token=1", headers={"authorization": "secret"})

    body = probe_request(probe, Checked(1.0, 2.0, "status", "it answered 500", 500))

    assert "https://bank.example/a" == probe.shown
    assert not [word for word in ("pass", "token", "secret") if word.encode() in body]
    assert "secret" not in repr(probe)


def test_the_span_is_one_a_caller_would_have_sent():
    """Kind, times, names of the semantic conventions, an id of its own, and an error status."""
    checked = Checked(10.0, 10.5, "status", "it answered 500", 500)
    request = ExportTraceServiceRequest.FromString(probe_request(Probe("payments", "http://a:1/b"), checked))

    [span] = request.resource_spans[0].scope_spans[0].spans
    attributes = {each.key: each.value.string_value or each.value.int_value for each in span.attributes}
    assert (3, 2) == (span.kind, span.status.code)
    assert 500_000_000 == span.end_time_unix_nano - span.start_time_unix_nano
    assert (16, 8) == (len(span.trace_id), len(span.span_id))
    assert {
        "fournines.probe.url": "http://a:1/b",
        "server.address": "a",
        "http.request.method": "GET",
        "http.response.status_code": 500,
        "error.type": "status",
    } == attributes


def test_a_result_waits_for_a_ledger_that_can_not_be_written(opened, slo, now):
    """It is handed over again, and counted once."""
    collector = opened([slo("outside", signal="probe")])
    refusals = [Unavailable("not now", 0)] * 2

    def accept(*call):
        if refusals:
            raise refusals.pop()
        return collector.accept(*call)

    with served() as address:
        prober = Prober((), accept, collector.counters, lambda: now)
        asyncio.run(prober.probe(Probe("payments", f"http://{address}/")))

    assert (1, 1) == collector.totals()["outside"][:2]


def test_probes_run_by_themselves_and_end_when_told(opened, slo):
    """Each at a moment of its own within its interval."""
    collector = opened([slo("outside", signal="probe")], now=time.time())

    async def run():
        with served() as address:
            prober = Prober(
                [Probe("payments", f"http://{address}/", interval=0.1)], collector.accept, collector.counters, time.time
            )
            await prober.start()
            async with asyncio.timeout(20):
                while collector.totals()["outside"][1] < 3:  # noqa: ASYNC110 - the counts are another thread's
                    await asyncio.sleep(0.02)
            await prober.stop()

    asyncio.run(run())
    assert collector.totals()["outside"][0] >= 3


def test_the_end_of_the_certificate_that_was_shown_last_is_known_by_probe(opened, slo, now):
    """Of those that verify one: nothing before the first, and what was shown last while nothing is shown."""
    first, second = Probe("payments", "https://a.example/"), Probe("payments", "https://b.example/")
    others = Probe("payments", "http://a.example/"), Probe("payments", "https://c.example/", verify=False)
    collector = opened([slo("outside", signal="probe")])
    prober = Prober([first, second, *others], collector.accept, collector.counters, lambda: now)
    answers = iter(
        [
            Checked(now, now, expires=now + 60),
            Checked(now, now, "tls", "unknown authority"),
            Checked(now, now, "tls", "expired", expired=True),
            Checked(now, now, expires=now + 90),
        ]
    )

    async def check(probe):
        return next(answers)

    prober._checker.check = check
    seen = [prober.certificates]
    for _ in range(4):
        asyncio.run(prober.probe(first))
        seen.append(prober.certificates)

    none = (None, False)
    expected = [none, (now + 60, False), (now + 60, False), (now + 60, True), (now + 90, False)]
    assert [{first: known, second: none} for known in expected] == seen
