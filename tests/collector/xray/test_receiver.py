"""The X-Ray port over real sockets: the real SDK runs against it unchanged, and whatever is lost is counted."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
import urllib.error
import urllib.request

import pytest
from aws_xray_sdk.core import AWSXRayRecorder
from aws_xray_sdk.core.context import Context
from aws_xray_sdk.core.sampling.connector import ServiceConnector
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client import CollectorRegistry

from fournines.collector import BadRequest, CollectorError, Receipt, Unavailable
from fournines.collector.columns import Source
from fournines.collector.xray import SamplingRule, XrayReceiver, gulp, reading, udp
from fournines.collector.xray.instruments import Instruments

ERROR = 2


@pytest.fixture
def recorder(start):
    """The X-Ray SDK's recorder, sampling everything, and the port it sends to."""
    port = start()
    made = AWSXRayRecorder()
    made.configure(
        service="payments",
        sampling=False,
        context=Context(),
        daemon_address=f"127.0.0.1:{port.number}",
        streaming_threshold=3,
        plugins=(),
    )
    yield made, port
    made.emitter._socket.close()


def pay(sdk: AWSXRayRecorder) -> None:
    """A request that calls others and fails."""
    with sdk.in_segment("payments") as segment:
        segment.put_http_meta("method", "POST")
        segment.put_http_meta("url", "https://bank.example/pay/42")
        segment.put_http_meta("status", 502)
        segment.put_annotation("tenant", "a")
        segment.put_metadata("cart", {"items": 3})
        for number in range(8):
            with sdk.in_subsegment(f"call-{number}", namespace="remote") as call:
                call.put_http_meta("status", 429 if number == 0 else 200)
        raise ValueError("no money")


def test_the_sdk_s_segments_arrive(recorder, attributes):
    """What the real SDK sends becomes spans: status, exception, annotations and metadata, nested and streamed subsegments."""
    sdk, port = recorder
    with pytest.raises(ValueError, match="no money"):
        pay(sdk)

    spans = port.inbox.wait(9)

    by_name = {span.name: span for _, span in spans}
    assert sorted(by_name) == [*(f"call-{number}" for number in range(8)), "payments"]
    assert {resource["service.name"] for resource, _ in spans} == {"payments"}
    root = by_name["payments"]
    assert (root.kind, root.status.code, root.events[0].name) == (2, ERROR, "exception")
    found = attributes(root.attributes)
    assert (found["http.response.status_code"], found["url.path"], found["tenant"]) == (502, "/pay/42", "a")
    assert {by_name[f"call-{number}"].parent_span_id for number in range(8)} == {root.span_id}
    assert attributes(by_name["call-0"].attributes)["http.response.status_code"] == 429
    assert port.inbox.sources == {Source.XRAY}
    assert port.readings["taken/subsegment"] == 8


def test_the_sdk_s_poller_gets_rules_and_targets(start):
    """The real SDK's connector reads the rules, reports on them, and gets a quota for each."""
    port = start(rules=(SamplingRule("pay", rate=1.0, path="/pay/*", priority=1), SamplingRule()))
    connector = ServiceConnector()
    connector.setup_xray_client("127.0.0.1", port.number, None)
    connector.context = Context()

    rules = connector.fetch_sampling_rules()
    targets, changed = connector.fetch_sampling_target(rules)

    assert [(rule.name, rule.rate, rule.priority) for rule in rules] == [("pay", 1.0, 1), ("Default", 0.05, 10_000)]
    assert {name: (target["rate"], target["quota"]) for name, target in targets.items()} == {
        "pay": (1.0, 1),
        "Default": (0.05, 1),
    }
    assert all(target["TTL"] > time.time() for target in targets.values())
    assert changed <= time.time()
    assert port.readings == {"polls//GetSamplingRules/answered": 1, "polls//SamplingTargets/answered": 1}
    connector._xray_client.close()


def ask(port, path: str, body: bytes = b"{}", method: str = "POST") -> tuple[int, dict, str | None]:
    """Status, JSON and error type of an answer over TCP."""
    request = urllib.request.Request(f"http://127.0.0.1:{port.number}{path}", data=body, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer), None
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused), refused.headers["x-amzn-errortype"]


@pytest.mark.parametrize(
    ("path", "body", "method", "status"),
    [
        ("/TraceSegments", b"{}", "POST", 404),
        ("/", b"{}", "POST", 404),
        ("/GetSamplingRules", b"{}", "PUT", 405),
        ("/GetSamplingRules", b"{", "POST", 400),
        ("/GetSamplingRules", b"[" * 100_000, "POST", 400),
        ("/SamplingTargets", b"[]", "POST", 400),
        ("/SamplingTargets", b"{}", "POST", 400),
        ("/SamplingTargets", b" " * 300_000, "POST", 413),
    ],
)
def test_what_is_not_served_gets_a_clean_error(start, path, body, method, status):
    """Every refusal is JSON with a message and X-Ray's name of the fault."""
    code, answer, kind = ask(start(), path, body, method)

    assert code == status
    assert answer["message"]
    assert kind in ("InvalidRequestException", "ResourceNotFoundException")


