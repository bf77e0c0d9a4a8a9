"""Prometheus, both ways: remote write in and out, and scraping.

remote write -> reading (samples that matter) -> assembly (whole scrapes) -> points -> books
target -> exposition -> whole scrape -> points -> books
"""

from .assembly import ScrapeAssembly
from .forwarder import RemoteWriteForwarder
from .instruments import snapshot_results
from .publisher import Publisher
from .remote_write import RemoteWrite
from .scraper import Scraper
from .snapshots import Snapshots
from .targets import ScrapeJob
from .write_app import remote_write_app

__all__ = [
    "Publisher",
    "RemoteWrite",
    "RemoteWriteForwarder",
    "ScrapeAssembly",
    "ScrapeJob",
    "Scraper",
    "Snapshots",
    "remote_write_app",
    "snapshot_results",
]
