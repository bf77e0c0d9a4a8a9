"""Laws of the bank itself: seven processes over real sockets, telemetry switched off."""

import json
import socket
import sys
from contextlib import ExitStack
from itertools import islice

import httpx
import pytest

from fournines.examples.fintech_edge.bank import NAMES
from fournines.examples.fintech_edge.faults import FaultSwitch
from fournines.examples.fintech_edge.load import visits
from fournines.examples.fintech_edge.ports import free_ports
from fournines.examples.fintech_edge.tally import Count


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The folder of the bank's stores."""
    return tmp_path_factory.mktemp("bank")


@pytest.fixture(scope="module")
def bank(run_server, data):
    """The URLs of the seven running services by name."""
    urls = {name: f"http://127.0.0.1:{port}" for name, port in zip(NAMES, free_ports(len(NAMES)), strict=True)}
    peers = [f"--peer={name}={url}" for name, url in urls.items()]
    with ExitStack() as running:
        for name, url in urls.items():
            command = [sys.executable, "-m", "fournines.examples.fintech_edge.services", name, "--data", data, *peers]
            ready, env = f"{url}/healthz", {"OTEL_SDK_DISABLED": "true"}
            running.enter_context(run_server([*command, "--port", url.rpartition(":")[2]], ready, env=env))
        yield urls


@pytest.fixture
def door(bank):
    """A customer's connection to the gateway."""
    with httpx.Client(base_url=bank["gateway"], trust_env=False, timeout=10) as http:
        yield http


def test_a_payment_moves_money_and_tells_everyone(door):
    """What is paid is off the account, among its transactions, in its spending and in a message to the customer."""
    before = door.get("/accounts/50").json()
    paid = door.post("/payments", json={"account_id": 50, "cents": 250, "payee": "shop"})

    assert 201 == paid.status_code
    assert before["cents"] - 250 == door.get("/accounts/50").json()["cents"]
    assert "Customer 50" == before["owner"]
    assert 250 == door.get("/accounts/50/transactions").json()[0]["cents"]
    assert "shop" == door.get(f"/payments/{paid.json()['id']}").json()["payee"]


def test_nobody_pays_what_he_does_not_have(door):
    """A debit beyond the balance is refused with 409 and changes nothing."""
    before = door.get("/accounts/1").json()["cents"]

    assert 409 == door.post("/payments", json={"account_id": 1, "cents": before + 1, "payee": "shop"}).status_code
    assert before == door.get("/accounts/1").json()["cents"]


@pytest.mark.parametrize(
    ("path", "status"),
    [("/users/1", 200), ("/users/999", 404), ("/accounts/999", 404), ("/payments/999999", 404), ("/x", 404)],
)
def test_the_gateway_passes_answers_on(door, path, status):
    """Statuses come through the gateway as the services gave them."""
    assert status == door.get(path).status_code


@pytest.mark.parametrize("way", ["/users/%2e%2e", "/accounts/%2e%2e/transactions", "/users/..%2Fhealthz"])
def test_the_gateway_has_no_way_behind_its_routes(bank, way):
    """What a customer writes where an id belongs never becomes another path of a service: it is no page at all."""
    host, port = bank["gateway"].removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 10) as raw:
        raw.sendall(f"GET {way} HTTP/1.1\r\nHost: bank\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: raw.recv(4096), b""))

    assert answer.startswith(b"HTTP/1.1 404")
    assert b'{"detail":"Not Found"}' in answer


def test_a_wrong_question_is_the_customers_fault(door):
    """A payment that makes no sense is a 4xx, which keeps the promise."""
    assert 422 == door.post("/payments", json={"account_id": 1, "cents": -5, "payee": "shop"}).status_code
    assert 404 == door.post("/payments", json={"account_id": 999, "cents": 5, "payee": "shop"}).status_code


def test_who_asks_too_often_is_throttled(door):
    """A fourth code within the minute is a 429."""
    assert [202, 202, 202, 429] == [door.post("/users/9/codes").status_code for _ in range(4)]


def test_an_outage_of_payments_is_one_of_payments(door, data):
    """While the switch is on payments fail for gateway and customer; the others, and its health route, do not."""
    fault = FaultSwitch(data, "payments")
    fault.switch_on()
    try:
        assert 503 == door.post("/payments", json={"account_id": 2, "cents": 1, "payee": "shop"}).status_code
        assert 503 == door.get("/payments/1").status_code
        assert 200 == door.get("/users/2").status_code
        assert 200 == door.get("/accounts/2").status_code
    finally:
        fault.switch_off()
    assert 201 == door.post("/payments", json={"account_id": 2, "cents": 1, "payee": "shop"}).status_code


def test_the_gateways_count_is_the_customers_count(door):
    """Whatever customers do, the gateway's own counter moves by exactly what they were answered."""
    before = Count.from_json(door.get("/tally").content)
    answered = Count()
    for visit in islice(visits(5, 50), 100):
        answered.add(door.request(visit.method, visit.path, json=visit.body).status_code, 0.0)
    after = Count.from_json(door.get("/tally").content)

    assert answered.statuses == after.statuses - before.statuses
    assert (answered.good, answered.bad) == (after.good - before.good, after.bad - before.bad)


def test_a_stopped_service_leaves_its_count(run_server, tmp_path):
    """SIGTERM ends a service with exit code 0, its count written."""
    port = free_ports(1)[0]
    command = [
        sys.executable,
        "-m",
        "fournines.examples.fintech_edge.services",
        "users",
        "--data",
        tmp_path,
        "--port",
        str(port),
    ]
    with run_server(command, f"http://127.0.0.1:{port}/healthz", env={"OTEL_SDK_DISABLED": "true"}) as server:
        with httpx.Client(trust_env=False) as http:
            http.get(f"http://127.0.0.1:{port}/users/1")
        code = server.stop()

    assert 0 == code
    assert 1 == json.loads((tmp_path / "users.tally.json").read_text())["good"]
