"""Rules as other generators write them, so that a team can switch without a difference: Sloth's and Pyrra's."""

from .files import notes, write

__all__ = ["notes", "write"]
