"""Every name this folder emits: attributes, metrics, resource keys and the headers it reads and writes.

Attribute and metric names are those of the OpenTelemetry semantic conventions 1.44 (HTTP: stable); what begins with
`fournines` is ours.
"""

from __future__ import annotations

from typing import Final

SCOPE: Final = "fournines.instrumentation"
CONTRIB: Final = "opentelemetry.instrumentation."
"""What the scopes of OpenTelemetry's own instrumentations, and their modules, begin with."""
SCHEMA_URL: Final = "https://opentelemetry.io/schemas/1.44.0"

# HTTP attributes: https://opentelemetry.io/docs/specs/semconv/http/
METHOD: Final = "http.request.method"
METHOD_ORIGINAL: Final = "http.request.method_original"
ROUTE: Final = "http.route"
STATUS_CODE: Final = "http.response.status_code"
ERROR_TYPE: Final = "error.type"
URL_SCHEME: Final = "url.scheme"
URL_PATH: Final = "url.path"
URL_QUERY: Final = "url.query"
URL_FULL: Final = "url.full"
PROTOCOL_NAME: Final = "network.protocol.name"
PROTOCOL_VERSION: Final = "network.protocol.version"
SERVER_ADDRESS: Final = "server.address"
SERVER_PORT: Final = "server.port"
CLIENT_ADDRESS: Final = "client.address"
USER_AGENT: Final = "user_agent.original"

OTHER: Final = "_OTHER"
"""The conventions' fallback value: an unknown method, an error without a better name."""

# Resource attributes: https://opentelemetry.io/docs/specs/semconv/resource/
SERVICE_NAME: Final = "service.name"
SERVICE_VERSION: Final = "service.version"
SERVICE_INSTANCE_ID: Final = "service.instance.id"
HOST_NAME: Final = "host.name"
PROCESS_PID: Final = "process.pid"
SDK_LANGUAGE: Final = "telemetry.sdk.language"
SDK_NAME: Final = "telemetry.sdk.name"
SDK_VERSION: Final = "telemetry.sdk.version"
DISTRO_NAME: Final = "telemetry.distro.name"
DISTRO_VERSION: Final = "telemetry.distro.version"

# Metrics that leave by OTLP.
REQUEST_DURATION: Final = "http.server.request.duration"
ACTIVE_REQUESTS: Final = "http.server.active_requests"
SERVICE_UP: Final = "fournines.service.up"
"""Gauge without attributes: 1 in every export, 0 in the last one, the good-bye."""

# Objectives declared by the service.
SLO_DECLARED: Final = "fournines.slo.declared"
"""Gauge, 1: one point for each objective and route, whose attributes are all there is to say."""
SLO_NAME: Final = "fournines.slo.name"
SLO_KIND: Final = "fournines.slo.kind"
SLO_TARGET: Final = "fournines.slo.target"
SLO_THRESHOLD: Final = "fournines.slo.threshold"
SLO_WINDOW: Final = "fournines.slo.window"
SLO_ROUTE: Final = "fournines.slo.route"
SLO_METHODS: Final = "fournines.slo.methods"
SLO_DESCRIPTION: Final = "fournines.slo.description"
SLO_OWNER: Final = "fournines.slo.owner"
SLO_RUNBOOK: Final = "fournines.slo.runbook"
SLO_DASHBOARD: Final = "fournines.slo.dashboard"

# Metrics on /metrics.
PROM_REQUEST_DURATION: Final = "http_server_request_duration_seconds"
PROM_ACTIVE_REQUESTS: Final = "http_server_active_requests"
PROM_SERVICE_UP: Final = "fournines_service_up"
PROM_TARGET: Final = "target"
PROM_EXPORTS: Final = "fournines_exports"
PROM_EXPORT_FAILURES: Final = "fournines_export_failures"
PROM_DROPPED_EVENTS: Final = "fournines_dropped_events"
PROM_DROPPED_BATCHES: Final = "fournines_dropped_batches"
PROM_DROPPED_SPANS: Final = "fournines_dropped_spans"
PROM_REJECTED: Final = "fournines_rejected_items"
PROM_ERRORS: Final = "fournines_instrumentation_errors"
PROM_SERIES_OVERFLOW: Final = "fournines_series_overflow"
PROM_BATCHES_WAITING: Final = "fournines_batches_waiting"
PROM_SPANS_WAITING: Final = "fournines_spans_waiting"

# Headers.
TRACEPARENT: Final = "traceparent"
TRACESTATE: Final = "tracestate"
BAGGAGE: Final = "baggage"
XRAY: Final = "x-amzn-trace-id"
XRAY_OF_MESSAGES: Final = "AWSTraceHeader"
"""X-Ray's header as SQS and SNS call it: a system attribute of a message."""

# What redaction took out, by kind: on /metrics.
PROM_REDACTED: Final = "fournines_redacted"

