"""Kept traces: chosen, stored, found again."""
