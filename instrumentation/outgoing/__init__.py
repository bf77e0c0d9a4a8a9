"""Outgoing calls: each is a span of the application that makes it, and carries the trace on."""
