"""What an OTLP/HTTP server must do at its socket, asked of ours on loopback: size, pieces, silence, and senders that go."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import http.client
import json
import socket
from dataclasses import dataclass
from typing import Any

import pytest

from fournines.collector import CollectorError, HttpDoor, HttpServer, Terms
from fournines.collector.pace import PACE

JSON = {"Content-Type": "application/json"}


@dataclass
class Running:
    """A receiver in a thread of its own, and what it kept."""

    port: int
    ledger: Any

    @property
    def kept(self):
        return [body for _, body in self.ledger.kept]

    def post(self, body, headers, path="/v1/traces"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request("POST", path, body, {"Content-Type": "application/x-protobuf", **headers})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def socket(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)


@pytest.fixture(scope="module")
def running(serving, keeper):
    """Runs a receiver that keeps everything, on a free port, until the block ends."""

    @contextlib.contextmanager
    def run(**options):
        ledger = options.pop("ledger", None) or keeper()
        path = options.pop("path", None)
        with serving(
            lambda: HttpDoor(Terms(ledger.accept, **options), "127.0.0.1", 0, option="--otlp-http-port", path=path)
        ) as door:
            yield Running(door.port, ledger)

    return run


@pytest.fixture(scope="module")
def receiver(running):
    """A receiver with the usual limits."""
    with running() as receiver:
        yield receiver


async def _nothing(scope, receive, send):
    """An application that is never asked."""


def alive(receiver):
    """Whether the receiver still takes a sound request."""
    return receiver.post(b"{}", JSON)[0] == 200


def test_a_body_of_200_megabytes_is_refused_readably(receiver):
    """A sender that writes 200 MB before it reads sees a 413 with its Status, not a reset connection; and the process lives."""
    status, body = receiver.post(bytes(200_000_000), JSON)

    assert (413, 8) == (status, json.loads(body)["code"])
    assert alive(receiver)


def test_a_large_body_in_chunks_is_refused_readably(receiver):
    """The same for a body that does not say its length."""
    status, body = receiver.post((bytes(1_000_000) for _ in range(100)), JSON)

    assert (413, 8) == (status, json.loads(body)["code"])
    assert alive(receiver)


def test_a_refusal_does_not_wait_for_the_body(receiver):
    """A body whose length is over the limit is refused at its head, before a byte of it is sent."""
    with receiver.socket() as sender:
        sender.sendall(
            b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9999999999\r\n\r\n"
        )

        assert sender.recv(1000).startswith(b"HTTP/1.1 413 ")


def test_a_sender_that_asks_first_is_told_before_it_sends(receiver):
    """To `Expect: 100-continue` the answer is the refusal itself."""
    with receiver.socket() as sender:
        sender.sendall(
            b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
        )

        assert sender.recv(1000).startswith(b"HTTP/1.1 415 ")


def test_a_gzip_bomb_is_refused(receiver):
    """A small body that inflates beyond the limit is a 413, and the process lives."""
    status, _ = receiver.post(gzip.compress(bytes(100_000_000), 1), {"Content-Encoding": "gzip"})

    assert 413 == status
    assert alive(receiver)


def test_a_body_in_chunks_arrives_whole(receiver):
    """A chunked, gzipped body is put together and inflated."""
    whole = gzip.compress(b"\n\x00" * 1000)
    status, _ = receiver.post((whole[at : at + 7] for at in range(0, len(whole), 7)), {"Content-Encoding": "gzip"})

    assert (200, b"\n\x00" * 1000) == (status, receiver.kept[-1])


def test_a_sender_that_goes_in_the_middle_leaves_nothing(receiver):
    """A body that never ends is never kept, and the process lives."""
    before = len(receiver.kept)
    with receiver.socket() as sender:
        sender.sendall(
            b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        )

    assert alive(receiver)
    assert len(receiver.kept) == before + 1


def test_a_sender_that_does_not_wait_for_its_answer_is_no_fault(receiver):
    """A whole request is kept even if its sender has gone before the answer; and the process lives."""
    with receiver.socket() as sender:
        sender.sendall(
            b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
        )

    assert alive(receiver)


def test_what_is_no_http_is_refused(receiver):
    """Bytes that are no HTTP are a 400, and the process lives."""
    with receiver.socket() as sender:
        sender.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")

        assert b"400" in sender.recv(1000)
    assert alive(receiver)


def test_one_connection_carries_many_requests(receiver):
    """After an answer, whether 200 or a 400 that was found in a whole body, the connection goes on."""
    connection = http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=30)
    with contextlib.closing(connection):
        statuses = []
        for body in (b"{}", b"{", b"{}"):
            connection.request("POST", "/v1/traces", body, JSON)
            answer = connection.getresponse()
            answer.read()
            statuses.append((answer.status, answer.will_close))

    assert [(200, False), (400, False), (200, False)] == statuses


def test_a_sender_that_falls_silent_is_asked_to_come_again(running):
    """After so many seconds without a byte of the body the answer is 503, which is sent again, and the connection ends."""
    with running(pace=PACE._replace(silence=0.05)) as receiver, receiver.socket() as sender:
        sender.sendall(
            b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        )
        with sender.makefile("rb") as answer:
            said = answer.read().lower()

    assert said.startswith(b"http/1.1 503 ")
    assert b"retry-after: 1\r\n" in said
    assert [] == receiver.kept


def test_a_port_in_use_is_said_with_the_way_out(receiver):
    """The error names host, port and the option that chooses another."""
    with pytest.raises(
        CollectorError,
        match=rf"127\.0\.0\.1 port {receiver.port}: the port is in use by another process; .* --otlp-http-port",
    ):
        HttpServer(_nothing, "127.0.0.1", receiver.port, option="--otlp-http-port")


@pytest.mark.parametrize("host", ["256.0.0.1", "203.0.113.1"])
def test_an_address_that_is_not_ours_is_said(host):
    """A host that can't be had is a CollectorError that names it."""
    with pytest.raises(CollectorError, match=host.replace(".", r"\.")):
        HttpServer(_nothing, host, 0, option="--otlp-http-port")


def test_a_server_that_never_started_gives_its_port_back():
    """Stopping before starting frees the port."""
    server = HttpServer(_nothing, "127.0.0.1", 0, option="--port")
    asyncio.run(server.stop())
    again = HttpServer(_nothing, "127.0.0.1", server.port, option="--port")
    asyncio.run(again.stop())

    assert server.port == again.port
