"""What a segment says beside its identity, as OTLP attributes with the names of the OpenTelemetry semantic conventions.

Names that those have no word for are the ones of the Collector's X-Ray receiver and exporter (`aws.xray.*`), so that either side of
fournines speaks like them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from ...slo.classify import THROTTLED

METADATA: Final = "aws.xray.metadata."
ANNOTATIONS: Final = "aws.xray.annotations"
STATUS: Final = "http.response.status_code"
METHOD: Final = "http.request.method"
URL: Final = "url.full"
USER: Final = "enduser.id"
ORIGIN: Final = "aws.xray.origin"
TOO_DEEP: Final = "(nests too deeply to be written)"
_LARGEST_INTEGER: Final = 2**63
_SCALARS: Final = (str, bool, int, float)


class FieldMapping(NamedTuple):
    """Where a field stands in a segment, and the attribute it becomes. `read` makes its value, None where the field holds none."""

    path: tuple[str, ...]
    key: str
    read: Callable[[Any], Any] | None = None


def integer(value: object) -> int | None:
    """A number written as one or as its digits, as some SDKs send statuses and lengths."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


OF_SPAN: Final = (
    FieldMapping(("http", "request", "method"), METHOD),
    FieldMapping(("http", "request", "url"), URL),
    FieldMapping(("http", "request", "user_agent"), "user_agent.original"),
    FieldMapping(("http", "request", "client_ip"), "client.address"),
    FieldMapping(("http", "request", "x_forwarded_for"), "aws.xray.x_forwarded_for"),
    FieldMapping(("http", "request", "traced"), "aws.xray.traced"),
    FieldMapping(("http", "response", "status"), STATUS, integer),
    FieldMapping(("http", "response", "content_length"), "http.response.body.size", integer),
    FieldMapping(("aws", "operation"), "aws.operation"),
    FieldMapping(("aws", "account_id"), "aws.account_id"),
    FieldMapping(("aws", "region"), "aws.region"),
    FieldMapping(("aws", "request_id"), "aws.request_id"),
    FieldMapping(("aws", "queue_url"), "aws.queue_url"),
    FieldMapping(("aws", "table_name"), "aws.table_name"),
    FieldMapping(("aws", "table_names"), "aws.table_names"),
    FieldMapping(("aws", "retries"), "aws.xray.retries", integer),
    FieldMapping(("aws", "xray", "sampling_rule_name"), "aws.xray.sampling_rule"),
    FieldMapping(("sql", "url"), "aws.xray.sql.url"),
    FieldMapping(("sql", "connection_string"), "db.connection_string"),
    FieldMapping(("sql", "sanitized_query"), "db.query.text"),
    FieldMapping(("sql", "database_type"), "db.system.name"),
    FieldMapping(("sql", "database_version"), "aws.xray.sql.database_version"),
    FieldMapping(("sql", "driver_version"), "aws.xray.sql.driver_version"),
    FieldMapping(("sql", "user"), "db.user"),
    FieldMapping(("sql", "preparation"), "aws.xray.sql.preparation"),
    FieldMapping(("user",), USER),
    FieldMapping(("namespace",), "aws.xray.namespace"),
    FieldMapping(("resource_arn",), "aws.xray.resource_arn"),
    FieldMapping(("precursor_ids",), "aws.xray.precursor_ids"),
)
"""What is said of one request."""

OF_RESOURCE: Final = (
    FieldMapping(("service", "version"), "service.version"),
    FieldMapping(("service", "compiler"), "process.runtime.name"),
    FieldMapping(("service", "compiler_version"), "process.runtime.version"),
    FieldMapping(("service", "runtime"), "process.runtime.name"),
    FieldMapping(("service", "runtime_version"), "process.runtime.version"),
    FieldMapping(("origin",), ORIGIN),
    FieldMapping(("aws", "account_id"), "cloud.account.id"),
    FieldMapping(("aws", "xray", "sdk"), "telemetry.sdk.name"),
    FieldMapping(("aws", "xray", "sdk_version"), "telemetry.sdk.version"),
    FieldMapping(("aws", "ec2", "instance_id"), "host.id"),
    FieldMapping(("aws", "ec2", "instance_size"), "host.type"),
    FieldMapping(("aws", "ec2", "ami_id"), "host.image.id"),
    FieldMapping(("aws", "ec2", "availability_zone"), "cloud.availability_zone"),
    FieldMapping(("aws", "ecs", "container"), "container.name"),
    FieldMapping(("aws", "ecs", "container_id"), "container.id"),
    FieldMapping(("aws", "ecs", "container_arn"), "aws.ecs.container.arn"),
    FieldMapping(("aws", "ecs", "cluster_arn"), "aws.ecs.cluster.arn"),
    FieldMapping(("aws", "ecs", "task_arn"), "aws.ecs.task.arn"),
    FieldMapping(("aws", "ecs", "task_family"), "aws.ecs.task.family"),
    FieldMapping(("aws", "ecs", "launch_type"), "aws.ecs.launchtype"),
    FieldMapping(("aws", "ecs", "availability_zone"), "cloud.availability_zone"),
    FieldMapping(("aws", "eks", "cluster_name"), "k8s.cluster.name"),
    FieldMapping(("aws", "eks", "pod"), "k8s.pod.name"),
    FieldMapping(("aws", "eks", "container_id"), "container.id"),
    FieldMapping(("aws", "elastic_beanstalk", "environment_name"), "aws.elasticbeanstalk.environment"),
    FieldMapping(("aws", "elastic_beanstalk", "version_label"), "service.version"),
    FieldMapping(("aws", "elastic_beanstalk", "deployment_id"), "aws.elasticbeanstalk.deployment"),
)
"""What is said of whoever served it."""


