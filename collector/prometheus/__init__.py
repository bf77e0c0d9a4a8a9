"""Prometheus, both ways: remote write in and out, and scraping.

remote write -> reading (samples that matter) -> assembly (whole scrapes) -> points -> books
target -> exposition -> whole scrape -> points -> books
"""

from .assembly import Assembly
from .remote_write import RemoteWrite, Written
from .scrape import Scraper
from .targets import ScrapeJob
from .write_app import remote_write_app

__all__ = ["Assembly", "RemoteWrite", "ScrapeJob", "Scraper", "Written", "remote_write_app"]
