"""How much of traces is kept."""

from __future__ import annotations

from pydantic import Field

from .number import Size
from .section import Section


class KeptTraces(Section):
    """How much of failed, slow and sampled traces is kept, and the share of ordinary ones."""

    traces: int = Field(default=2_000, ge=1)
    bytes: Size = Field(default=64 * 2**20, ge=2**20)
    days: float = Field(default=3, gt=0, le=35)
    share: float = Field(default=0.001, ge=0, le=1)
