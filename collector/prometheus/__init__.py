"""Prometheus, both ways: remote write in and out, and scraping.

remote write -> reading (samples that matter) -> assembly (whole scrapes) -> points -> books
target -> exposition -> whole scrape -> points -> books
"""

from .assembly import Assembly
from .instruments import snapshot_results
from .publisher import Publisher
from .remote_write import RemoteWrite, Written
from .scraper import Scraper
from .sender import RemoteWriteSender
from .snapshots import Snapshots
from .targets import ScrapeJob
from .write_app import remote_write_app

__all__ = [
    "Assembly",
    "Publisher",
    "RemoteWrite",
    "RemoteWriteSender",
    "ScrapeJob",
    "Scraper",
    "Snapshots",
    "Written",
    "remote_write_app",
    "snapshot_results",
]
