"""The metrics that panels ask for, with their labels: those of SLOs, of instrumented services, and of the collector itself.

Whoever emits them is no neighbour of ours: a test holds these names against a real collector's page and a real service's.
"""

from __future__ import annotations

from typing import Final

from ...slo import metric_names

SCRAPED: Final = frozenset({"job", "instance"})
"""Labels that Prometheus adds to whatever it scrapes."""

# Of an instrumented service.
DURATION: Final = "http_server_request_duration_seconds"
DURATION_BUCKET: Final = f"{DURATION}_bucket"
DURATION_COUNT: Final = f"{DURATION}_count"
DURATION_SUM: Final = f"{DURATION}_sum"
ACTIVE: Final = "http_server_active_requests"
TARGET: Final = "target_info"
CPU: Final = "process_cpu_seconds_total"
MEMORY: Final = "process_resident_memory_bytes"
FILES: Final = "process_open_fds"
MOST_FILES: Final = "process_max_fds"
EVENTS_DROPPED: Final = "fournines_dropped_events_total"

SERVICE_NAME: Final = "service_name"
SERVICE_VERSION: Final = "service_version"
ROUTE: Final = "http_route"
STATUS: Final = "http_response_status_code"
ERROR: Final = "error_type"

# Of the collector.
REQUESTS: Final = "fournines_requests_total"
ACCEPTED: Final = "fournines_items_accepted_total"
REJECTED: Final = "fournines_items_rejected_total"
REFUSED: Final = "fournines_refused_requests_total"
COMMIT_BUCKET: Final = "fournines_commit_seconds_bucket"
COMMIT_FAILURES: Final = "fournines_commit_failures_total"
INTERNAL_ERRORS: Final = "fournines_internal_errors_total"
LEDGER_HEALTHY: Final = "fournines_ledger_healthy"
LEDGER_BYTES: Final = "fournines_ledger_bytes"
LEDGER_SET_ASIDE: Final = "fournines_ledger_set_aside"
QUEUE: Final = "fournines_queue_requests"
QUEUE_BYTES: Final = "fournines_queue_bytes"
EVALUATION_BUCKET: Final = "fournines_evaluation_seconds_bucket"
EVALUATION_AGE: Final = "fournines_evaluation_age_seconds"
INGESTION_AGE: Final = "fournines_ingestion_age_seconds"
SLO_FILES_VALID: Final = "fournines_slo_files_valid"
NOTIFICATIONS: Final = "fournines_notifications"
NOTIFICATION_OLDEST: Final = "fournines_notification_oldest_seconds"
CLOCK_SKEW: Final = "fournines_sender_clock_skew_seconds"
SENDERS: Final = "fournines_senders"
SERVICES: Final = "fournines_services"
SERIES: Final = "fournines_series"
SERIES_OVERFLOW: Final = "fournines_series_overflow_total"
FORWARD_LAG: Final = "fournines_forward_lag_seconds"
RELEASES: Final = "fournines_releases"
RELEASE_SECONDS: Final = "fournines_release_seconds"
DEPLOYMENT_TIME: Final = "fournines_deployment_timestamp_seconds"
INCIDENTS: Final = "fournines_incidents"
RESPONSE_SECONDS: Final = "fournines_incident_response_seconds"
RESOLUTION_SECONDS: Final = "fournines_incident_resolution_seconds"

OF_SERVICES: Final[dict[str, frozenset[str]]] = {
    DURATION_BUCKET: frozenset({ROUTE, STATUS, ERROR, "http_request_method", "le"}),
    DURATION_COUNT: frozenset({ROUTE, STATUS, ERROR, "http_request_method"}),
    DURATION_SUM: frozenset({ROUTE, STATUS, ERROR, "http_request_method"}),
    ACTIVE: frozenset({"http_request_method", "url_scheme"}),
    TARGET: frozenset({SERVICE_NAME, SERVICE_VERSION}),
    CPU: frozenset(),
    MEMORY: frozenset(),
    FILES: frozenset(),
    MOST_FILES: frozenset(),
    EVENTS_DROPPED: frozenset(),
}
"""What a service shows at its `/metrics`."""

OF_COLLECTOR: Final[dict[str, frozenset[str]]] = {
    REQUESTS: frozenset({"signal", "result"}),
    ACCEPTED: frozenset({"signal"}),
    REJECTED: frozenset({"signal", "reason"}),
    REFUSED: frozenset({"door", "reason"}),
    COMMIT_BUCKET: frozenset({"le"}),
    COMMIT_FAILURES: frozenset(),
    INTERNAL_ERRORS: frozenset(),
    LEDGER_HEALTHY: frozenset(),
    LEDGER_BYTES: frozenset(),
    LEDGER_SET_ASIDE: frozenset(),
    QUEUE: frozenset(),
    QUEUE_BYTES: frozenset(),
    EVALUATION_BUCKET: frozenset({"le"}),
    EVALUATION_AGE: frozenset(),
    INGESTION_AGE: frozenset(),
    SLO_FILES_VALID: frozenset(),
    NOTIFICATIONS: frozenset({"receiver", "state"}),
    NOTIFICATION_OLDEST: frozenset({"receiver"}),
    CLOCK_SKEW: frozenset({"service", "instance"}),
    SENDERS: frozenset(),
    SERVICES: frozenset(),
    SERIES: frozenset(),
    SERIES_OVERFLOW: frozenset({"service"}),
    FORWARD_LAG: frozenset({"destination"}),
    RELEASES: frozenset({"service"}),
    RELEASE_SECONDS: frozenset({"service"}),
    DEPLOYMENT_TIME: frozenset({"service", "version"}),
    INCIDENTS: frozenset({"severity"}),
    RESPONSE_SECONDS: frozenset({"severity"}),
    RESOLUTION_SECONDS: frozenset({"severity"}),
}
"""What the collector says of itself at its `/metrics`, beside the metrics of SLOs."""

LABELS: Final[dict[str, frozenset[str]]] = metric_names.LABELS | OF_SERVICES | OF_COLLECTOR
"""Every metric that a panel may ask for, with the labels it may match on; those of a scrape come on top."""
