"""Words in bodies: bounded, in one line, and without anything that a terminal would take for a command."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Final

from pydantic import AfterValidator, Field

_CONTROLS: Final = frozenset({"Cc", "Cf", "Zl", "Zp"})


def _printed(text: str) -> str:
    """The same in one line. Raises ValueError for what can't be printed as it is."""
    line = " ".join(text.split())
    if any(unicodedata.category(sign) in _CONTROLS for sign in line):
        raise ValueError("holds signs that are none to be read")
    return line


def _said(text: str) -> str:
    if not text:
        raise ValueError("is empty; say it in words")
    return text


Remark = Annotated[str, Field(max_length=500), AfterValidator(_printed)]
"""What somebody says to something, where there is anything to say."""

Text = Annotated[Remark, AfterValidator(_said)]
"""Who somebody is, or why they do something."""

Name = Annotated[str, Field(min_length=1, max_length=1_000)]
"""What a service or an SLO is called."""
