"""Probes: services asked from outside, each answer an event."""
