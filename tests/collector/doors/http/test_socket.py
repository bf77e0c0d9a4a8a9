"""What an OTLP/HTTP server must do at its socket, asked of ours on loopback: size, pieces, silence, and senders that go."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import http.client
import json
import select
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any

import pytest
import zstandard
from prometheus_client import CollectorRegistry

from fournines.collector import HttpDoor, Receiving, Room, Terms
from fournines.collector.doors.http.connection import MOST_WAITING, STRETCH
from fournines.collector.doors.pace import PACE

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
            lambda: HttpDoor(
                Terms(ledger.accept, time.time, **options), "127.0.0.1", 0, option="--otlp-http-port", path=path
            )
        ) as door:
            yield Running(door.port, ledger)

    return run


@pytest.fixture(scope="module")
def receiver(running):
    """A receiver with the usual limits."""
    with running() as receiver:
        yield receiver


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


HEAD = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
WHOLE = HEAD + b"Content-Length: 2\r\n\r\n{}"


def said_to(receiver, *pieces):
    """Everything that is answered to these bytes, until the connection ends."""
    with receiver.socket() as sender:
        for piece in pieces:
            sender.sendall(piece)
        sender.shutdown(socket.SHUT_WR)
        with sender.makefile("rb") as answer:
            return answer.read()


def test_requests_sent_in_one_go_are_answered_in_order(receiver):
    """Requests that do not wait for one another's answers get them in their order, the refused ones among them."""
    answers = said_to(receiver, WHOLE * 20 + WHOLE.replace(b"{}", b"{!") + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + WHOLE)

    statuses = [int(part[:3]) for part in answers.split(b"HTTP/1.1 ")[1:]]
    assert [200] * 20 + [400, 404, 200] == statuses


def test_of_a_thousand_requests_that_come_at_once_a_few_are_taken_in(running, keeper):
    """What is sent without waiting for answers costs its bytes, and not a request's memory each; all of it is answered in the end."""
    ledger, many = keeper(silent=True), 2_000
    with running(ledger=ledger) as receiver, receiver.socket() as sender:
        sending = threading.Thread(target=sender.sendall, args=(WHOLE * many,))
        sending.start()
        wait_for(ledger)
        with socket.create_connection(("127.0.0.1", receiver.port), timeout=30) as other:
            other.sendall(WHOLE)
            wait_for(ledger, len(ledger.waiting) + 1)  # whoever comes later is served: the first one's turn is over
        assert len(ledger.waiting) < MOST_WAITING + STRETCH // len(WHOLE) + 3
        ledger.silent = False
        answer_when_kept(ledger)
        answers = b""
        while answers.count(b"HTTP/1.1 200 OK") < many:
            answers += sender.recv(100_000)
        sending.join()


def test_a_request_cut_into_single_bytes_arrives(receiver):
    """However a request is cut on its way, it is the same request."""
    assert said_to(receiver, *(WHOLE[at : at + 1] for at in range(len(WHOLE)))).startswith(b"HTTP/1.1 200 ")


def test_who_writes_no_more_is_still_answered(running, keeper):
    """A sender that has closed its side gets the answer once there is one: nothing of it is lost."""
    ledger = keeper(silent=True)
    with running(ledger=ledger) as receiver, receiver.socket() as sender:
        sender.sendall(WHOLE)
        sender.shutdown(socket.SHUT_WR)
        answer_when_kept(ledger)
        with sender.makefile("rb") as answer:
            assert answer.read().startswith(b"HTTP/1.1 200 ")


def wait_for(ledger, count=1):
    """Waits until so many requests wait for their answer."""
    while len(ledger.waiting) < count:
        threading.Event().wait(0.005)


def answer_when_kept(ledger, count=1):
    """Gives so many requests their answer, once they wait for it."""
    wait_for(ledger, count)
    for future in ledger.waiting:
        future.set_result(ledger.receipt)


