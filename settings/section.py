"""A mapping of the file as a value: immutable, and without keys that nobody knows."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """What each mapping of the file is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    def identity(self) -> object:
        """What tells it from the other entries of a list: all of it, unless it says otherwise."""
        return self
