"""A probe as it is asked for: what is asked, how often, and what answer is expected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Probe:
    """What is asked, and what answer is expected of `service`.

    `url` is http, https or tcp (`tcp://host:port`). `expect` are ranges of status codes, both ends in them; `contains` and `matches`
    (a regular expression, found anywhere) look at the first 64 KiB of the body. `headers` may hold secrets.
    """

    service: str
    url: str
    interval: float = 10.0
    timeout: float = 2.0
    method: str = "GET"
    expect: tuple[tuple[int, int], ...] = ((200, 299),)
    contains: str = ""
    matches: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    verify: bool = True

    @property
    def shown(self) -> str:
        """The URL without what may be secret in it: user, password, query."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
