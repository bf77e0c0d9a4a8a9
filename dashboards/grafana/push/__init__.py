"""Dashboards, alert rules and deployments into a running Grafana, by its HTTP API; what a person changed there stays."""
