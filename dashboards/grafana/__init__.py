"""Grafana dashboards, built from the SLO files: grafanalib to author, `modernise` to the current schema, `lint` to judge."""
