"""A fault of the collector's own is counted wherever it happens at a door, once, and its sender is not left without a word."""

from __future__ import annotations

import http.client
import time

import pytest

from fournines.collector import HttpDoor, Terms
from fournines.collector.doors.http.connection import HttpConnection

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def faults():
    """A one for each fault that was counted."""
    return []


@pytest.fixture
def door(serving, keeper, faults):
    """A door whose faults are counted."""
    terms = Terms(keeper().accept, time.time, on_fault=lambda: faults.append(1))
    with serving(lambda: HttpDoor(terms, "127.0.0.1", 0, option="--otlp-http-port")) as door:
        yield door


def status(door, patience=30):
    """What an export is answered with; None where the connection ends instead, or nothing comes for `patience` seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=patience)
    try:
        connection.request("POST", "/v1/traces", b"{}", JSON)
        return connection.getresponse().status
    except (http.client.HTTPException, OSError):
        return None
    finally:
        connection.close()


def broken(*_args, **_kwargs):
    raise ZeroDivisionError


def test_a_fault_before_a_request_is_handed_on_is_counted(door, faults, monkeypatch):
    """Whoever takes requests in raises what is none of its errors."""
    monkeypatch.setattr(door, "hand_on", broken)

    assert (500, [1]) == (status(door), faults)


def test_a_fault_of_a_connection_is_counted(door, faults, monkeypatch):
    """Reading itself fails, and the connection is given up."""
    monkeypatch.setattr(HttpConnection, "_take", broken)

    assert (None, [1]) == (status(door), faults)


def test_a_fault_of_an_answer_is_counted(door, faults, monkeypatch):
    """A request is kept and can't be answered: its sender waits in vain, and the door says so."""
    monkeypatch.setattr(HttpConnection, "answer", broken)

    assert status(door, patience=1) is None
    until = time.monotonic() + 30
    while not faults and time.monotonic() < until:
        time.sleep(0.01)
    assert [1] == faults


def test_a_fault_that_was_counted_where_it_happened_is_not_counted_again(serving, keeper, faults):
    """What the future raises was counted by who raised it: one fault is one in the metric."""
    terms = Terms(keeper(error=ZeroDivisionError()).accept, time.time, on_fault=lambda: faults.append(1))
    with serving(lambda: HttpDoor(terms, "127.0.0.1", 0, option="--otlp-http-port")) as door:
        assert (500, []) == (status(door), faults)


def test_a_request_that_is_refused_for_what_it_says_is_no_fault(door, faults):
    """Unsound bytes are their sender's."""
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=30)
    connection.request("POST", "/v1/traces", b"{", JSON)

    assert (400, []) == (connection.getresponse().status, faults)
    connection.close()
