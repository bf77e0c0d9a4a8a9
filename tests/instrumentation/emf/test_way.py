"""Where lines of embedded metrics go: what is written whole, and what is an error."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import threading

import pytest

from fournines.instrumentation.emf.way import File, Stdout, Tcp, TooLarge, Udp, way


def test_stdout_is_the_one_of_the_time_and_a_closed_one_is_away():
    """Whoever replaces it gets the lines; one that is closed, or none, is an error like any other."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        Stdout().write("{}", 1)
    assert out.getvalue() == "{}\n"
    out.close()
    for gone in (out, None):
        with contextlib.redirect_stdout(gone), pytest.raises(OSError, match="standard output"):
            Stdout().write("{}", 1)


def test_a_reader_that_hangs_does_not_hang_us():
    """A pipe nobody reads is waited for no longer than the time-out."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        os.set_blocking(writing, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writing, b"x" * 4096)
        with contextlib.redirect_stdout(stream), pytest.raises(OSError, match="takes nothing"):
            Stdout().write("{}", 0.01)
    os.close(reading)


def test_a_file_may_be_rotated(tmp_path):
    """It is opened for every line: one that was moved away goes on under its name."""
    to = File(tmp_path / "emf.log")
    to.write("1", 1)
    (tmp_path / "emf.log").rename(tmp_path / "emf.log.1")
    to.write("2", 1)

    assert ((tmp_path / "emf.log.1").read_text(), (tmp_path / "emf.log").read_text()) == ("1\n", "2\n")
    with pytest.raises(OSError, match="No such file"):
        File(tmp_path / "nowhere" / "x").write("1", 1)


def test_the_agent_s_tcp_port_gets_lines_also_after_it_was_restarted():
    """One connection; when it breaks the line is an error, and the next one opens another."""
    server = socket.create_server(("127.0.0.1", 0))
    port, got = server.getsockname()[1], []

    def serve():
        peer, _ = server.accept()
        with peer, peer.makefile() as file:
            got.append(file.readline())

    to = Tcp("127.0.0.1", port)
    for number in (1, 2):
        thread = threading.Thread(target=serve)
        thread.start()
        to.write(f"{number}", 5)
        thread.join()
        to.close()
    server.close()
    with pytest.raises(OSError, match="refused"):
        to.write("3", 1)

    assert got == ["1\n", "2\n"]


def test_the_agent_s_udp_port_gets_a_datagram_a_line():
    """And what no datagram holds is never sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        to = Udp("127.0.0.1", server.getsockname()[1])
        to.write("{}", 5)
        assert server.recv(100) == b"{}\n"
        with pytest.raises(TooLarge):
            to.write("x" * 70_000, 5)
        to.close()


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("stdout", Stdout), ("/var/log/emf.log", File), ("file:///var/log/emf.log", File), ("tcp://127.0.0.1:25888", Tcp),
        ("udp://[::1]", Udp), ("http://x", None), ("tcp://", None), ("tcp://x:port", None), ("emf", None),
    ],
)  # fmt: skip
def test_an_address_means_a_way_or_is_said_to_mean_none(address, kind, caplog):
    """What is none is logged, and embedded metrics are off."""
    found = way(address)

    assert (type(found) if found is not None else None) is kind
    assert (address in caplog.text) is (kind is None)
