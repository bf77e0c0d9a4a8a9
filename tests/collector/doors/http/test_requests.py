"""Laws of a connection of HTTP/1.1, on a transport and a loop of plain lists: requests cut, held back and answered in any way."""

from __future__ import annotations

import gzip
import time
from concurrent.futures import Future
from contextlib import closing
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.collector import BadRequest, HttpDoor, Receipt, Terms, Unavailable

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Wish(NamedTuple):
    """One request: its bytes, what the intake is to see of it (None: nothing), what is answered, and whether another may follow."""

    wire: bytes
    body: bytes | None
    status: int
    goes_on: bool = True


class Loop:
    """Runs what is called on it when it is told to."""

    def __init__(self):
        self.calls = []

    def call_soon_threadsafe(self, call):
        self.calls.append(call)

    def time(self):
        return 0.0

    def run(self):
        while self.calls:
            self.calls.pop(0)()


class Wire:
    """A transport: what is sent over it is read as long as reading is not paused, by pieces of some sizes."""

    def __init__(self, sent, sizes):
        self.coming = memoryview(sent)
        self.sizes = sizes
        self.read = 0
        self.written = b""
        self.paused = self.closed = False

    def deliver(self, connection):
        """One piece, into the buffer that is everybody's: what was in it before is nobody's any more."""
        if self.paused or self.closed or not self.coming:
            return False
        size = self.sizes[self.read % len(self.sizes)]
        self.read += 1
        buffer = connection.get_buffer(-1)
        piece, self.coming = self.coming[: min(size, len(buffer))], self.coming[min(size, len(buffer)) :]
        buffer[: len(piece)] = piece
        connection.buffer_updated(len(piece))
        buffer[:] = b"\xff" * len(buffer)
        return True

    def write(self, data):
        assert not self.closed
        self.written += data

    def pause_reading(self):
        assert not self.paused
        self.paused = True

    def resume_reading(self):
        assert self.paused
        self.paused = False

    def is_closing(self):
        return self.closed

    def close(self):
        self.closed = True

    abort = close

    def can_write_eof(self):
        return False

    def get_extra_info(self, _name):
        return None


class Keeper:
    """An intake that decides when it is told to."""

    def __init__(self):
        self.bodies = []
        self.waiting = []

    def accept(self, _signal, body, _received):
        future = Future()
        self.bodies.append(body)
        self.waiting.append((body, future))
        return future

    def decide(self, which):
        body, future = self.waiting.pop(which % len(self.waiting))
        match body[:1]:
            case b"!":
                future.set_exception(BadRequest("no"))
            case b"?":
                future.set_exception(Unavailable("later", 1))
            case _:
                future.set_result(Receipt(1))


