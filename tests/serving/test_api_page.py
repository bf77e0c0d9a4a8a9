"""docs/api.md beside what a collector answers that has something to say everywhere."""

import contextlib
import json
import re
import time

import httpx
import pytest

from fournines.alerts.acknowledgement import Acknowledgement
from fournines.alerts.schema import connect

SECTION = re.compile(r"^## (.*)$", re.MULTILINE)
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def _attributes(**texts):
    return [{"key": key.replace("__", "."), "value": {"stringValue": text}} for key, text in texts.items()]


def _bodies():
    """What a service says of itself: a failed request, what it logged meanwhile, and what it promises."""
    now = time.time_ns()
    resource = {"attributes": _attributes(service__name="shop", service__instance__id="shop-1", service__version="7")}
    failed = {
        "traceId": TRACE,
        "spanId": SPAN,
        "name": "GET /pay",
        "kind": 2,
        "startTimeUnixNano": str(now - 10**6),
        "endTimeUnixNano": str(now),
        "attributes": _attributes(http__route="/pay", http__response__status_code="500", error__type="500"),
        "events": [{"name": "exception", "timeUnixNano": str(now)}],
    }
    others = [{**failed, "spanId": f"{number:016x}"} for number in range(1, 5)]
    record = {"timeUnixNano": str(now), "traceId": TRACE, "spanId": SPAN, "body": {"stringValue": "no"}}
    promise = {
        f"fournines.slo.{key}": text for key, text in {"name": "pay", "kind": "availability", "target": "0.99"}.items()
    }
    points = [{"timeUnixNano": str(now), "asInt": "1", "attributes": _attributes(**promise)}]
    metric = {"name": "fournines.slo.declared", "gauge": {"dataPoints": points}}
    return {
        "metrics": {"resourceMetrics": [{"resource": resource, "scopeMetrics": [{"metrics": [metric]}]}]},
        "logs": {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record]}]}]},
        "traces": {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [failed, *others]}]}]},
    }


def _eventually(ask, path, key):
    """What is answered once there is something below the key."""
    deadline = time.monotonic() + 30
    while not (answer := ask(path))[key]:
        assert time.monotonic() < deadline, f"nothing below {key} of {path}"
        time.sleep(0.1)
    return answer


def _corrected(collector):
    """What is answered once something is corrected."""
    said = {"author": "ana", "reason": "patches"}
    moment = {"start": "2026-01-31T02:00:00Z", "duration": "1h"}
    httpx.post(
        f"{collector.url}/api/v1/corrections", json={"slo": "shop-availability", **moment, **said}
    ).raise_for_status()
    return collector.get("/api/v1/corrections")


def _answered(collector):
    """What is answered once somebody has every open alert, and wrote something down."""
    answer = _eventually(collector.get, "/api/v1/alerts", "alerts")
    while waiting := [alert for alert in answer["alerts"] if not (alert["acknowledged"] and alert["notes"])]:
        for alert in waiting:
            url = f"{collector.url}/api/v1/alerts/{alert['number']}"
            httpx.post(f"{url}/acknowledge", json={"author": "ana", "duration": "1h"}).raise_for_status()
            httpx.post(f"{url}/notes", json={"author": "ana", "text": "a drill"}).raise_for_status()
        answer = collector.get("/api/v1/alerts")
    return answer


def _ended(collector):
    """What is answered of an alert that is over, which somebody had, noted and judged: none ends within minutes by itself."""
    taken = Acknowledgement("ana", 2.0, 3.0).to_text()
    why = json.dumps([["telling", "told", "told at 1970-01-01T00:00:01Z", 1.0]])
    with contextlib.closing(connect(collector.data / "ledger.db")) as connection:
        connection.execute(
            "INSERT INTO alert (number, kind, name, slo, service, labels, reason, summary, since, told, told_at,"
            " decisions, answered, resolved)"
            " VALUES (999, 'page', 'a', 'a', 's', '{}', 'why', 'what', 1, 1, 1, ?, ?, ?)",
            (why, taken, time.time()),
        )
        connection.execute("INSERT INTO alert_note (incident, at, author, text) VALUES (999, 2, 'ana', 'a drill')")
    said = {"useful": False, "author": "ana", "note": "a drill"}
    httpx.post(f"{collector.url}/api/v1/alerts/999/verdict", json=said).raise_for_status()
    return collector.get("/api/v1/alerts?state=ended&slo=a")


