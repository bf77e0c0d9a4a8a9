"""Request bodies by chance: well-formed ones full of corner cases, and mutations of them. And what two decoders make of one."""

from __future__ import annotations

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList

from fournines.collector.columns import Spans
from fournines.collector.errors import BadRequest

KEYS = (
    "http.route", "http.response.status_code", "error.type", "http.request.method", "otel.status_code", "user.id", "",
    "url.path", "http.target", "url.full", "http.url", "url.scheme",
)  # fmt: skip
TEXTS = (
    "", "GET", "ERROR", "/healthz", "/healthz/?full=1", "http://10.0.0.7:8000/readyz#top", "/payments/{id}", "7", "ä€𐍈",
    "https://[::1/ping", "://x/live", "x:/y//status", "/metrics//",
)  # fmt: skip
STATES = (
    "", "ot=th:8", "ot=th:fd70a4;rv:0123", " ot=rv:1;th:c , x=y", "a=b,ot=th:0", "ot=th:", "ot=th:123456789abcdef",
    "ot=th:G", "ot", "ot=th:ABC", "ot=th:1 ,ot=th:2",
)  # fmt: skip
IDS = (b"", b"\x01" * 16, b"\xff" * 16, b"\x02" * 8, b"\x80" * 8, b"123")
TIMES = (0, 1, 2, 1_790_000_000_000_000_000, 2**63 - 1, 2**63, 2**64 - 1)
SNIPPETS = (
    b"\x0b\x08\x01\x0c", b"\x0b\x0b\x0c\x0c", b"\x0b", b"\x0c", b"\x0e", b"\x0f", b"\x00", b"\x07", b"\x88\x80\x80\x80\x10\x01",
    b"\xf8\xff\xff\xff\x0f\x05", b"\x10" + b"\xff" * 9 + b"\x01", b"\x10" + b"\xff" * 9 + b"\x7f", b"\x10" + b"\xff" * 10,
    b"\x0a\x80\x00", b"\x0a\x80\x80\x80\x80\x00", b"\x0a\x80\x80\x80\x80\x80\x00", b"\x0a\xff\xff\xff\xff\x0f", b"\x12\x00",
    b"\x0a\x00", b"\x7a\x02\x18\x02", b"\x7a\x00", b"\x22\x03abc", b"\x1a\x01\xff", b"\x2a\x02\xc3\xa4", b"\x2a\x02\xc3\x28",
    b"\x09" + b"\0" * 8, b"\x0d" + b"\0" * 4, b"\x8a\x00\x00", b"\x4a\x00", b"\x4a\x04\x0a\x00\x12\x00",
)  # fmt: skip


def value(random, depth=0):
    """A value of any kind."""
    kind = random.randrange(9 if depth < 3 else 6)
    if kind < 3:
        return AnyValue(string_value=random.choice(TEXTS))
    if kind == 3:
        return AnyValue(int_value=random.choice((0, 1, 200, 503, -1, 2**63 - 1, -(2**63))))
    if kind == 4:
        return AnyValue(double_value=random.choice((0.0, -0.0, 1.0, 0.1, float("nan"), float("inf"), 5e-324)))
    if kind == 5:
        return random.choice(
            (AnyValue(), AnyValue(bool_value=True), AnyValue(bool_value=False), AnyValue(bytes_value=b"\xff"))
        )
    if kind == 6:
        return AnyValue(array_value=ArrayValue(values=[value(random, depth + 1) for _ in range(random.randrange(3))]))
    if kind == 7:
        return AnyValue(kvlist_value=KeyValueList(values=attributes(random, depth + 1)))
    return AnyValue(string_value_strindex=3)


def attributes(random, depth=0):
    """Some attributes, a key twice among them now and then."""
    return [KeyValue(key=random.choice(KEYS), value=value(random, depth)) for _ in range(random.randrange(6))]


def traces(random):
    """A request of spans."""
    request = ExportTraceServiceRequest()
    for _ in range(random.randrange(1, 3)):
        resource = request.resource_spans.add(schema_url=random.choice(("", "https://schema")))
        if random.random() < 0.8:
            resource.resource.attributes.extend(attributes(random))
        for _ in range(random.randrange(3)):
            scope = resource.scope_spans.add()
            scope.scope.attributes.extend(attributes(random))
            for _ in range(random.randrange(4)):
                span = scope.spans.add(
                    trace_id=random.choice(IDS[:3]),
                    span_id=random.choice((b"", IDS[3])),
                    parent_span_id=random.choice((b"", IDS[4])),
                    trace_state=random.choice(STATES) if random.random() < 0.3 else "",
                    name=random.choice(TEXTS),
                    kind=random.choice((0, 1, 2, 3, 17, -1)),
                    start_time_unix_nano=random.choice(TIMES),
                    end_time_unix_nano=random.choice(TIMES),
                    attributes=attributes(random),
                )
                if random.random() < 0.3:
                    span.status.code, span.status.message = random.choice((0, 1, 2, 9)), random.choice(TEXTS)
                if random.random() < 0.2:
                    span.events.add(name=random.choice(TEXTS), attributes=attributes(random))
                    span.links.add(trace_id=b"any", trace_state="x", attributes=attributes(random))
                if random.random() < 0.05:
                    span.span_id = b"123"
    return request.SerializeToString()


