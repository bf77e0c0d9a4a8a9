"""What an application has taken out besides, and what it lets stay."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ..errors import BadRule


@dataclass(frozen=True)
class Rules:
    """What is taken out besides, and what stays.

    `keys`: what keys of secrets end with, in small or large letters; `patterns`: regular expressions, all of whose matches are taken
    out (one that takes long on some texts takes long here); `allowed`: whole keys under which everything stays as it is.
    Raises `BadRule`.
    """

    keys: tuple[str, ...] = ()
    patterns: tuple[re.Pattern[str] | str, ...] = ()
    allowed: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        """Checks each pattern, and each key."""
        if not all(self.keys):
            raise BadRule("an empty key would be the end of every key")
        for pattern in self.compiled:
            if pattern.search("") is not None:
                raise BadRule(f"the pattern {pattern.pattern!r} is found in an empty text, and so everywhere")

    def over(self, others: Rules) -> Rules:
        """These, with the others' where these say nothing, field by field."""
        return Rules(self.keys or others.keys, self.patterns or others.patterns, self.allowed or others.allowed)

    @property
    def compiled(self) -> tuple[re.Pattern[str], ...]:
        """The patterns, compiled."""
        try:
            return tuple(re.compile(pattern) for pattern in self.patterns)
        except re.error as error:
            raise BadRule(f"the pattern {error.pattern!r} is no regular expression: {error}") from error