def _silenced(collector):
    """What is answered once something is silenced."""
    said = {"service": "shop", "duration": "1h", "author": "ana", "reason": "a drill"}
    httpx.post(f"{collector.url}/api/v1/silences", json=said).raise_for_status()
    return collector.get("/api/v1/silences")


def _released(collector):
    """What is answered once something went out."""
    said = {"service": "shop", "version": "7", "start": int(time.time()) - 60, "end": int(time.time())}
    httpx.post(f"{collector.url}/api/v1/deployments", json=said).raise_for_status()
    return collector.get("/api/v1/deployments")


def _gated(collector):
    """What the gate answers of a version that is let pass."""
    asked = {"service": "shop", "version": "7"}
    said = {"author": "ana", "reason": "a drill"}
    httpx.post(f"{collector.url}/api/v1/gate/overrides", json=asked | said).raise_for_status()
    return httpx.post(f"{collector.url}/api/v1/gate", json=asked).raise_for_status().json()


def _reported(collector):
    """The report of this year, in which all of that happened; its services are told of by keys of their own."""
    answer = collector.get(f"/api/v1/report?period={time.gmtime().tm_year}")
    return answer | {"services": answer["services"][0]}


@pytest.fixture
def answers(collector, running):
    """Every answer there is, by the heading under which the page tells of it."""
    with running(collector):
        for signal, body in _bodies().items():
            posted = collector.post(signal, json.dumps(body).encode(), **{"Content-Type": "application/json"})
            assert posted.status_code == 200
        slo = "/api/v1/slos/shop-availability"
        alerts = _answered(collector)
        traces = _eventually(collector.get, "/api/v1/traces", "traces")
        trace = _eventually(collector.get, f"/api/v1/traces/{TRACE}", "logs")
        return {
            "`/api/v1/slos` and `/api/v1/slos/{name}`": collector.get(slo) | {"alerts": None},
            "`forecast` of `/api/v1/slos/{name}`": collector.get(slo)["forecast"],
            "`/api/v1/slos/{name}/explain`": collector.get(f"{slo}/explain"),
            "`/api/v1/slos/{name}/history?from=&to=&step=`": collector.get(f"{slo}/history"),
            "`/api/v1/slos/{name}/contributors?from=&to=`": collector.get(f"{slo}/contributors"),
            "`/api/v1/alerts`": alerts,
            "`/api/v1/alerts?state=&since=&until=&slo=&service=&limit=&cursor=`": _ended(collector),
            "`/api/v1/silences?past=`": _silenced(collector),
            "`/api/v1/corrections?slo=`": _corrected(collector),
            "`/api/v1/gate`": _gated(collector),
            "`/api/v1/deployments?service=&from=&to=`": _released(collector),
            "`/api/v1/report?period=&zone=&service=`": _reported(collector),
            "`/api/v1/audit?limit=&before=`": collector.get("/api/v1/audit"),
            "`/api/v1/declarations?service=`": collector.get("/api/v1/declarations"),
            "`/api/v1/traces?service=&route=&state=&limit=`": traces,
            "`/api/v1/traces/{id}`": trace,
            "`/healthz` and `/readyz`": collector.get("/healthz") | collector.get("/readyz"),
        }


def _keys(answer, shown, path=""):
    """The keys of an answer as the page writes them; below `a.*` keys are data."""
    match answer:
        case dict() if f"{path}*" in shown:
            yield f"{path}*"
        case dict():
            for key, value in answer.items():
                yield from _keys(value, shown, f"{path}{key}.")
        case [dict(), *_]:
            for each in answer:
                yield from _keys(each, shown, path)
        case _:
            yield path.removesuffix(".")


def test_every_key_is_on_the_page_and_every_key_of_the_page_is_given(answers, root):
    """Nobody has to guess what a number means, and nobody reads of one that never comes."""
    titles = SECTION.split((root / "docs" / "api.md").read_text())[1:]
    page = dict(zip(titles[::2], titles[1::2], strict=True))
    rows = {title: re.findall(r"^\| (`.*?) \|", text, re.MULTILINE) for title, text in page.items()}
    shown = {title: set(re.findall(r"`([^`]+)`", " ".join(found))) for title, found in rows.items()}

    assert {title: set(_keys(answer, shown[title])) for title, answer in answers.items()} == shown
