"""TLS of the doors, with authorities made for the test: who shows no certificate of theirs gets no connection."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from contextlib import ExitStack, suppress

import grpc
import pytest
import trustme
from prometheus_client import CollectorRegistry

from fournines.collector import CollectorError, Doors, Receiving, Signal, Terms, Tls
from fournines.collector.doors.pace import PACE

TRACES = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


class Allowed:
    """Lets everybody in, and remembers whom."""

    def __init__(self):
        self.peers = []

    def allows(self, authorization, peer):
        self.peers.append(peer)
        return True


@pytest.fixture(scope="module")
def authority():
    """Who vouches for both sides."""
    return trustme.CA()


@pytest.fixture(scope="module")
def tls(authority, tmp_path_factory):
    """Our certificate, and the authority that senders' must come from."""
    folder = tmp_path_factory.mktemp("tls")
    ours = authority.issue_cert("localhost", "127.0.0.1")
    ours.private_key_pem.write_to_path(folder / "key.pem")
    with (folder / "certificate.pem").open("wb") as chain:
        for part in ours.cert_chain_pems:
            chain.write(part.bytes())
    authority.cert_pem.write_to_path(folder / "ca.pem")
    return Tls(folder / "certificate.pem", folder / "key.pem", folder / "ca.pem")


@pytest.fixture
def metric():
    """Waits until a metric says so; the door counts on a thread of its own."""

    def says(registry, name, value, **labels):
        pause = threading.Event()
        for _ in range(1000):
            if registry.get_sample_value(name, labels) == value:
                return True
            pause.wait(0.01)
        return False

    return says


def post(port, context):
    """One request over HTTP; gives its status."""
    connection = http.client.HTTPSConnection("localhost", port, timeout=30, context=context)
    try:
        connection.request("POST", "/v1/traces", b"", {"Content-Type": "application/x-protobuf"})
        return connection.getresponse().status
    finally:
        connection.close()


def trusting(authority, theirs=None):
    """A sender's context that trusts the authority, with a certificate of its own where it has one."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    if theirs is not None:
        theirs.configure_cert(context)
    return context


def call(port, authority, theirs=None):
    """One call over gRPC."""
    key, chain = (theirs.private_key_pem.bytes(), theirs.cert_chain_pems[0].bytes()) if theirs else (None, None)
    credentials = grpc.ssl_channel_credentials(authority.cert_pem.bytes(), key, chain)
    with grpc.secure_channel(f"localhost:{port}", credentials) as channel:
        return channel.unary_unary(TRACES)(b"", timeout=10)


def test_tls_without_clients_certificates(serving, keeper, authority, tls):
    """With a certificate of ours alone, both protocols are received over TLS, and plain bytes are not."""
    ledger = keeper()
    terms = Terms(ledger.accept, time.time, tls=tls._replace(client_ca=None))
    with serving(lambda: Doors(terms, "127.0.0.1", 0, 0)) as doors:
        assert 200 == post(doors.http_port, trusting(authority))
        assert b"" == call(doors.grpc_port, authority)
        plain = http.client.HTTPConnection("127.0.0.1", doors.http_port, timeout=30)
        plain.request("POST", "/v1/traces", b"")
        with pytest.raises((OSError, http.client.HTTPException)):
            plain.getresponse()
        plain.close()

    assert [(Signal.TRACES, b"")] * 2 == ledger.kept


def test_mutual_tls_lets_in_whose_certificate_the_authority_issued(serving, keeper, authority, tls):
    """A sender with a certificate of the authority is served, and known by its names; one with none, or a stranger's, is not."""
    ledger, access = keeper(), Allowed()
    theirs, strangers = authority.issue_cert("payments.bank"), trustme.CA().issue_cert("payments.bank")
    with serving(lambda: Doors(Terms(ledger.accept, time.time, tls=tls, access=access), "127.0.0.1", 0, 0)) as doors:
        assert 200 == post(doors.http_port, trusting(authority, theirs))
        assert b"" == call(doors.grpc_port, authority, theirs)
        for nobody in (None, strangers):
            with pytest.raises((OSError, http.client.HTTPException)):
                post(doors.http_port, trusting(authority, nobody))
            with pytest.raises(grpc.RpcError):
                call(doors.grpc_port, authority, nobody)

    assert [(Signal.TRACES, b"")] * 2 == ledger.kept
    assert [True, True] == ["payments.bank" in peer.names for peer in access.peers]


def connected(port):
    """Somebody who connects, and says nothing."""
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def test_a_handshake_has_its_time(serving, keeper, tls, metric):
    """Who connects and shakes no hand counts as a connection meanwhile, is let go when his time is over, and counted; so is noise."""
    registry = CollectorRegistry()
    terms = Terms(keeper().accept, time.time, tls=tls, receiving=Receiving(registry), pace=PACE._replace(handshake=0.2))
    with serving(lambda: Doors(terms, "127.0.0.1", 0, 0)) as doors:
        with connected(doors.http_port) as silent, connected(doors.http_port) as dripping:
            dripping.sendall(b"\x16\x03\x01")
            assert metric(registry, "fournines_connections", 2.0, door="http")
            assert [b"", b""] == [one.recv(100) for one in (silent, dripping)]
        with connected(doors.grpc_port) as noise:
            noise.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert metric(registry, "fournines_refused_requests_total", 1.0, door="grpc", reason="handshake")
        assert metric(registry, "fournines_refused_requests_total", 2.0, door="http", reason="handshake")
        assert metric(registry, "fournines_connections", 0.0, door="http")


def test_half_open_handshakes_keep_nobody_out(serving, keeper, authority, tls, metric):
    """Where they take all places, the oldest goes for who comes next; places of whole connections are nobody else's."""
    registry, context = CollectorRegistry(), trusting(authority)
    terms = Terms(
        keeper().accept, time.time, tls=tls._replace(client_ca=None), receiving=Receiving(registry), most_connections=3
    )
    with serving(lambda: Doors(terms, "127.0.0.1", 0, 0)) as doors, ExitStack() as stack:
        half = [stack.enter_context(connected(doors.http_port)) for _ in range(7)]
        assert [b""] * 4 == [one.recv(100) for one in half[:4]]
        for _ in range(3):
            whole = context.wrap_socket(connected(doors.http_port), server_hostname="localhost")
            stack.enter_context(whole)
        assert [b""] * 3 == [one.recv(100) for one in half[4:]]
        with connected(doors.http_port) as late, suppress(ConnectionError):
            assert b"" == late.recv(100)
        assert metric(registry, "fournines_refused_requests_total", 1.0, door="http", reason="connections")


@pytest.mark.parametrize("missing", ["certificate", "key", "client_ca"])
def test_a_file_that_cannot_be_used_is_named(tls, tmp_path, missing):
    """A missing file, or one of another kind, is said at the start, by its name."""
    broken = tmp_path / "broken.pem"

    with pytest.raises(CollectorError, match=r"broken\.pem"):
        tls._replace(**{missing: broken}).context("h2")
    broken.write_text("nothing of that kind")
    with pytest.raises(CollectorError, match=r"broken\.pem"):
        tls._replace(**{missing: broken}).context("h2")