# What came or was to go in trace headers and could not be used, by header: on /metrics.
PROM_REFUSED_HEADERS: Final = "fournines_refused_headers"

# Logs: https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-logs/, ".../registry/attributes/code/" and ".../deployment/".
EXCEPTION_TYPE: Final = "exception.type"
EXCEPTION_MESSAGE: Final = "exception.message"
EXCEPTION_STACKTRACE: Final = "exception.stacktrace"
CODE_FILE_PATH: Final = "code.file.path"
CODE_FUNCTION_NAME: Final = "code.function.name"
CODE_LINE_NUMBER: Final = "code.line.number"
CODE_STACKTRACE: Final = "code.stacktrace"
DEPLOYMENT_ENVIRONMENT: Final = "deployment.environment.name"
DEPLOYMENT_ID: Final = "deployment.id"
PROM_DROPPED_LOGS: Final = "fournines_dropped_logs"

# CloudWatch's embedded metrics.
EMF_REQUESTS: Final = "http.server.requests"
EMF_ERRORS: Final = "http.server.errors"
PROM_DROPPED_EMF: Final = "fournines_dropped_emf_events"

# The metrics page itself.
PROM_SCRAPES_REFUSED: Final = "fournines_scrapes_refused"

# Messages and operations: https://opentelemetry.io/docs/specs/semconv/messaging/ (1.44, development).
MESSAGING_SYSTEM: Final = "messaging.system"
MESSAGING_DESTINATION: Final = "messaging.destination.name"
MESSAGING_OPERATION_NAME: Final = "messaging.operation.name"
MESSAGING_OPERATION_TYPE: Final = "messaging.operation.type"
MESSAGING_GROUP: Final = "messaging.consumer.group.name"
MESSAGE_ID: Final = "messaging.message.id"
BATCH_COUNT: Final = "messaging.batch.message_count"
PROCESS_DURATION: Final = "messaging.process.duration"
PROM_PROCESS_DURATION: Final = "messaging_process_duration_seconds"
OPERATION_NAME: Final = "fournines.operation.name"
OPERATION_DURATION: Final = "fournines.operation.duration"
PROM_OPERATION_DURATION: Final = "fournines_operation_duration_seconds"
CANCELLED: Final = "fournines.cancelled"
"""True on the span of work that was cancelled: neither good nor bad, and not counted."""
OVERFLOW: Final = "otel.metric.overflow"
"""Where what found no series of its own is counted (metrics SDK specification, cardinality limits)."""

# Where a service runs: https://opentelemetry.io/docs/specs/semconv/resource/ and the pages below it.
HOST_ID: Final = "host.id"
HOST_TYPE: Final = "host.type"
HOST_ARCH: Final = "host.arch"
HOST_IMAGE_ID: Final = "host.image.id"
OS_TYPE: Final = "os.type"
OS_VERSION: Final = "os.version"
RUNTIME_NAME: Final = "process.runtime.name"
RUNTIME_VERSION: Final = "process.runtime.version"
RUNTIME_DESCRIPTION: Final = "process.runtime.description"
CONTAINER_ID: Final = "container.id"
CONTAINER_NAME: Final = "container.name"
CONTAINER_IMAGE_NAME: Final = "container.image.name"
CONTAINER_IMAGE_ID: Final = "container.image.id"
K8S_CLUSTER_NAME: Final = "k8s.cluster.name"
K8S_NAMESPACE_NAME: Final = "k8s.namespace.name"
K8S_NODE_NAME: Final = "k8s.node.name"
K8S_POD_NAME: Final = "k8s.pod.name"
K8S_POD_UID: Final = "k8s.pod.uid"
K8S_CONTAINER_NAME: Final = "k8s.container.name"
K8S_DEPLOYMENT_NAME: Final = "k8s.deployment.name"
K8S_REPLICASET_NAME: Final = "k8s.replicaset.name"
CLOUD_PROVIDER: Final = "cloud.provider"
CLOUD_PLATFORM: Final = "cloud.platform"
CLOUD_REGION: Final = "cloud.region"
CLOUD_ACCOUNT_ID: Final = "cloud.account.id"
CLOUD_AVAILABILITY_ZONE: Final = "cloud.availability_zone"
CLOUD_RESOURCE_ID: Final = "cloud.resource_id"
ECS_CONTAINER_ARN: Final = "aws.ecs.container.arn"
ECS_CLUSTER_ARN: Final = "aws.ecs.cluster.arn"
ECS_LAUNCHTYPE: Final = "aws.ecs.launchtype"
ECS_TASK_ARN: Final = "aws.ecs.task.arn"
ECS_TASK_ID: Final = "aws.ecs.task.id"
ECS_TASK_FAMILY: Final = "aws.ecs.task.family"
ECS_TASK_REVISION: Final = "aws.ecs.task.revision"
