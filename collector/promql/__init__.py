"""PromQL: counts asked of a Prometheus-compatible engine, for SLOs whose events are counted there."""
