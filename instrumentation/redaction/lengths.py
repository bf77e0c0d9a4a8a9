"""How much a span may say in one value."""

from __future__ import annotations

from typing import NamedTuple


class Lengths(NamedTuple):
    """Characters that a span's values may have, and those of its events and links; None: as many as they like.

    Applied where spans leave: what is cut before it is redacted may keep half of a card number.
    """

    of_spans: int | None = None
    of_others: int | None = None