def logs(random):
    """A request of log records."""
    request = ExportLogsServiceRequest()
    for _ in range(random.randrange(1, 3)):
        resource = request.resource_logs.add()
        if random.random() < 0.8:
            resource.resource.attributes.extend(attributes(random))
        for _ in range(random.randrange(3)):
            scope = resource.scope_logs.add()
            for _ in range(random.randrange(4)):
                scope.log_records.add(
                    time_unix_nano=random.choice(TIMES),
                    observed_time_unix_nano=random.choice(TIMES),
                    severity_number=random.choice((0, 9, 17, 24, 99, -1)),
                    severity_text=random.choice(TEXTS),
                    body=value(random),
                    attributes=attributes(random),
                    trace_id=random.choice(IDS[:3]),
                    span_id=random.choice((b"", IDS[3])),
                    event_name=random.choice(TEXTS),
                )
    return request.SerializeToString()


def mutated(body, random):
    """The body with a few things changed."""
    changed = bytearray(body)
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        at = random.randrange(len(changed) + 1)
        match random.randrange(8):
            case 0 | 1 if changed:
                changed[at - 1] = random.randrange(256)
            case 2 if changed:
                changed[at - 1] = (changed[at - 1] + random.choice((1, -1, 128, 8))) % 256
            case 3:
                del changed[at : at + random.randrange(1, 5)]
            case 4:
                changed[at:at] = random.choice(SNIPPETS)
            case 5:
                changed[at:at] = changed[at : at + random.randrange(1, 40)]
            case 6 if random.random() < 0.3:
                del changed[at:]
            case 7 if random.random() < 0.3:
                changed += body
    return bytes(changed)


def grafted(body, random, depth=0):
    """The body with one field more in one of its messages, and all sizes right: unknown, doubled, of another type, of a message merged."""
    fields = split(body)
    deeper = [place for place, (field, content) in enumerate(fields) if content is not None and content]
    if depth < 6 and deeper and random.random() < 0.8:
        place = random.choice(deeper)
        field, content = fields[place]
        fields[place] = (field, grafted(content, random, depth + 1))
    else:
        graft = (random.choice(SNIPPETS), None) if not fields or random.random() < 0.6 else random.choice(fields)
        fields.insert(random.randrange(len(fields) + 1), graft)
    return b"".join(field if content is None else field + varint(len(content)) + content for field, content in fields)


def split(body):
    """A message's fields: (tag, content) where they are length-delimited, (all of it, None) otherwise, as far as there are any."""
    fields, at = [], 0
    while at < len(body):
        begin, field, at = at, *unvarint(body, at)
        size = {1: 8, 5: 4}.get(field & 7, 0)
        if field & 7 == 0:
            size = unvarint(body, at)[1] - at
        elif field & 7 == 2:
            long, after = unvarint(body, at)
            fields.append((body[begin:at], body[after : after + long]))
            at = after + long
            continue
        fields.append((body[begin : at + size], None))
        at += size
    return fields


def varint(number):
    """A varint."""
    return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + varint(number >> 7)


def unvarint(body, at):
    """A varint's number, and where it ends."""
    number = shift = 0
    while at < len(body):
        number |= (body[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if body[at - 1] < 128:
            break
    return number, at


def variants(body, random, count):
    """The body, and as many as `count` others made of it."""
    yield body
    for _ in range(count):
        if random.random() < 0.5:
            yield grafted(body, random)
        else:
            yield mutated(grafted(body, random) if random.random() < 0.3 else body, random)


def typed(mapping):
    """A mapping with the types of its values: 1, 1.0 and True are not alike here."""
    return frozenset((key, type(value), value) for key, value in mapping.items())


def told(decode, body, wanted):
    """What a decoder makes of a body, in a form that can be compared; `None` where it refuses it."""
    try:
        columns = decode(body, wanted)
    except BadRequest:
        return None
    resources = [typed(each) for each in columns.resources]
    facts = [[resources[number] for number in columns.resource.tolist()], columns.ids.tolist()]
    if isinstance(columns, Spans):
        labels = [typed(each) for each in columns.labels]
        assert len(set(labels)) == len(labels)
        facts.append([labels[number] for number in columns.label.tolist()])
        facts += [each.tolist() for each in (columns.kind, columns.start, columns.end, columns.threshold)]
    else:
        facts += [columns.severity.tolist(), columns.time.tolist()]
    assert len(set(resources)) == len(resources)
    return set(resources), columns.skipped, facts
