"""Addresses: taken at once, listened on later, and said with the way out where they can't be had."""

from __future__ import annotations

import errno
import socket

import pytest

from fournines.collector import Address, CollectorError
from fournines.collector.doors.unix_address import UnixAddress


def test_a_port_in_use_is_said_with_the_way_out():
    """The error names host, port and the option that chooses another."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = rf"127\.0\.0\.1 port {port}: the port is in use by another process; .* --otlp-http-port"
        with pytest.raises(CollectorError, match=said):
            Address("127.0.0.1", port, "--otlp-http-port")


@pytest.mark.parametrize("host", ["256.0.0.1", "203.0.113.1"])
def test_an_address_that_is_not_ours_is_said(host):
    """A host that can't be had is a CollectorError that names it."""
    with pytest.raises(CollectorError, match=host.replace(".", r"\.")):
        Address(host, 0, "--otlp-http-port")


def test_an_address_is_taken_before_it_is_listened_on():
    """Whoever starts long has its port from the beginning; until it listens who connects is refused, not kept waiting."""
    address = Address("127.0.0.1", 0, "--port")
    with socket.socket() as sender:
        assert errno.ECONNREFUSED == sender.connect_ex(("127.0.0.1", address.port))
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", address.port))
    with address.listen(), socket.socket() as sender:
        assert 0 == sender.connect_ex(("127.0.0.1", address.port))


def test_of_two_that_start_at_once_the_slower_is_told():
    """An address that another process listens on meanwhile is said as one in use, by the option that chooses another."""
    first = Address("127.0.0.1", 0, "--port")
    second = Address("127.0.0.1", first.port, "--port")
    first.listen()
    with pytest.raises(CollectorError, match=rf"port {first.port}: the port is in use .* --port"):
        second.listen()
    first.close()
    second.close()


def test_the_socket_of_a_dead_process_is_replaced(tmp_path):
    """A path that nobody listens on any more does not keep the next one from starting; one that somebody does is left to him."""
    path = tmp_path / "otlp.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    address = UnixAddress(path)
    with pytest.raises(CollectorError, match=r"otlp\.sock"):
        UnixAddress(path)
    assert 0o660 == path.stat().st_mode & 0o777
    address.close()

    assert not path.exists()


def test_a_path_let_go_is_left_to_the_next_one(tmp_path):
    """Closed twice, an address takes away no socket that is somebody else's by then."""
    first = UnixAddress(tmp_path / "otlp.sock")
    first.close()
    second = UnixAddress(tmp_path / "otlp.sock")
    first.close()

    assert (tmp_path / "otlp.sock").is_socket()
    second.close()
