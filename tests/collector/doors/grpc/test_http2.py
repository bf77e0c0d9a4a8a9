"""What an HTTP/2 server must bear: frames cut anywhere, broken promises, and senders that mean ill (RFC 9113)."""

from __future__ import annotations

import itertools
import random
import socket
import struct
import threading
import time

import hpack
import pytest
from prometheus_client import CollectorRegistry

from fournines.collector import GrpcDoor, Receiving, Room, Terms
from fournines.collector.doors.grpc.frames import PREFACE, SETTING, Code, Flag, FrameType, Setting, frame
from fournines.collector.doors.grpc.heads import MOST_KNOWN, HeadReader
from fournines.collector.doors.pace import PACE

PATH = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
MESSAGE = b"\0\0\0\0\0"


@pytest.fixture
def running(serving, keeper):
    """Runs a receiver; gives its port."""

    def run(**options):
        terms = Terms(options.pop("ledger", keeper()).accept, time.time, **options)
        return serving(lambda: GrpcDoor(terms, "127.0.0.1", 0, option="--otlp-grpc-port"))

    return run


def head(stream, *more, path=PATH, flags=Flag.END_HEADERS, method="POST", kind="application/grpc"):
    """A call's head."""
    fields = [(":method", method), (":scheme", "http"), (":path", path), ("content-type", kind), *more]
    return frame(FrameType.HEADERS, flags, stream, hpack.Encoder().encode(fields))


def whole(stream, message=MESSAGE, *more):
    """A whole call."""
    return head(stream, *more) + frame(FrameType.DATA, Flag.END_STREAM, stream, message)


def frames_of(data):
    """(kind, flags, stream, payload) of each frame."""
    at = 0
    while at + 9 <= len(data):
        high, low, kind, flags, stream = struct.unpack_from(">BHBBI", data, at)
        size = high << 16 | low
        yield FrameType(kind), flags, stream, data[at + 9 : at + 9 + size]
        at += 9 + size


def talk(port, *pieces):
    """Everything that is answered, until the connection ends."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as sender:
        try:
            for piece in (PREFACE + frame(FrameType.SETTINGS, 0, 0), *pieces):
                sender.sendall(piece)
            sender.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it was ended in the middle, as it may be
        said = b""
        try:
            while part := sender.recv(65536):
                said += part
        except ConnectionError:
            pass  # ended before all was read, as it may be
    return list(frames_of(said))


def statuses(answers):
    """The grpc-status of each stream, or HTTP's where there is none."""
    decoder, found = hpack.Decoder(), {}
    for kind, flags, stream, payload in answers:
        if kind is FrameType.HEADERS:
            fields = dict(decoder.decode(payload))
            if flags & Flag.END_STREAM:
                found[stream] = fields.get("grpc-status", fields.get(":status"))
    return found


def test_calls_cut_anywhere_are_the_same_calls(running):
    """However frames are cut on their way, each call is answered."""
    calls = b"".join(whole(stream) for stream in (1, 3, 5))
    with running() as door:
        for size in (1, 7, 1000):
            answers = talk(door.port, *(calls[at : at + size] for at in range(0, len(calls), size)))
            assert {1: "0", 3: "0", 5: "0"} == statuses(answers)


def test_padding_priority_and_continuation_are_read(running):
    """A head in pieces with priority and padding, and padded data, make a call like any other."""
    block = head(1)[9:]
    sent = [
        frame(FrameType.HEADERS, Flag.PADDED | Flag.PRIORITY, 1, b"\x03" + bytes(5) + block[:10] + bytes(3)),
        frame(FrameType.CONTINUATION, 0, 1, block[10:20]),
        frame(FrameType.CONTINUATION, Flag.END_HEADERS, 1, block[20:]),
        frame(FrameType.PRIORITY, 0, 1, bytes(5)),
        frame(FrameType.DATA, Flag.PADDED, 1, b"\x02" + MESSAGE + bytes(2)),
        frame(FrameType.DATA, Flag.END_STREAM, 1),
        frame(99, 0, 0, b"of a type to come"),
        whole(3),
    ]
    with running() as door:
        assert {1: "0", 3: "0"} == statuses(talk(door.port, *sent))