_Read = Callable[[Any], Any]
_Tree = dict[str, "_Tree | tuple[str, _Read | None]"]
"""Rules by where they stand, so that what a segment lacks costs nothing."""


def _planted(rules: Iterable[FieldMapping]) -> _Tree:
    tree: _Tree = {}
    for rule in rules:
        *way, last = rule.path
        branch = tree
        for step in way:
            found = branch.setdefault(step, {})
            assert isinstance(found, dict), "no rule stands at the root of another"
            branch = found
        assert last not in branch, "one rule a place"
        branch[last] = (rule.key, rule.read)
    return tree


SPAN_TREE: Final = _planted(OF_SPAN)
RESOURCE_TREE: Final = _planted(OF_RESOURCE)


def attributes_of(fields: Mapping[str, Any], tree: _Tree) -> dict[str, Any]:
    """The attributes that a segment's fields amount to. A field of another shape than documented is passed over."""
    found: dict[str, Any] = {}
    _collect(fields, tree, found)
    return found


def _collect(fields: Mapping[str, Any], tree: _Tree, found: dict[str, Any]) -> None:
    for name in tree.keys() & fields.keys():
        value, rule = fields[name], tree[name]
        if isinstance(rule, tuple):
            key, read = rule
            value = read(value) if read else value
            if value is not None:
                found.setdefault(key, value)
        elif isinstance(value, dict):
            _collect(value, rule, found)


def described(fields: Mapping[str, Any], *, is_server: bool) -> dict[str, Any]:
    """Every attribute of a segment's span: what is documented, then annotations and metadata, which never hide the former."""
    found = attributes_of(fields, SPAN_TREE)
    if is_server:
        _server(found)
    if STATUS not in found and fields.get("throttle") is True and fields.get("fault") is not True:
        found[STATUS] = THROTTLED
    annotations = fields.get("annotations")
    if isinstance(annotations, dict) and annotations:
        for key, value in annotations.items():
            found.setdefault(key, value)
        found[ANNOTATIONS] = list(annotations)
    metadata = fields.get("metadata")
    if isinstance(metadata, dict):
        for namespace, value in metadata.items():
            found[METADATA + namespace] = _text(value)
    return found


def _server(found: dict[str, Any]) -> None:
    """The parts of the URL that a server's span has by the conventions."""
    url = found.get(URL)
    if not isinstance(url, str):
        return
    try:
        parts = urlsplit(url)
    except ValueError:  # such as an unclosed bracket in the host
        return
    if parts.scheme:
        found["url.scheme"] = parts.scheme
    if parts.path:
        found["url.path"] = parts.path


def put_attributes(target: Any, attributes: Mapping[str, Any]) -> None:
    """Writes attributes onto an OTLP message; what is neither text, number, flag nor a list of them is written as JSON."""
    for key, value in attributes.items():
        # Filled where they stand: appending a finished message copies it, at four times the cost.
        attribute = target.add()
        attribute.key = key
        _fill(attribute.value, value)


def _fill(target: AnyValue, value: Any) -> None:
    if isinstance(value, str):
        target.string_value = value
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int) and -_LARGEST_INTEGER <= value < _LARGEST_INTEGER:
        target.int_value = value
    elif isinstance(value, float):
        target.double_value = value
    elif isinstance(value, list) and all(isinstance(one, _SCALARS) for one in value):
        target.array_value.SetInParent()
        for one in value:
            _fill(target.array_value.values.add(), one)
    else:
        target.string_value = _text(value)


def _text(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return TOO_DEEP
