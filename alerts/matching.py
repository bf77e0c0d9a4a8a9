"""Which alerts are meant: patterns for labels, as receivers and silences say them.

A pattern is a text in which `*` stands for anything, also for nothing. There are no regular expressions: one that somebody made to take
for ever would hold every page up.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from .errors import InvalidMatchers

MOST_MATCHERS: Final = 20
"""Labels that are looked at."""

LONGEST_TEXT: Final = 1_000
"""Characters of a label's name, and of a pattern."""

_ANYTHING: Final = "*"


@dataclass(frozen=True, slots=True)
class Matchers:
    """Patterns by label, all of which have to fit. A label that is not there is an empty one. Made by `of`."""

    patterns: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, patterns: Mapping[str, str]) -> Matchers:
        """Raises `InvalidMatchers` where there are too many, or one is of no label, or too long."""
        if len(patterns) > MOST_MATCHERS:
            raise InvalidMatchers(f"{MOST_MATCHERS} labels can be matched at most, not {len(patterns)}")
        for label, pattern in patterns.items():
            if not label.strip():
                raise InvalidMatchers(f"the pattern {pattern[:LONGEST_TEXT]!r} says no label")
            if max(len(label), len(pattern)) > LONGEST_TEXT:
                raise InvalidMatchers(f"a label or its pattern holds more than {LONGEST_TEXT:,} characters")
        return cls(tuple(sorted(patterns.items())))

    def match(self, labels: Mapping[str, str]) -> bool:
        """Whether every pattern fits; without any, all labels do."""
        return all(fits(pattern, labels.get(label, "")) for label, pattern in self.patterns)

    def may_match(self, labels: Mapping[str, str], unknown: Collection[str]) -> bool:
        """Whether every pattern fits but those for labels that are `unknown`."""
        return all(fits(pattern, labels.get(label, "")) for label, pattern in self.patterns if label not in unknown)

    @property
    def anchor(self) -> tuple[str, str] | None:
        """A label with the very text that it has to have, the longest there is: what has it not need not be asked further. None without."""
        exact = [(label, text) for label, text in self.patterns if text and _ANYTHING not in text]
        return max(exact, key=lambda each: len(each[1]), default=None)

    @property
    def narrow(self) -> bool:
        """Whether there are labels that do not match."""
        return any(pattern.strip(_ANYTHING) or not pattern for _, pattern in self.patterns)

    def __str__(self) -> str:
        """`service=payments, severity=page`."""
        return ", ".join(f"{label}={pattern}" for label, pattern in self.patterns)


def fits(pattern: str, text: str) -> bool:
    """Whether a text is what a pattern says, whole and letter by letter."""
    first, star, rest = pattern.partition(_ANYTHING)
    if not star:
        return text == pattern
    if not text.startswith(first):  # as most do that do not fit
        return False
    *between, last = rest.split(_ANYTHING)
    place, end = len(first), len(text) - len(last)
    if end < place or not text.endswith(last):
        return False
    for part in between:
        found = text.find(part, place, end)
        if found < 0:
            return False
        place = found + len(part)
    return True
