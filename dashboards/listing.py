"""A page that is a table: what it is of, what one may choose, and its lines, each already words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .page import render


@dataclass(frozen=True, slots=True)
class Cell:
    """A word or figure, where it leads to, and the moment it is, as a machine reads it; `tone` is the class that colours it."""

    words: str
    path: str = ""
    moment: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """Something else that the page can show: its words, its address, and whether it is what is shown."""

    words: str
    path: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """The first cell of a line says what the line is of. `none` is said where there are no lines."""

    title: str
    says: str
    heads: Sequence[str]
    lines: Sequence[Sequence[Cell]]
    none: str
    choices: Sequence[Choice] = ()


def render_listing(listing: Listing, now: float, notices: Sequence[str] = ()) -> str:
    """The page. What it shows is as of now."""
    return render("listing.html.j2", now, now, notices, title=listing.title, listing=listing)
