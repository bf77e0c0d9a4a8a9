"""Senders: one way to tell somebody a file, each by the rules of whoever it sends to."""

from .webhook import WebhookNotifier

__all__ = ["WebhookNotifier"]
