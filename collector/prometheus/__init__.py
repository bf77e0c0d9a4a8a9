"""Prometheus, both ways: remote write in and out, and scraping.

remote write -> reading (samples that matter) -> assembly (whole scrapes) -> points -> books
target -> exposition -> whole scrape -> points -> books
"""

from .assembly import Assembly
from .remote_write import RemoteWrite, Written
from .write_app import remote_write_app

__all__ = ["Assembly", "RemoteWrite", "Written", "remote_write_app"]
