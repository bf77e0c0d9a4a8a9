"""The data plane as one object: its addresses are its own from the beginning, and one set of tokens guards them all."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from fournines.collector import CollectorError
from fournines.collector.plan import Plan, Reception
from fournines.collector.plane import Plane

KERNELS = Path(os.environ["FOURNINES_KERNELS"])
TOKEN = "a token that may send"


@pytest.fixture
def plane(tmp_path, now, decoders):
    """Makes data planes that surely close."""

    @contextmanager
    def made(kernels=KERNELS, **reception):
        terms = Reception(http_port=0, grpc_port=0, **{"xray_port": 0} | reception)
        one = Plane(Plan(tmp_path / "data", kernels, terms), [], lambda: now, lambda: now, lambda: None, list)
        try:
            yield one
        finally:
            one.close()

    return made


def test_the_tokens_of_otlp_guard_remote_write(plane):
    """Who may not send by OTLP may not write either: 401 without a token; with one the request is looked at."""

    async def asked(one, **headers):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(one.write_app), base_url="http://x") as client:
            return (await client.post("/api/v1/write", headers=headers)).status_code

    with plane(tokens=(TOKEN,)) as one:
        assert 401 == asyncio.run(asked(one))
        assert 415 == asyncio.run(asked(one, authorization=f"Bearer {TOKEN}"))
    with plane() as one:
        assert 415 == asyncio.run(asked(one))


def test_addresses_are_let_go_where_the_plane_never_started(plane):
    """A plane that is closed, or could not be built, leaves its ports to the next one."""
    with plane() as one:
        port = one.http_port
    with socket.socket() as next_one:
        next_one.bind(("127.0.0.1", port))


def test_an_xray_port_that_was_asked_for_is_taken_with_the_others(plane, tmp_path):
    """One that somebody else listens on is said before there is a ledger."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        with pytest.raises(CollectorError, match=rf"{taken}.*--xray-port"), plane(xray_port=taken):
            pass

    assert not (tmp_path / "data").exists()
