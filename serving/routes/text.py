"""Words in bodies: bounded, and never empty."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty; say it in words")
    return text


Text = Annotated[str, Field(max_length=500), AfterValidator(_said)]
"""Who somebody is, or why they do something."""

Name = Annotated[str, Field(min_length=1, max_length=1_000)]
"""What a service or an SLO is called."""