@pytest.mark.parametrize(
    ("call", "status"),
    [
        (head(1, path="/x/y") + frame(FrameType.DATA, Flag.END_STREAM, 1), "12"),
        (head(1, method="GET", flags=5), "405"),
        (head(1, kind="text/html", flags=5), "415"),
        (whole(1, MESSAGE, ("grpc-encoding", "br")), "12"),
        (whole(1, b"\x01\0\0\0\0"), "3"),
        (whole(1, b"\x02\0\0\0\0"), "3"),
        (whole(1, b""), "3"),
        (whole(1, b"\0\0\0\0\5abc"), "3"),
        (whole(1, MESSAGE * 2), "3"),
        (whole(1, b"\0\xff\xff\xff\xff"), "8"),
        (whole(1, b"\1\0\0\0\3abc", ("grpc-encoding", "gzip")), "3"),
        (head(1, ("x", "y")) + frame(FrameType.DATA, 0, 1, MESSAGE) + head(1, flags=5), "0"),
    ],
)
def test_a_call_that_is_none_is_refused_and_the_next_is_taken(running, call, status):
    """Each fault of one call has its status, and harms no other call of the connection."""
    with running() as door:
        assert {1: status, 3: "0"} == statuses(talk(door.port, call, whole(3)))


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(FrameType.DATA, 0, 1, b"x"), Code.PROTOCOL_ERROR),
        (frame(FrameType.DATA, 0, 0, b"x"), Code.PROTOCOL_ERROR),
        (head(2), Code.PROTOCOL_ERROR),
        (frame(FrameType.HEADERS, 0, 1, b"") + frame(FrameType.PING, 0, 0, bytes(8)), Code.PROTOCOL_ERROR),
        (frame(FrameType.CONTINUATION, 4, 1, b""), Code.PROTOCOL_ERROR),
        (frame(FrameType.PUSH_PROMISE, 0, 1, bytes(4)), Code.PROTOCOL_ERROR),
        (frame(FrameType.HEADERS, 4, 1, b"\xff\xff\xff\xff\x7f"), Code.COMPRESSION_ERROR),
        (
            frame(FrameType.HEADERS, 0, 1, b"") + frame(FrameType.CONTINUATION, 0, 1, bytes(60_000)) * 2,
            Code.ENHANCE_YOUR_CALM,
        ),
        (frame(FrameType.PING, 0, 0, b"1234567"), Code.FRAME_SIZE_ERROR),
        (frame(FrameType.SETTINGS, 0, 0, b"1234567"), Code.FRAME_SIZE_ERROR),
        (
            frame(FrameType.SETTINGS, 0, 0, struct.pack(">HI", Setting.INITIAL_WINDOW_SIZE, 2**31)),
            Code.FLOW_CONTROL_ERROR,
        ),
        (frame(FrameType.WINDOW_UPDATE, 0, 0, struct.pack(">I", 2**31 - 1)), Code.FLOW_CONTROL_ERROR),
        (struct.pack(">BHBBI", 255, 65535, FrameType.DATA, 0, 1), Code.FRAME_SIZE_ERROR),
        (
            b"".join(head(n) + frame(FrameType.RST_STREAM, 0, n, bytes(4)) for n in range(1, 2100, 2)),
            Code.ENHANCE_YOUR_CALM,
        ),
    ],
)
def test_a_broken_promise_ends_the_connection(running, sent, code):
    """What RFC 9113 forbids ends the connection with its code, and nothing else."""
    with running() as door:
        answers = talk(door.port, sent)
        goodbye = next(payload for kind, _, _, payload in answers if kind is FrameType.GOAWAY)

        assert code == struct.unpack_from(">I", goodbye, 4)[0]
        assert {1: "0"} == statuses(talk(door.port, whole(1)))


def test_what_is_no_http2_is_ended(running):
    """HTTP/1.1 at the gRPC port has an end, and is told which protocol is spoken."""
    with running() as door, socket.create_connection(("127.0.0.1", door.port), timeout=30) as sender:
        sender.sendall(b"POST /v1/traces HTTP/1.1\r\nHost: x\r\n\r\n")
        said = b""
        while part := sender.recv(65536):
            said += part

    assert b"this is no HTTP/2" in said


