"""Laws of free ports."""

import socket

from fournines.examples.fintech_edge.ports import HIGHEST, LOWEST, free_ports


def test_ports_are_different_and_free():
    """Each of them can be bound, all at once, and none is where Linux takes ports for outgoing connections."""
    ports = free_ports(20)

    sockets = [socket.socket() for _ in ports]
    try:
        for bound, port in zip(sockets, ports, strict=True):
            bound.bind(("127.0.0.1", port))
    finally:
        for bound in sockets:
            bound.close()
    assert 20 == len(set(ports))
    assert all(LOWEST <= port <= HIGHEST for port in ports)