def test_a_report_on_an_unknown_rule_is_told(start):
    """Statistics of a rule there is not come back as unprocessed, the others are answered."""
    body = json.dumps({"SamplingStatisticsDocuments": [{"RuleName": "gone"}, {"RuleName": "Default"}, {}]}).encode()

    code, answer, _ = ask(start(), "/SamplingTargets", body)

    assert code == 200
    assert [target["RuleName"] for target in answer["SamplingTargetDocuments"]] == ["Default"]
    assert [one["RuleName"] for one in answer["UnprocessedStatistics"]] == ["gone", None]


@pytest.mark.parametrize(
    ("datagram", "reason"),
    [
        (b"", "header"),
        (b"hello", "header"),
        (b'{"format":"json","version":2}\n{}', "header"),
        (b'{"format":"json","version":true}\n{}', "header"),
        (b'{"format":"xml","version":1}\n{}', "header"),
        (b'{"format":7,"version":1}\n{}', "header"),
        (b"[]\n{}", "header"),
        (b'{"format":"json","version":1}', "empty"),
        (b'{"format":"json","version":1}\n \n', "empty"),
        (b'{"format":"json","version":1}\n{"name"', "json"),
        (b'{"format":"json","version":1}\n[]', "json"),
        (b'{"format":"json","version":1}\n{"name": "\xff"}', "json"),
        (b'{"format":"json","version":1}\n' + b'{"a":' * 10_000, "too_deep"),
        (b'{"format":"json","version":1}\n' + b"1" * 60_000, "json"),
        (b'{"format":"json","version":1}\nT1S!!!', "otlp"),
        (b'{"format":"json","version":1}\n{}', "trace_id"),
    ],
)
def test_every_dropped_datagram_is_counted_by_reason(start, datagram, reason):
    """Nobody can be told over UDP; the reason stands in a metric, and the next datagram is read."""
    port = start()
    port.send(datagram)

    assert port.wait(f"dropped/{reason}") == {"datagrams": 1, f"dropped/{reason}": 1}


def test_headers_are_read_as_json(start, segment):
    """Spaces, another order and another case in the header line are fine, as they are with AWS's daemon."""
    port = start()
    document = json.dumps(segment()).encode()
    port.send(b' {"version": 1, "format": "JSON"} \r\n' + document)

    assert [span.name for _, span in port.inbox.wait(1)] == ["payments"]


def test_otlp_in_base64_is_passed_on(start, now):
    """`T1S` and `T1U` carry an OTLP request: its bytes go to the intake as they are, sampled or not."""
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add(name="lambda", trace_id=b"t" * 16, span_id=b"s" * 8)
    span.end_time_unix_nano = int(now) * 10**9
    body = request.SerializeToString()
    port = start()

    for kind in (b"T1S", b"T1U"):
        port.send(b'{"format":"json","version":1}\n' + kind + base64.b64encode(body))
    port.inbox.wait(2)

    assert port.inbox.bodies == [body, body]
    assert port.readings == {"datagrams": 2, "taken/otlp": 2}


def test_what_the_intake_refuses_for_good_is_counted(start):
    """An OTLP request that can't be read is dropped for that reason."""
    port = start()
    port.inbox.answer = lambda body: BadRequest("no OTLP")
    port.send(b'{"format":"json","version":1}\nT1S' + base64.b64encode(b"nonsense"))

    port.wait("dropped/otlp")
    assert port.registry.get_sample_value("fournines_xray_waiting_bytes") == 0


def test_what_the_intake_has_no_room_for_comes_again(start, segment, datagram):
    """Over UDP nobody sends again, so the receiver does: until the intake has taken it, byte for byte."""
    port = start()
    tried = []
    port.inbox.answer = lambda body: (
        tried.append(body) or (Receipt(1) if len(tried) > 2 else Unavailable("full", retry_after=0))
    )
    port.send(datagram(segment()))

    port.inbox.wait(1)

    assert len(tried) == 3
    assert len(set(tried)) == 1


def test_beyond_its_bounds_documents_spill_over(start, segment, datagram, monkeypatch):
    """While the intake takes nothing, memory is bounded: what finds no room is dropped and counted, the rest comes later."""
    monkeypatch.setattr("fournines.collector.xray.courier.MOST_BYTES", 1)
    port = start()
    port.inbox.answer = lambda body: Unavailable("full", retry_after=0)
    port.send(datagram(segment()))
    wait_until(lambda: port.registry.get_sample_value("fournines_xray_waiting_bytes") > 0)
    port.send(*(datagram(segment()) for _ in range(3)))

    port.wait("dropped/spillover", 3)
    port.inbox.answer = lambda body: Receipt(1)
    port.inbox.wait(1)