def test_noise_harms_nobody(running, caplog):
    """Random frames and random bytes never raise a fault of our own, and the next sender is served."""
    chance = random.Random(4)
    room = Room()
    with running(room=room) as door:
        for _ in range(150):
            noise = b"".join(
                frame(
                    chance.randrange(11),
                    chance.randrange(64),
                    chance.choice([0, 1, 1, 3]),
                    chance.randbytes(chance.randrange(40)),
                )
                if chance.random() < 0.7
                else head(chance.choice([1, 3, 5]))
                for _ in range(12)
            )
            talk(door.port, noise, chance.randbytes(20))
        assert {1: "0"} == statuses(talk(door.port, whole(1)))

    assert "fault of the collector's own" not in caplog.text
    assert (0, 0) == (room.bytes, room.requests)


def test_a_table_that_was_made_smaller_is_acknowledged(running):
    """Who makes our table of heads smaller reads at the next head's beginning that it is empty (RFC 7541, section 4.2)."""
    smaller = frame(FrameType.SETTINGS, 0, 0, struct.pack(">HI", Setting.HEADER_TABLE_SIZE, 0))
    with running() as door:
        answers = talk(door.port, smaller, whole(1), whole(3))
        heads = [payload for kind, _, _, payload in answers if kind is FrameType.HEADERS]

    assert [b"\x20", *[b"\x88", b"\x00"][: len(heads) - 1]][:1] == [heads[0][:1]]
    assert all(block[:1] != b"\x20" for block in heads[1:])


def test_a_sender_that_falls_silent_is_asked_to_come_again(running):
    """A call whose rest does not come is UNAVAILABLE, and its room is free again; an idle connection is ended with a good-bye."""
    room = Room()
    with (
        running(room=room, pace=PACE._replace(silence=0.1, idle=0.4)) as door,
        socket.create_connection(("127.0.0.1", door.port), timeout=30) as sender,
    ):
        sender.sendall(
            PREFACE + frame(FrameType.SETTINGS, 0, 0) + head(1) + frame(FrameType.DATA, 0, 1, b"\0\0\0\0\x09abc")
        )
        said = b""
        while part := sender.recv(65536):
            said += part
        answers = list(frames_of(said))

    assert {1: "14"} == statuses(answers)
    assert FrameType.GOAWAY in {kind for kind, *_ in answers}
    assert 0 == room.bytes


NO_WINDOW = frame(FrameType.SETTINGS, 0, 0, struct.pack(">HI", Setting.INITIAL_WINDOW_SIZE, 0))
PING = frame(FrameType.PING, 0, 0, bytes(8))


def drip(sender, pieces, until):
    """Sends a piece every now and then until something holds, for ten seconds at most; whether it came to hold."""
    sender.settimeout(0.01)
    pause = threading.Event()
    for _, piece in zip(range(500), pieces, strict=False):
        pause.wait(0.01)
        try:
            sender.sendall(piece)
            if until(sender.recv(65536)):
                return True
        except TimeoutError:
            if until(None):
                return True
        except ConnectionError:
            return until(b"")
    return False


@pytest.mark.parametrize(
    ("begin", "pieces"),
    [
        (PREFACE + NO_WINDOW + whole(1), itertools.repeat(PING)),
        (PREFACE[:1], (bytes([letter]) for letter in PREFACE[1:-1])),
    ],
    ids=["answers", "greeting"],
)
def test_what_a_sender_says_is_no_reason_to_wait_for_it_to_take_its_answers(running, begin, pieces):
    """Who opens no window for his answers, or never ends his greeting, is let go, though something comes from him all the time."""
    with (
        running(pace=PACE._replace(silence=0.2)) as door,
        socket.create_connection(("127.0.0.1", door.port)) as sender,
    ):
        sender.sendall(begin)
        assert drip(sender, pieces, lambda said: said == b"")


