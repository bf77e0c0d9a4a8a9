"""Spans: begun and ended by requests, written down by the export thread."""
