"""The `tracestate` header: what each tracing system on the way has to say, most recent first.

The rules are those of Trace Context Level 2, section 3.3 (https://www.w3.org/TR/trace-context-2/#tracestate-header).
OpenTelemetry's `TraceState` keeps to the key grammar of Level 1 and drops the whole header for a key written twice, which
Level 2 leaves to the receiver; so this is one of our own, of the same type and with the same methods.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Final

from opentelemetry.trace import TraceState

MEMBERS: Final = 32
LONG_MEMBER: Final = 128
LONGEST: Final = 8192
"""Characters that are passed on; the recommendation asks for 512 at least, and proxies refuse requests with longer lines."""
PROHIBITIVE: Final = MEMBERS * (256 + len("=") + 256 + len(","))
"""Characters no header needs to say all it may: a longer one is not looked at."""
BLANKS: Final = " \t"

_KEY = r"[a-z0-9][a-z0-9_\-*/@]{0,255}"
_VALUE = r"[ -+\--<>-~]{0,255}[!-+\--<>-~]"  # printable, without comma and equals sign; no blank at the end
_key, _value, _member = re.compile(_KEY), re.compile(_VALUE), re.compile(f"({_KEY})=({_VALUE})")
_log = logging.getLogger("fournines.instrumentation")


class Tracestate(TraceState):
    """Key and value pairs in the order of the header. Immutable: a change makes a new one."""

    def __init__(self, entries: Sequence[tuple[str, str]] | None = None) -> None:
        super().__init__()
        self._dict = dict(entries or ())
        if entries and len(self._dict) < len(entries):
            # Of a key that stands there twice the left-most is the most recent.
            newest = dict(reversed(entries))
            self._dict = {key: newest[key] for key in self._dict}

    def add(self, key: str, value: str) -> Tracestate:
        """With a pair before all others; unchanged if the pair is invalid or the key is there."""
        return self if key in self else self.update(key, value)

    def update(self, key: str, value: str) -> Tracestate:
        """With a key's pair, new or changed, before all others; of more than 32 the right-most goes. Unchanged if invalid."""
        if not (_says(_key, key) and _says(_value, value)):
            _log.warning("%r=%r is no valid pair of a tracestate; left out", key, value)
            return self
        others = [pair for pair in self.items() if pair[0] != key]
        return Tracestate([(key, value), *others[: MEMBERS - 1]])

    def delete(self, key: str) -> Tracestate:
        """Without a key's pair."""
        return Tracestate([pair for pair in self.items() if pair[0] != key]) if key in self else self


EMPTY: Final = Tracestate()


def parse_tracestate(header: str) -> Tracestate | None:
    """What a header says (several, joined by commas); None where any of it breaks the grammar, or it has 33 members."""
    if len(header) > PROHIBITIVE:
        return None
    pairs: list[tuple[str, str]] = []
    for text in header.split(","):
        member = text.strip(BLANKS)
        if not member:
            continue
        found = _member.fullmatch(member)
        if found is None or len(pairs) == MEMBERS:
            return None
        pairs.append((found[1], found[2]))
    return Tracestate(pairs if len(header) <= LONGEST else _fitting(pairs)) if pairs else EMPTY


def _says(pattern: re.Pattern[str], text: object) -> bool:
    return isinstance(text, str) and pattern.fullmatch(text) is not None


def _fitting(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What is passed on of them: whole members; where they are too long, the long ones go first, then from the end."""
    if _length(pairs) <= LONGEST:
        return pairs
    kept = list(pairs)
    for pair in reversed([pair for pair in pairs if _length([pair]) > LONG_MEMBER]):
        kept.remove(pair)
        if _length(kept) <= LONGEST:
            break
    return kept  # 32 members of at most 128 characters always fit


def _length(pairs: Sequence[tuple[str, str]]) -> int:
    return sum(len(key) + len(value) + 2 for key, value in pairs) - 1
