"""The client: a method for every endpoint, and one tree of errors."""

import json
import re

import httpx
import pytest

from fournines.client import Client, ClientError, NotACollector, Refused, Unreachable, connection, every_page

SAID = {"author": "ana", "reason": "a drill"}
CALLS = {
    "GET /api/v1/slos": lambda client: client.slos(service="pay", state="burning"),
    "GET /api/v1/slos/{name}": lambda client: client.slo("a/b c"),
    "GET /api/v1/slos/{name}/explain": lambda client: client.explain("a"),
    "GET /api/v1/slos/{name}/history": lambda client: client.history("a", 0, 60, 10),
    "GET /api/v1/slos/{name}/contributors": lambda client: client.contributors("a", 0, 60),
    "GET /api/v1/declarations": lambda client: client.declarations("pay"),
    "GET /api/v1/alerts": lambda client: (client.alerts(), client.past_alerts(since=0))[0],
    "GET /api/v1/alerts/{alert}": lambda client: client.alert("slo/a/page"),
    "POST /api/v1/alerts/{alert}/acknowledge": lambda client: client.acknowledge("slo/a/page", {"duration": "1h"}),
    "DELETE /api/v1/alerts/{alert}/acknowledge": lambda client: client.unacknowledge(7, "ana"),
    "POST /api/v1/alerts/{alert}/notes": lambda client: client.note(7, "ana", "a drill"),
    "POST /api/v1/alerts/{number}/verdict": lambda client: client.judge(7, "ana", useful=True),
    "GET /api/v1/silences": lambda client: client.silences(5),
    "POST /api/v1/silences": lambda client: client.silence(SAID),
    "DELETE /api/v1/silences/{number}": lambda client: client.end_silence(3, **SAID),
    "GET /api/v1/corrections": lambda client: client.corrections("a"),
    "POST /api/v1/corrections": lambda client: client.correct(SAID),
    "DELETE /api/v1/corrections/{number}": lambda client: client.end_correction(3, **SAID),
    "GET /api/v1/deployments": lambda client: client.deployments("pay", 60),
    "POST /api/v1/deployments": lambda client: client.deploy({"service": "pay"}),
    "POST /api/v1/gate": lambda client: client.gate("pay", "7"),
    "POST /api/v1/gate/overrides": lambda client: client.override_gate("pay", "7", **SAID),
    "GET /api/v1/report": lambda client: client.report("2026-10"),
    "GET /api/v1/traces": lambda client: client.traces(state="failed"),
    "GET /api/v1/traces/{trace_id}": lambda client: client.trace("0" * 32),
    "GET /api/v1/audit": lambda client: client.audit(),
    "GET /healthz": lambda client: client.alive(),
    "GET /readyz": lambda client: client.ready(),
}


@pytest.fixture
def answered(monkeypatch):
    """Has every question answered by a function; gives a client, and what it asks."""
    made = httpx.Client

    def serve(answer):
        asked = []

        def handle(request):
            asked.append(request)
            return answer(request)

        transport = httpx.MockTransport(handle)
        monkeypatch.setattr(
            connection.httpx, "Client", lambda **said: made(base_url=said["base_url"], transport=transport)
        )
        return Client("http://slo.example"), asked

    return serve


def test_there_is_a_method_for_every_endpoint(root):
    """Those of the developer's page, which are all that a collector has."""
    listed = re.findall(
        r"^\| `((?:GET|POST|DELETE) [^`]+)`", (root / "docs" / "service-developer.md").read_text(), re.MULTILINE
    )

    assert sorted(listed) == sorted(CALLS)


@pytest.mark.parametrize("endpoint", CALLS)
def test_each_asks_its_endpoint(answered, endpoint):
    """By its method and path; something else's answer is no collector's."""
    client, asked = answered(lambda request: httpx.Response(200, json={}))
    with pytest.raises(NotACollector):
        CALLS[endpoint](client)
    method, path = endpoint.split()
    pattern = re.sub(r"\\{\w+\\}", ".+", re.escape(path))

    assert method == asked[0].method
    assert re.fullmatch(pattern, asked[0].url.path)


def test_names_are_parts_of_an_address(answered):
    """Whatever they hold, nobody else's SLO is asked for."""
    client, asked = answered(lambda request: httpx.Response(200, json={}))
    with pytest.raises(NotACollector):
        client.slo("a? b#%/c")

    assert b"/api/v1/slos/a%3F%20b%23%25/c" == asked[0].url.raw_path


@pytest.mark.parametrize(
    ("status", "body", "detail"),
    [
        (404, '{"type": "about:blank", "title": "Not Found", "status": 404, "detail": "no such SLO"}', "no such SLO"),
        (502, "<html>", "it answers 502 Bad Gateway: <html>"),
        (307, "", "it answers 307 Temporary Redirect"),
        (422, '{"detail": [1]}', 'it answers 422 Unprocessable Entity: {"detail": [1]}'),
    ],
)
def test_a_refusal_says_which_and_why(answered, status, body, detail):
    """As the collector says it; what stands between may say it otherwise."""
    client, _ = answered(lambda request: httpx.Response(status, text=body))
    with pytest.raises(Refused) as refused:
        client.slos()

    assert (status, detail) == (refused.value.status, str(refused.value))
    assert isinstance(refused.value, ClientError)


@pytest.mark.parametrize("body", ["", "<html>", "[]", "null", '{"slos": {}}', '{"slos": [{"name": "a"}]}'])
def test_what_is_no_collector_is_said_to_be_none(answered, body):
    """It may speak JSON too."""
    client, _ = answered(lambda request: httpx.Response(200, text=body))
    with pytest.raises(NotACollector):
        client.slos()


@pytest.mark.parametrize(
    "url", ["nope", "http://127.0.0.1:pages", "http://127.0.0.1:9", "x://\0", f"https://{'a' * 64}"]
)
def test_who_can_not_be_asked_is_unreachable(url):
    """Nobody listens, or the address can be none."""
    with pytest.raises(Unreachable):
        Client(url, timeout=2).slos()


def test_pages_end_where_nothing_follows(answered):
    """Each is asked for by the cursor of the one before."""
    pages = {None: {"audit": [], "next": "a"}, "a": {"audit": [], "next": "b"}, "b": {"audit": [], "next": None}}
    client, asked = answered(
        lambda request: httpx.Response(200, content=json.dumps(pages[request.url.params.get("cursor")]))
    )

    assert 3 == len(list(every_page(lambda cursor: client.audit(cursor=cursor))))
    assert [None, "a", "b"] == [request.url.params.get("cursor") for request in asked]
