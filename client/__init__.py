"""A typed client of the collector's HTTP API, for scripts, the terminal and the tests.

from fournines.client import Client

with Client("http://127.0.0.1:8400") as client:
burning = [slo["name"] for slo in client.slos(state="burning")]
"""

from .client import JSON, Client, every_page
from .errors import ClientError, NotACollector, Refused, Unreachable

__all__ = ["JSON", "Client", "ClientError", "NotACollector", "Refused", "Unreachable", "every_page"]
