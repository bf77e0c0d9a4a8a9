"""Whom the collector scrapes."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from .address import ScrapeTarget
from .headers import Headers
from .number import Seconds
from .path import WrittenPattern
from .section import Section


class Scrape(Section):
    """One job whose targets are scraped; `files` are Prometheus' file_sd files, patterns allowed in the last part."""

    job: str = Field(min_length=1, max_length=200)
    targets: tuple[ScrapeTarget, ...] = ()
    files: tuple[WrittenPattern, ...] = ()
    interval: Seconds = 15.0
    timeout: Seconds = 10.0
    path: str = "/metrics"
    scheme: Literal["http", "https"] = "http"
    headers: Headers = Field(default_factory=dict)
    verify: bool = True

    @model_validator(mode="after")
    def _finds_targets(self) -> Self:
        if not self.targets and not self.files:
            raise ValueError("needs targets or files")
        return self
