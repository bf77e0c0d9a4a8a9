"""OTLP over gRPC: HTTP/2 as far as unary calls need it."""
