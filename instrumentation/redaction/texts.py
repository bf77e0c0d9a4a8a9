"""Texts without card numbers and secrets, whatever they are written in and however often they were percent-encoded."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import quote, unquote

from .. import names
from ..health import Health
from .cards import cards_in, may_hold_card
from .credentials import CARD, CVV, OWN, REDACTED, may_hold, passes
from .rules import Rules

REMEMBERED: Final = 4_096
SHORT: Final = 128
"""Texts of so many characters at most are remembered, so many of them: most texts come again."""

_PLACES: Final = re.compile(r"[^\s&;?#\"'<>]+")
_ESCAPE: Final = re.compile("%[0-9A-Fa-f]{2}")
_ESCAPED: Final = 3
"""How often a text may have been percent-encoded."""
_MEANT: Final = re.compile(r"[\s%&;?#\"'<>\x00-\x1f]")
"""What has to be escaped again, where something was taken out of what was escaped."""


class TextRedactor:
    """Takes card numbers and secrets out of texts. Its rules never change. Safe from any thread.

    What it takes out is counted in `health`, as `fournines_redacted{kind}`.
    """

    def __init__(self, rules: Rules | None = None, health: Health | None = None) -> None:
        self.rules = rules or Rules()
        self._health = health
        self._passes, self._patterns = passes(self.rules.keys), self.rules.compiled
        self._clean: dict[str, None] = {}

    def text(self, text: str) -> str:
        """The text without card numbers and secrets: the very same one where there are none."""
        if text in self._clean:
            return text
        if not (self._patterns or self.rules.keys or "%" in text or may_hold_card(text) or may_hold(text)):
            if len(text) <= SHORT:
                remember(self._clean, text, None)
            return text
        taken: list[str] = []
        cleaned = self._cleaned(text, taken)
        if taken:
            self._count(taken)
        elif len(text) <= SHORT:
            remember(self._clean, text, None)
        return cleaned

    def _count(self, taken: Sequence[str]) -> None:
        if self._health is not None:
            for kind in set(taken):
                self._health.add(names.PROM_REDACTED, kind, by=taken.count(kind))

    def _cleaned(self, text: str, taken: list[str]) -> str:
        before = len(taken)
        cleaned = self._plain(text, taken)
        if "%" in cleaned and _ESCAPE.search(cleaned):
            cleaned = _PLACES.sub(lambda place: self._unescaped(place[0], taken), cleaned)
        return cleaned if len(taken) > before else text

    def _plain(self, text: str, taken: list[str]) -> str:
        """The text as it stands, whatever its percent signs mean."""
        if may_hold_card(text) and (found := cards_in(text)):
            taken += [CVV if each.is_code else CARD for each in found]
            text = _without(text, [(each.start, each.end, REDACTED) for each in found])
        if self.rules.keys or may_hold(text):
            small = text.lower()
            for kind, is_worthwhile, pattern, group, instead in self._passes:
                if is_worthwhile(text, small):
                    text = _taken_out(text, pattern, group, instead, kind, taken)
        for pattern in self._patterns:
            text = _taken_out(text, pattern, 0, _redacted, OWN, taken)
        return text

    def _unescaped(self, place: str, taken: list[str]) -> str:
        """A part of a URL, looked at as what it means; as it was where that holds nothing."""
        meant = place
        for _ in range(_ESCAPED):
            if "%" not in meant:
                break
            meant = unquote(meant)
            cleaned = self._plain(meant, taken)
            if cleaned != meant:
                return _MEANT.sub(lambda char: quote(char[0]), cleaned)
        return place


def remember(known: dict[str, Any], text: str, value: object) -> None:
    """Keeps what is known of a text. Emptied when it is full: what comes again is back at once, and nothing has to be kept in order."""
    if len(known) >= REMEMBERED:
        known.clear()
    known[text] = value


def _redacted(_: re.Match[str]) -> str:
    return REDACTED


def _taken_out(
    text: str,
    pattern: re.Pattern[str],
    group: int,
    instead: Callable[[re.Match[str]], str],
    kind: str,
    taken: list[str],
) -> str:
    """The text without a group of each match; what was taken out before is not counted again."""
    edits = [
        (*found.span(group), new)
        for found in pattern.finditer(text)
        if found[group] != (new := instead(found)) and (found[group] or kind != OWN)
    ]
    taken += [kind] * len(edits)
    return _without(text, edits) if edits else text


def _without(text: str, edits: Sequence[tuple[int, int, str]]) -> str:
    parts, at = [], 0
    for start, end, new in edits:
        parts += [text[at:start], new]
        at = end
    return "".join([*parts, text[at:]])