def test_expect_continue_is_told_to_go_on(receiver):
    """Who asks before it sends the body hears 100, and after the body its answer."""
    with receiver.socket() as sender:
        sender.sendall(HEAD + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert b"HTTP/1.1 100 Continue\r\n\r\n" == sender.recv(1000)
        sender.sendall(b"{}")
        assert sender.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_an_offer_of_http2_is_passed_over(receiver):
    """A request that offers to go on in HTTP/2 is answered in HTTP/1.1, and the next one on its connection too (RFC 9110, section 7.8)."""
    offer = WHOLE.replace(
        b"Host: x", b"Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA"
    )

    assert 3 == said_to(receiver, offer, offer + WHOLE).count(b"HTTP/1.1 200 OK")


def test_http_1_0_is_answered_and_ended(receiver):
    """A sender of HTTP/1.0 has its answer, and the connection ends."""
    with receiver.socket() as sender:
        sender.sendall(WHOLE.replace(b"HTTP/1.1", b"HTTP/1.0"))
        with sender.makefile("rb") as answer:
            assert answer.read().startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("slowly", [HEAD[:-2], HEAD + b"Content-Length: 900\r\n\r\n{", HEAD + b"X: "])
def test_a_sender_that_drips_is_ended(running, slowly):
    """A head, or a whole request, that does not come in time is 503 and the end, though a byte of it comes now and then."""
    with running(pace=PACE._replace(silence=0.2, request=0.2)) as receiver, receiver.socket() as sender:
        sender.sendall(slowly)
        said = b""
        sender.settimeout(0.02)
        while not said:
            with contextlib.suppress(TimeoutError):
                said = sender.recv(1000)
            sender.sendall(b"x")

    assert said.startswith(b"HTTP/1.1 503 ")
    assert [] == receiver.kept


def test_the_rest_of_a_refused_body_is_not_waited_for_for_ever(running):
    """What still comes after a refusal is dropped for as long as a request may take; then the connection ends, dripping or not."""
    with running(pace=PACE._replace(request=0.3)) as receiver, receiver.socket() as sender:
        sender.sendall(b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 200000000\r\n\r\n")
        assert sender.recv(1000).startswith(b"HTTP/1.1 404 ")
        with pytest.raises(ConnectionError):
            drip_for_ever(sender)


def drip_for_ever(sender):
    """Sends a byte now and then; for ten seconds at most."""
    pause = threading.Event()
    for _ in range(500):
        pause.wait(0.02)
        sender.sendall(b"x")


def test_an_idle_connection_is_ended(running):
    """Who sends nothing for long is let go without a word."""
    with running(pace=PACE._replace(idle=0.05)) as receiver, receiver.socket() as sender:
        sender.sendall(WHOLE)
        with sender.makefile("rb") as answer:
            assert 1 == answer.read().count(b"HTTP/1.1 ")


def test_a_commit_that_takes_too_long_is_asked_for_again(running, keeper):
    """A sender never waits for ever, and is never told 200 before the commit."""
    with running(ledger=keeper(silent=True), pace=PACE._replace(commit=0.05)) as receiver, receiver.socket() as sender:
        sender.sendall(WHOLE)
        with sender.makefile("rb") as answer:
            assert answer.read().startswith(b"HTTP/1.1 503 ")


def test_a_head_without_end_is_refused(receiver):
    """A head that grows beyond its bound is refused before it fills the memory."""
    with receiver.socket() as sender, contextlib.suppress(ConnectionError):
        for _ in range(10_000):
            sender.sendall(b"POST /v1/traces HTTP/1.1\r\nX: " + b"x" * 1000 if _ == 0 else b"x" * 1000)
            if select.select([sender], [], [], 0)[0]:
                break
        else:
            pytest.fail("10 MB of head are taken")
        assert sender.recv(1000).startswith(b"HTTP/1.1 400 ")
    assert alive(receiver)


def test_a_sender_that_does_not_read_is_not_read_from(running):
    """Answers that nobody reads do not pile up: nothing more is read from their connection, and in time it is ended."""
    with running(pace=PACE._replace(silence=1.0)) as receiver, socket.socket() as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sender.settimeout(30)
        sender.connect(("127.0.0.1", receiver.port))
        with pytest.raises(ConnectionError):
            send_for_ever(sender)

        assert alive(receiver)


def send_for_ever(sender):
    """Sends requests and never reads an answer; at most 50 MB."""
    for _ in range(500):
        sender.sendall((b"GET /" + b"x" * 1000 + b" HTTP/1.1\r\nHost: x\r\n\r\n") * 100)


def test_a_thousand_connections_are_served(running):
    """A thousand senders at once, each with its own connection, all have their answer; those half-way in harm nobody."""
    with running() as receiver, contextlib.ExitStack() as stack:
        senders = [stack.enter_context(receiver.socket()) for _ in range(1000)]
        for number, sender in enumerate(senders):
            sender.sendall(WHOLE if number % 2 else HEAD)
        for sender in senders[::2]:
            sender.sendall(b"Content-Length: 2\r\n\r\n{}")

        assert {b"HTTP/1.1 200"} == {sender.recv(1000)[:12] for sender in senders}
    assert 1000 == len(receiver.kept)


def test_connections_beyond_their_bound_are_asked_to_come_again(running):
    """Who finds too many connections is told 503, and served once others went."""
    with running(most_connections=2) as receiver:
        with receiver.socket() as first, receiver.socket() as second, receiver.socket() as third:
            for sender in (first, second):
                sender.sendall(WHOLE)
                assert sender.recv(1000).startswith(b"HTTP/1.1 200 ")
            assert third.recv(1000).startswith(b"HTTP/1.1 503 ")
        answered = b""
        while answered != b"HTTP/1.1 200":
            with contextlib.suppress(ConnectionError, OSError):
                answered = said_to(receiver, WHOLE)[:12]


def test_what_finds_no_room_is_asked_for_again_before_it_is_sent(running):
    """A body there is no room for is 503 with Retry-After at its head, and its connection can go on."""
    room = Room(1000)
    room.take(999)
    with running(room=room) as receiver, receiver.socket() as sender:
        sender.sendall(HEAD + b"Content-Length: 900\r\n\r\n")
        said = sender.recv(1000).lower()
        room.give_back(999)
        sender.sendall(b"x" * 900 + WHOLE)
        again = sender.recv(1000)

    assert said.startswith(b"http/1.1 503 ")
    assert b"retry-after: 1\r\n" in said
    assert again.startswith(b"HTTP/1.1 200 ")
    assert (0, 0) == (room.bytes, room.requests)


@pytest.mark.parametrize("coding", ["gzip", "zstd", "identity"])
def test_a_body_takes_room_as_it_grows(running, coding):
    """What inflates beyond the room there is is refused where it does; the room is given back, and small bodies go on."""
    body = {"gzip": gzip.compress, "zstd": zstandard.compress}.get(coding, bytes)(bytes(2**22))
    room = Room(2**20)
    room.take(2**19)
    with running(room=room) as receiver:
        status, _ = receiver.post(iter([body]), {"Content-Encoding": coding})

        assert 503 == status
        assert alive(receiver)
    assert (2**19, 0) == (room.bytes, room.requests)


def test_senders_that_announce_much_and_send_nothing_take_no_room(running):
    """A hundred announcements of 60 MiB, never sent, keep nobody out."""
    with running(room=Room(64 * 2**20)) as receiver, contextlib.ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(receiver.socket()).sendall(HEAD + b"Content-Length: 60000000\r\n\r\n")

        assert alive(receiver)


def test_a_door_that_closes_answers_what_is_under_way(keeper):
    """Closing ends idle connections at once, lets requests under way be answered, and takes nothing new."""
    ledger = keeper(silent=True)

    async def close():
        door = HttpDoor(Terms(ledger.accept, time.time), "127.0.0.1", 0, option="--otlp-http-port")
        await door.start()
        idle = await asyncio.open_connection("127.0.0.1", door.port)
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(WHOLE)
        await asyncio.to_thread(wait_for, ledger)
        closing = asyncio.create_task(door.stop(30))
        ended = await idle[0].read()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", door.port)
        ledger.waiting[0].set_result(ledger.receipt)
        said = await reader.read()
        await closing
        for each in (idle[1], writer):
            each.close()
            await each.wait_closed()
        return ended, said

    ended, said = asyncio.run(close())

    assert b"" == ended
    assert said.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close\r\n" in said


def test_a_door_does_not_wait_for_ever(keeper):
    """What is not answered within the grace is ended with the door."""

    async def close():
        door = HttpDoor(Terms(keeper(silent=True).accept, time.time), "127.0.0.1", 0, option="--otlp-http-port")
        await door.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(WHOLE)
        await asyncio.sleep(0.05)
        await door.stop(0.05)
        with contextlib.suppress(ConnectionError):
            assert b"" == await reader.read()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    asyncio.run(close())


def test_a_unix_socket_is_a_door_too(running, tmp_path):
    """OTLP/HTTP is received on the socket's path as on the port; the path is ours while we run, and gone after."""
    path = tmp_path / "otlp.sock"
    with running(path=path), socket.socket(socket.AF_UNIX) as sender:
        sender.connect(str(path))
        sender.sendall(WHOLE)
        assert sender.recv(1000).startswith(b"HTTP/1.1 200 ")

    assert not path.exists()


def test_refusals_connections_and_bytes_are_told(running):
    """What is refused before it is decoded is counted by door and reason, and so are connections and bytes."""
    registry = CollectorRegistry()
    with running(receiving=Receiving(registry)) as receiver:
        with receiver.socket() as sender:
            sender.sendall(WHOLE)
            assert sender.recv(1000)
            assert 1 == registry.get_sample_value("fournines_connections", {"door": "http"})
        for sent in (WHOLE.replace(b"traces", b"nothing"), WHOLE.replace(b"{}", b"{!"), b"GET" + WHOLE[4:]):
            said_to(receiver, sent)

    def refused(reason):
        return registry.get_sample_value("fournines_refused_requests_total", {"door": "http", "reason": reason})

    assert [1, 1, 1] == [refused(reason) for reason in ("path", "unreadable", "method")]
    assert 4 * len(WHOLE) <= registry.get_sample_value("fournines_received_bytes_total", {"door": "http"}) + 10
    assert 0 == registry.get_sample_value("fournines_connections", {"door": "http"})


def test_trailers_are_bounded_and_not_kept(receiver):
    """What follows a body, one name after the other or one value without an end, is refused when it is more than a head may be."""
    head = (
        b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    many = b"".join(b"name-%d: value\r\n" % number for number in range(100_000))
    for trailers in (many, b"one: " + bytes(1_000_000).replace(b"\0", b"v")):
        with receiver.socket() as sender:
            sender.sendall(head + b"2\r\n{}\r\n0\r\n")
            with contextlib.suppress(ConnectionError):
                sender.sendall(trailers)

            assert sender.recv(1000).startswith(b"HTTP/1.1 400 ")
    with receiver.socket() as sender:
        sender.sendall(head + b"2\r\n{}\r\n0\r\nchecksum: 1\r\n\r\n")

        assert sender.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_a_head_that_comes_at_once_is_bounded_as_one_in_pieces(receiver):
    """A head larger than a head may be is refused, though it came whole; one name said again and again costs no more than others."""
    with receiver.socket() as sender:
        sender.sendall(b"POST /v1/traces HTTP/1.1\r\nHost: x\r\n" + b"a:%b\r\n" % (b"b" * 20) * 4_000 + b"\r\n")

        assert sender.recv(1000).startswith(b"HTTP/1.1 400 ")


def test_thousands_of_offers_at_once_are_passed_over(receiver, caplog):
    """However many requests in a row offer h2c, each is answered."""
    offer = (
        b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n"
        b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    )
    count, said = 1_500, b""
    with receiver.socket() as sender:
        sender.sendall(offer * count)
        while said.count(b"HTTP/1.1 200 ") < count and (part := sender.recv(65536)):
            said += part

    assert count == said.count(b"HTTP/1.1 200 ")
    assert not caplog.records
