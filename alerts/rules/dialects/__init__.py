"""Rules as other generators write them, so that a team can switch without a difference: Sloth's and Pyrra's."""

from .files import left_over, notes, write

__all__ = ["left_over", "notes", "write"]