def request(body, *, path=b"/v1/traces", chunks=0, packed=False, kind=b"application/x-protobuf", more=b""):
    """The bytes of a request."""
    head = b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Type: " + kind + b"\r\n" + more
    if packed:
        head += b"Content-Encoding: gzip\r\n"
        body = gzip.compress(body, 1)
    if not chunks:
        return head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    pieces = [body[at : at + chunks] for at in range(0, len(body), chunks)]
    framed = b"".join(b"%x;ext=1\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n"


STATUS = {b"!": 400, b"?": 503}
OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"


@st.composite
def wishes(draw):
    """A request that is sound, whatever becomes of it."""
    size = draw(st.sampled_from([0, 1, 5, 5, 5, 40, 900, 16_300, 70_000, 200_000]))
    body = draw(st.sampled_from([b".", b".", b"!", b"?"])) + draw(st.binary(min_size=4, max_size=4)) * (size // 4)
    status = STATUS.get(body[:1], 200)
    match draw(
        st.sampled_from(["as it is"] * 5 + ["path", "type", "gzip", "no gzip", "offer", "expect", "chunks", "head"])
    ):
        case "path":
            return Wish(request(body, path=b"/v2"), None, 404)
        case "type":
            return Wish(request(body, kind=b"text/plain"), None, 415)
        case "gzip":
            return Wish(request(body, packed=True), body, status)
        case "no gzip":
            return Wish(request(b"\0" + body, more=b"Content-Encoding: gzip\r\n"), None, 400)
        case "offer":
            return Wish(request(body, more=OFFER), body, status)
        case "expect":
            return Wish(request(body, more=b"Expect: 100-continue\r\n"), body, status)
        case "chunks":
            return Wish(request(body, chunks=draw(st.sampled_from([3, 4_000, 90_000]))), body, status)
        case "head":
            return Wish(b"GET /v1/traces HTTP/1.1\r\nHost: x\r\n\r\n", None, 405)
    return Wish(request(body), body, status)


ENDS = st.sampled_from(
    [
        Wish(request(b".last", more=b"Connection: close\r\n"), b".last", 200, goes_on=False),
        Wish(request(b"." * 90, path=b"/v2", chunks=8), None, 404, goes_on=False),
        Wish(b"nonsense\r\n\r\n", None, 400, goes_on=False),
    ]
)
SIZES = st.lists(st.sampled_from([1, 2, 17, 300, 5_000, 16_384, 65_536, 10**6]), min_size=1, max_size=9)
EVENTS = st.lists(st.sampled_from(["come", "come", "come", "decide", "block", "let"]), max_size=80)


def statuses(written):
    """What was answered, in order."""
    found = []
    while written:
        head, _, rest = written.partition(b"\r\n\r\n")
        if head + b"\r\n\r\n" != CONTINUE:
            found.append(int(head[9:12]))
        length = next((int(line[16:]) for line in head.split(b"\r\n") if line.startswith(b"content-length: ")), 0)
        written = rest[length:]
    return found


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.one_of(wishes(), wishes().flatmap(lambda one: st.just((one,) * 40))), max_size=6),
    st.none() | ENDS,
    SIZES,
    EVENTS,
    st.randoms(use_true_random=False),
)
def test_every_request_is_taken_once_and_answered_in_its_turn(several, end, sizes, events, chance):
    """However the bytes are cut, whenever reading is held back, and in whatever order it is decided what becomes of them."""
    sent = [one for some in several for one in ([some] if isinstance(some, Wish) else some)]
    expected = sent if end is None else [*sent, end]
    late = b"" if end is None else request(b".too late")
    coming = b"".join(one.wire for one in expected) + late
    wire = Wire(coming, [max(size, len(coming) // 500) for size in sizes])
    keeper, loop = Keeper(), Loop()
    with closing(HttpDoor(Terms(keeper.accept, time.time), "127.0.0.1", 0, option="-")) as door:
        door._loop = loop
        connection = door.connection()
        connection.connection_made(wire)
        blocked = False
        for event in events:
            match event:
                case "come":
                    wire.deliver(connection)
                case "decide" if keeper.waiting:
                    keeper.decide(chance.randrange(99))
                case "block" if not blocked and not wire.closed:
                    blocked = True
                    connection.pause_writing()
                case "let" if blocked:
                    blocked = False
                    connection.resume_writing()
            loop.run()
        if blocked:
            connection.resume_writing()
        while True:
            if wire.deliver(connection):
                continue
            if not keeper.waiting:
                break
            keeper.decide(chance.randrange(99))
            loop.run()
        ended = wire.closed or not connection.eof_received()
        connection.connection_lost(None)

    assert [one.body for one in expected if one.body is not None] == keeper.bodies
    assert [one.status for one in expected] == statuses(wire.written)
    assert ended
    assert 0 == door.terms.room.bytes, "all room is given back"


def test_a_fault_in_what_was_held_back_ends_the_connection(monkeypatch, caplog):
    """As one in what comes: after it nobody knows where a request begins."""
    keeper, loop = Keeper(), Loop()
    wire = Wire(request(b"....") * 900, [10**6])
    with closing(HttpDoor(Terms(keeper.accept, time.time), "127.0.0.1", 0, option="-")) as door:
        door._loop = loop
        connection = door.connection()
        connection.connection_made(wire)
        wire.deliver(connection)
        assert wire.paused

        def fails(_data):
            raise RuntimeError("planted")

        monkeypatch.setattr(connection._reader, "read", fails)
        while keeper.waiting:
            keeper.decide(0)
            loop.run()

    assert wire.closed
    assert "a connection is given up" in caplog.text
