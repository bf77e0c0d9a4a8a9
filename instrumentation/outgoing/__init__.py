"""Outgoing calls: each is a span of the application that makes it, and carries the trace on."""

from .following import follow, followed
from .libraries import LIBRARIES, Library, wanted

__all__ = ["LIBRARIES", "Library", "follow", "followed", "wanted"]
