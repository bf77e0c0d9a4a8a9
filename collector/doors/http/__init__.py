"""OTLP over HTTP/1.1."""
