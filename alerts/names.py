"""Every name this folder emits: alert names, labels, annotations, recorded series and self-metrics.

Record names and `sloth_*` labels are those of Sloth (https://sloth.dev), so that dashboards made for it work unchanged.
"""

from __future__ import annotations

from typing import Final

ALERT_BURN: Final = "SLOErrorBudgetBurn"
ALERT_NO_DATA: Final = "SLONoData"
ALERT_WATCHDOG: Final = "Watchdog"
"""Fires as long as everything works: whoever listens calls when it stops."""

ALERT_LEDGER: Final = "FourninesLedger"
ALERT_LAG: Final = "FourninesLag"
ALERT_TRIAL: Final = "FourninesTest"
ALERT_EXHAUSTED: Final = "SLOBudgetExhausted"
ALERT_AT_RISK: Final = "SLOAtRisk"
ALERT_TRAFFIC: Final = "SLOTrafficCollapse"
ALERT_CERTIFICATE: Final = "SLOCertificateExpiry"

LABEL_ALERTNAME: Final = "alertname"
LABEL_SEVERITY: Final = "severity"
LABEL_SLO: Final = "slo"
LABEL_SERVICE: Final = "service"
LABEL_COLLECTOR: Final = "collector"
LABEL_LAG: Final = "lag"
"""Which of the collector's own works stands still: ingestion, evaluation or sending."""

ANNOTATION_SUMMARY: Final = "summary"
ANNOTATION_DESCRIPTION: Final = "description"
ANNOTATION_EXPLANATION: Final = "explanation"
ANNOTATION_DETAILS: Final = "details"
ANNOTATION_RUNBOOK: Final = "runbook_url"
ANNOTATION_DASHBOARD: Final = "dashboard_url"
ANNOTATION_TRACE: Final = "trace_url"
ANNOTATION_SILENCE: Final = "silence_url"

SIGNATURE_HEADER: Final = "X-Fournines-Signature"

RECORD_EVENTS_COPY: Final = "slo:events:total"
"""The collector's `slo_events_total` again at two-minute steps: what windows longer than six hours are computed from."""
RECORD_GROUPS: Final = "slo:groups:info"
"""1 for each group of an SLO that a collector knew in the last five minutes: what the records of groups are joined on."""
RECORD_SLI_ERROR: Final = "slo:sli_error:ratio_rate"
"""Prefix: the window follows, `slo:sli_error:ratio_rate5m`."""
RECORD_OBJECTIVE: Final = "slo:objective:ratio"
RECORD_ERROR_BUDGET: Final = "slo:error_budget:ratio"
RECORD_PERIOD_DAYS: Final = "slo:time_period:days"
RECORD_CURRENT_BURN: Final = "slo:current_burn_rate:ratio"
RECORD_PERIOD_BURN: Final = "slo:period_burn_rate:ratio"
RECORD_REMAINING: Final = "slo:period_error_budget_remaining:ratio"
RECORD_INFO: Final = "sloth_slo_info"

SLOTH_ID: Final = "sloth_id"
SLOTH_SERVICE: Final = "sloth_service"
SLOTH_SLO: Final = "sloth_slo"
SLOTH_WINDOW: Final = "sloth_window"
SLOTH_SEVERITY: Final = "sloth_severity"
SLOTH_VERSION: Final = "sloth_version"
SLOTH_MODE: Final = "sloth_mode"
SLOTH_SPEC: Final = "sloth_spec"
SLOTH_OBJECTIVE: Final = "sloth_objective"

METRIC_NOTIFICATIONS: Final = "fournines_notifications"
"""Notifications kept, by `receiver` and `state` (pending, delivered, rejected, given_up)."""
METRIC_NOTIFICATION_OLDEST: Final = "fournines_notification_oldest_seconds"
"""Seconds that the oldest notification that is not sent yet has waited, by `receiver`; 0 when none waits."""

METRIC_DIRECT: Final = "fournines_direct_messages"
METRIC_HEARTBEATS: Final = "fournines_heartbeats"
METRIC_LEDGER_AGE: Final = "fournines_ledger_unwritable_seconds"
METRIC_INGESTION_AGE: Final = "fournines_ingestion_age_seconds"
METRIC_EVALUATION_AGE: Final = "fournines_evaluation_age_seconds"
