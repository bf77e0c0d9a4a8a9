"""Every name the collector emits, in one place."""

from __future__ import annotations

from typing import Final

HEARTBEAT: Final = "fournines.service.up"
"""OTLP gauge a sender brings with every export: 1 while it serves, 0 as its good-bye."""

SERVICE_NAME: Final = "service.name"
SERVICE_INSTANCE: Final = "service.instance.id"
SERVICE_VERSION: Final = "service.version"
UNKNOWN_SERVICE: Final = "unknown_service"
"""Resource attributes, and the service of a resource that names none (OpenTelemetry semantic conventions, service)."""

REQUESTS: Final = "fournines_requests"
ITEMS_ACCEPTED: Final = "fournines_items_accepted"
ITEMS_REJECTED: Final = "fournines_items_rejected"
POINTS_SEEN: Final = "fournines_points_seen"
COMMIT_SECONDS: Final = "fournines_commit_seconds"
COMMIT_FAILURES: Final = "fournines_commit_failures"
LEDGER_HEALTHY: Final = "fournines_ledger_healthy"
QUEUE_REQUESTS: Final = "fournines_queue_requests"
QUEUE_BYTES: Final = "fournines_queue_bytes"
SERIES: Final = "fournines_series"
SERIES_OVERFLOW: Final = "fournines_series_overflow"
INTERVALS_DROPPED: Final = "fournines_intervals_dropped"
SERVICES: Final = "fournines_services"
SERVICES_OVERFLOW: Final = "fournines_services_overflow"
SERVICES_RETIRED: Final = "fournines_services_retired"
VERSIONS_OVERFLOW: Final = "fournines_versions_overflow"
SLO_GROUPS: Final = "fournines_slo_groups"
SLO_GROUPS_OVERFLOW: Final = "fournines_slo_groups_overflow"
SENDERS: Final = "fournines_senders"
STREAMS: Final = "fournines_cumulative_streams"
CLOCK_SKEW: Final = "fournines_sender_clock_skew_seconds"
INTERNAL_ERRORS: Final = "fournines_internal_errors"

XRAY_DATAGRAMS: Final = "fournines_xray_datagrams"
XRAY_TAKEN: Final = "fournines_xray_segments"
XRAY_DROPPED: Final = "fournines_xray_dropped"
XRAY_WAITING: Final = "fournines_xray_waiting_bytes"
XRAY_UNFINISHED: Final = "fournines_xray_unfinished"
XRAY_POLLS: Final = "fournines_xray_sampling_requests"
XRAY_UNPROCESSED: Final = "fournines_xray_unprocessed"

CONNECTIONS: Final = "fournines_connections"
RECEIVED_BYTES: Final = "fournines_received_bytes"
REFUSED_REQUESTS: Final = "fournines_refused_requests"

REMOTE_WRITE_REQUESTS: Final = "fournines_remote_write_requests"
REMOTE_WRITE_SAMPLES: Final = "fournines_remote_write_samples"
REMOTE_WRITE_PENDING: Final = "fournines_remote_write_pending_samples"
REMOTE_WRITE_INCOMPLETE: Final = "fournines_remote_write_incomplete"
REMOTE_WRITE_FORGOTTEN: Final = "fournines_remote_write_forgotten"
REMOTE_WRITE_SNAPSHOTS: Final = "fournines_remote_write_snapshots"

SCRAPE_UP: Final = "fournines_scrape_up"
SCRAPE_DURATION: Final = "fournines_scrape_duration_seconds"
SCRAPE_SAMPLES: Final = "fournines_scrape_samples"
SCRAPES: Final = "fournines_scrapes"
SCRAPE_FILES_FAILED: Final = "fournines_scrape_target_files_failed"

PROBES: Final = "fournines_probes"
PROBE_UP: Final = "fournines_probe_up"
PROBE_DURATION: Final = "fournines_probe_duration_seconds"
PROBE_TLS_EXPIRY: Final = "fournines_probe_tls_expiry_seconds"

PROMQL_QUERIES: Final = "fournines_promql_queries"

FORWARD_SENT: Final = "fournines_forward_sent_items"
FORWARD_DROPPED: Final = "fournines_forward_dropped_items"
FORWARD_DROPPED_REQUESTS: Final = "fournines_forward_dropped_requests"
FORWARD_RETRIES: Final = "fournines_forward_retries"
FORWARD_QUEUE_REQUESTS: Final = "fournines_forward_queue_requests"
FORWARD_QUEUE_BYTES: Final = "fournines_forward_queue_bytes"
FORWARD_LAG: Final = "fournines_forward_lag_seconds"

TRACES_KEPT: Final = "fournines_traces_kept"
TRACES_DROPPED: Final = "fournines_traces_dropped"
TRACES: Final = "fournines_traces"
TRACES_BYTES: Final = "fournines_traces_bytes"
LOGS: Final = "fournines_logs"

LEDGER_DAMAGED: Final = "fournines_ledger_damaged"
LEDGER_SET_ASIDE: Final = "fournines_ledger_set_aside"
LEDGER_BYTES: Final = "fournines_ledger_bytes"
LEDGER_FREE_BYTES: Final = "fournines_ledger_free_bytes"
LEDGER_LATE_ROWS: Final = "fournines_ledger_late_rows"

RELEASES: Final = "fournines_releases"
RELEASE_SECONDS: Final = "fournines_release_seconds"
DEPLOYMENT_TIME: Final = "fournines_deployment_timestamp_seconds"
INCIDENTS: Final = "fournines_incidents"
RESPONSE_SECONDS: Final = "fournines_incident_response_seconds"
RESOLUTION_SECONDS: Final = "fournines_incident_resolution_seconds"

DECLARED: Final = "fournines.slo.declared"
"""OTLP gauge by which a service declares its objectives: one point for each objective and route, all of it in its attributes."""

DECLARED_NAME: Final = "fournines.slo.name"
DECLARED_KIND: Final = "fournines.slo.kind"
DECLARED_TARGET: Final = "fournines.slo.target"
DECLARED_THRESHOLD: Final = "fournines.slo.threshold"
DECLARED_WINDOW: Final = "fournines.slo.window"
DECLARED_ROUTE: Final = "fournines.slo.route"
DECLARED_METHODS: Final = "fournines.slo.methods"
DECLARED_DESCRIPTION: Final = "fournines.slo.description"
DECLARED_OWNER: Final = "fournines.slo.owner"
DECLARED_RUNBOOK: Final = "fournines.slo.runbook"
DECLARED_DASHBOARD: Final = "fournines.slo.dashboard"
DECLARED_KEYS: Final = frozenset(
    {
        DECLARED_NAME,
        DECLARED_KIND,
        DECLARED_TARGET,
        DECLARED_THRESHOLD,
        DECLARED_WINDOW,
        DECLARED_ROUTE,
        DECLARED_METHODS,
        DECLARED_DESCRIPTION,
        DECLARED_OWNER,
        DECLARED_RUNBOOK,
        DECLARED_DASHBOARD,
    }
)

DECLARED_SLOS: Final = "fournines_declared_slos"
DECLARATIONS_REFUSED: Final = "fournines_declarations_refused"
