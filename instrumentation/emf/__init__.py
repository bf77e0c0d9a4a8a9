"""Counts as CloudWatch's embedded metric format."""