def test_who_finds_no_place_is_told_and_counted(running):
    """One connection too many gets a good-bye that asks it to calm down, and is no call that nobody knows of."""
    registry = CollectorRegistry()
    with running(most_connections=0, receiving=Receiving(registry)) as door:
        answers = talk(door.port)

    (goodbye,) = (payload for kind, _, _, payload in answers if kind is FrameType.GOAWAY)
    assert Code.ENHANCE_YOUR_CALM == int.from_bytes(goodbye[4:8])
    labels = {"door": "grpc", "reason": "unavailable"}
    assert 1 == registry.get_sample_value("fournines_refused_requests_total", labels)


def test_a_call_grows_old_though_answers_wait(running):
    """A call that does not become whole in time gives its room back, also on a connection whose answers are not taken."""
    room = Room()
    with (
        running(room=room, pace=PACE._replace(request=0.1)) as door,
        socket.create_connection(("127.0.0.1", door.port)) as sender,
    ):
        sender.sendall(PREFACE + NO_WINDOW + whole(1) + head(3) + frame(FrameType.DATA, 0, 3, b"\0\0\0\0\x09abc"))
        assert drip(sender, itertools.repeat(PING), lambda said: room.bytes)
        assert drip(sender, itertools.repeat(PING), lambda said: not room.bytes)


def test_padded_data_is_read_as_it_comes(running):
    """A padded frame, however it is cut, brings its content and nothing of its padding; one that pads more than it has is a fault."""
    data = frame(FrameType.DATA, Flag.PADDED, 1, b"\x64" + MESSAGE + bytes(100)) + frame(
        FrameType.DATA, Flag.END_STREAM, 1
    )
    call = head(1) + data
    with running() as door:
        for size in (1, 3, 50, 1000):
            assert {1: "0"} == statuses(talk(door.port, *(call[at : at + size] for at in range(0, len(call), size))))
        for broken in (b"\x05" + bytes(4), b""):
            answers = talk(door.port, head(1) + frame(FrameType.DATA, Flag.PADDED, 1, broken))
            assert FrameType.GOAWAY in {kind for kind, *_ in answers}
        assert {1: "0"} == statuses(
            talk(door.port, head(1), frame(FrameType.DATA, Flag.PADDED | Flag.END_STREAM, 1, b"\0" + MESSAGE))
        )


def test_a_padded_frame_is_not_gathered_in_memory(running):
    """What a padded frame brings takes room as it comes, like any other."""
    room = Room()
    with running(room=room) as door, socket.create_connection(("127.0.0.1", door.port), timeout=30) as sender:
        sender.sendall(PREFACE + frame(FrameType.SETTINGS, 0, 0) + head(1))
        whole_frame = frame(FrameType.DATA, Flag.PADDED, 1, b"\0\0" + struct.pack(">I", 900_000) + bytes(500_000))
        sender.sendall(whole_frame[:400_000])
        waiting, tries = threading.Event(), 0
        while room.bytes < 300_000 and (tries := tries + 1) < 2_000:
            waiting.wait(0.005)

        assert room.bytes >= 300_000


def test_heads_are_remembered_within_bounds():
    """However many different heads are made of references alone, a few are remembered."""
    heads = HeadReader()
    for one in range(0x81, 0xBE):
        for other in range(0x81, 0xBE):
            heads.decoded(bytes((one, other)))

    assert len(heads._known) <= MOST_KNOWN


def test_of_settings_said_many_times_the_last_counts(running):
    """A frame of settings is looked at as a whole: a window that was closed and opened again in it is open."""
    said = [SETTING.pack(Setting.INITIAL_WINDOW_SIZE, size) for size in (0, 5, 0, 65_535)]
    with running() as door:
        assert {1: "0"} == statuses(talk(door.port, frame(FrameType.SETTINGS, 0, 0, b"".join(said)), whole(1)))


def test_a_head_in_endless_pieces_is_refused(running):
    """A head in empty frames ends, though its bytes never reach a limit (CVE-2024-27316)."""
    with running() as door:
        answers = talk(door.port, head(1, flags=0), frame(FrameType.CONTINUATION, 0, 1) * 2_000)

    goodbye = next(payload for kind, _, _, payload in answers if kind is FrameType.GOAWAY)
    assert Code.ENHANCE_YOUR_CALM == struct.unpack(">I", goodbye[4:8])[0]
