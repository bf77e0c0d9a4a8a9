"""The frame of every page an on-call engineer opens: HTML from the server, readable without scripts, under a strict policy."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..slo import figures, timestamp

REFRESH_SECONDS: Final = 10

PAGES: Final = (
    ("SLOs", "/"),
    ("Alerts", "/alerts"),
    ("Deployments", "/deployments"),
    ("Traces", "/traces"),
    ("Map", "/map"),
    ("Silences", "/silences"),
    ("Report", "/report"),
)
"""The pages that every page leads to, in words and by address."""

STALE_SECONDS: Final = 30.0
"""Seconds without an evaluation after which the page itself is not current: six evaluations were missed."""

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""The header to serve the pages with: nothing from elsewhere, nothing inline."""

_HERE: Final = Path(__file__).resolve().parent
STATIC: Final = _HERE / "static"
"""The folder to serve at /static: styles, the refreshing script, the icon."""


def render(
    template: str, now: float, evaluated: float, notices: Sequence[str] = (), *, refreshing: bool = True, **content: Any
) -> str:
    """A template filled with `content`, inside what every page has. `evaluated` is when what it shows was computed (epoch seconds).

    A page is `refreshing` itself, unless somebody types into it.
    """
    return (
        _environment()
        .get_template(template)
        .render(
            clock=figures.clock(now, now),
            moment=timestamp(now),
            nav=PAGES,
            notices=list(notices),
            stale=is_stale(evaluated, now),
            evaluated=figures.duration(int(max(0.0, now - evaluated))),
            refresh=REFRESH_SECONDS if refreshing else 0,
            assets={path.name: _digest(path) for path in sorted(STATIC.iterdir()) if path.is_file()},
            **content,
        )
    )


def render_missing(name: str, now: float, what: str = "SLO") -> str:
    """The page for something nobody knows: an SLO, a trace, an alert; to be served with status 404."""
    return render("missing.html.j2", now, now, title=f"No such {what}", name=name, what=what)


def is_stale(evaluated: float, now: float) -> bool:
    """Whether the evaluation is too old to be believed where it is calm."""
    return now - evaluated > STALE_SECONDS


@cache
def _digest(path: Path) -> str:
    """Changes when the file does, so that browsers may keep it for ever."""
    return sha256(path.read_bytes()).hexdigest()[:10]


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