def test_a_backlog_beyond_its_bounds_spills_over(start, segment, datagram, monkeypatch):
    """Datagrams that come faster than they are translated are bounded too."""
    monkeypatch.setattr(reading, "MOST_BACKLOG", 10)
    port = start()

    port.send(*(datagram(segment()) for _ in range(5)))

    port.wait("dropped/spillover", 5)


def test_many_documents_become_few_requests(start, segment, datagram):
    """Datagrams are gathered for some milliseconds, so that a commit carries many; all of them arrive."""
    port = start()
    for sent in range(100, 2_100, 100):  # no faster than the smallest receive buffer can bear
        port.send(*(datagram(segment()) for _ in range(100)))
        port.wait("datagrams", sent)

    port.inbox.wait(2_000)

    assert len(port.inbox.bodies) < 400
    assert port.readings == {"datagrams": 2_000, "taken/segment": 2_000}


def test_what_the_kernel_throws_away_is_counted(segment, datagram, monkeypatch):
    """Datagrams that overflow the socket's buffer before they are read are counted to the last one."""
    monkeypatch.setattr(udp, "BUFFER", 4_096)
    monkeypatch.setattr(udp, "_SO_RCVBUFFORCE", 0)  # unknown: refused
    registry = CollectorRegistry()
    source = udp.DatagramSocket("127.0.0.1", 0, Instruments(registry))
    body = datagram(segment())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(500):
            sender.sendto(body, ("127.0.0.1", source.port))
        read = len(source.read())
        assert read < 500
        sender.sendto(body, ("127.0.0.1", source.port))  # the kernel tells with the next one
        read += len(source.read())
    source.close()

    (dropped,) = (family.samples for family in registry.collect() if family.name == "fournines_xray_dropped")
    lost = {
        sample.labels["reason"]: sample.value for sample in dropped if sample.value and sample.name.endswith("_total")
    }
    assert {"socket_full": 501 - read} == lost


@pytest.mark.parametrize("kind", [gulp.Gulper, gulp.PlainGulper])
def test_both_ways_of_reading_bring_the_same(kind):
    """With one call for many or one for each: every datagram, in order, up to UDP's largest, and nothing when there is none."""
    sent = [b"", b"x" * 65_507, *(str(number).encode() for number in range(150))]
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as source,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        source.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**20)
        source.bind(("127.0.0.1", 0))
        source.settimeout(0)
        reader = kind(source)
        assert reader.read().datagrams == []
        found = []
        for one in sent:
            sender.sendto(one, source.getsockname())
        for _ in range(4):
            found += reader.read().datagrams

    assert found == sent


def test_stopping_brings_in_what_has_arrived(start, segment, subsegment, datagram):
    """A stop reads the kernel's queue to its end, lets waiting subsegments go on, and returns when all is counted."""
    port = start()
    lost = segment()
    orphan = subsegment(type="subsegment", trace_id=lost["trace_id"], parent_id=lost["id"])
    port.send(*(datagram(segment()) for _ in range(300)), datagram(orphan))

    start.stop(port)

    assert len(port.inbox.spans) == 301


def test_a_taken_port_is_told_clearly(start, inbox):
    """UDP or TCP in use by another process: the error names the port and the option, and nothing stays open."""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as other:
            other.bind(("127.0.0.1", 0))
            if kind == socket.SOCK_STREAM:
                other.listen()
            number = other.getsockname()[1]
            with pytest.raises(CollectorError, match=f"port {number}.*--xray-port"):
                XrayReceiver(
                    inbox.accept,
                    "127.0.0.1",
                    number,
                    registry=CollectorRegistry(),
                    clock=time.time,
                    stopwatch=time.monotonic,
                )


def test_a_fault_of_ours_does_not_end_the_reading(start, segment, datagram, monkeypatch, caplog):
    """One document that breaks the translation is dropped, counted and logged; those beside it arrive."""
    real = reading.read_segment

    def breaks(fields):
        if fields["name"] == "evil":
            raise ZeroDivisionError
        return real(fields)

    monkeypatch.setattr(reading, "read_segment", breaks)
    port = start()
    port.send(datagram(segment()), datagram(segment(name="evil")), datagram(segment()))

    assert [span.name for _, span in port.inbox.wait(2)] == ["payments", "payments"]
    assert port.wait("dropped/fault")["dropped/fault"] == 1
    assert "fault of the collector" in caplog.text


def wait_until(condition) -> None:
    """Waits for something another thread does."""
    waiting = threading.Event()
    for _ in range(1_000):
        if condition():
            return
        waiting.wait(0.01)
    raise AssertionError("it did not happen")
