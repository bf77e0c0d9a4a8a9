"""free_ports: loopback ports nobody listens on."""

import random
import socket
from contextlib import ExitStack

__all__ = ["free_ports"]

# below the range from which Linux takes ports for outgoing connections, so that none of those gets in between
LOWEST, HIGHEST = 15000, 32000


def free_ports(count: int) -> list[int]:
    """`count` different free TCP ports of 127.0.0.1; another process may still take one before it is used."""
    chosen: list[int] = []
    with ExitStack() as held:
        while len(chosen) < count:
            port = random.SystemRandom().randint(LOWEST, HIGHEST)
            taken = held.enter_context(socket.socket())
            try:
                taken.bind(("127.0.0.1", port))
            except OSError:
                continue
            chosen.append(port)
    return chosen
