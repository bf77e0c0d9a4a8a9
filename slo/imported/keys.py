"""A mapping of another tool's file, whose keys are taken one by one, so that what nobody took is known, and is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from ..openslo.document import Steps
from ..openslo.margin import Margin

_LARGEST: Final = 100
"""Digits before or behind the point, which arithmetic has room for."""


def scalar_text(value: Any) -> str | None:
    """A value as tools in Go read it where a text is meant, with the space around it; None for what has parts, or is nothing."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return str(value) if isinstance(value, int | str) else None


def raw_texts(value: Any) -> dict[str, str]:
    """A mapping of texts to the letter; empty for what is none."""
    texts = value.items() if isinstance(value, dict) else ()
    return {name: text for name, each in texts if (text := scalar_text(each)) is not None}


_TRUTHS: Final = frozenset({"y", "n", "yes", "no", "on", "off"})
"""What YAML 1.1 reads as true or false, and 1.2 as a text."""


class NotCarried(Exception):
    """An SLO can't be carried over; why is noted."""


class Keys:
    """The mapping at `steps` of a document; one that is not there has no keys. A key that has two spellings is asked for by both.

    What is wrong with a value is noted, and raises `NotCarried`.
    """

    def __init__(self, margin: Margin, value: Any, steps: Steps = ()) -> None:
        self._margin = margin
        self._value: Mapping[str, Any] = value if isinstance(value, dict) else {}
        self._steps = steps
        self._taken: set[str] = set()
        self._below: list[Keys] = []

    def __contains__(self, name: str) -> bool:
        return self._value.get(name) is not None

    def text(self, *names: str, default: str | None = None) -> str:
        """A text; a number is taken as it would be written."""
        name, value = self._take(names)
        if value is None and default is not None:
            return default
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str) or not value.strip():
            raise self.refusal("is missing" if value is None else "is no text", name)
        return value.strip()

    def verbatim(self, *names: str) -> str:
        """A text with the space around it, which tells one of two files from the other."""
        self.text(*names)
        return str(self._take(names)[1])

    def plain(self, *names: str) -> Any:
        """What stands under a key, whatever it is; None where nothing does."""
        return self._take(names)[1]

    def peek(self, name: str) -> Any:
        """What stands under a key, which is not taken by that."""
        return self._value.get(name)

    def number(self, *names: str) -> Decimal:
        """A number, which may stand there as a text."""
        text = self.text(*names)
        try:
            number = Decimal(text)
        except InvalidOperation:
            number = Decimal("nan")
        if not number.is_finite() or abs(number.adjusted()) > _LARGEST:
            raise self.refusal(f"{text!r} is no number; write 99.9", names[0])
        return number

    def flag(self, *names: str, default: bool) -> bool:
        """True or false."""
        name, value = self._take(names)
        if value is not None and not isinstance(value, bool):
            raise self.refusal("is neither true nor false", name)
        return default if value is None else value

    def texts(self, *names: str) -> dict[str, str]:
        """A mapping of texts, such as labels; truth values are taken as they would be written."""
        below = self.below(*names)
        found = {}
        for name in below:
            text = scalar_text(below.plain(name)) or ""
            found[name] = text.strip() or below.text(name)
            for each in (name, below.plain(name)):
                if isinstance(each, str) and each.lower() in _TRUTHS:
                    below.remark(
                        f"{each!r} is a text here, and to the other tool a truth value unless it is quoted", name
                    )
        return found

    def words(self, *names: str) -> list[str]:
        """A list of texts; empty where it is not there."""
        name, value = self._take(names)
        if value is not None and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            raise self.refusal("is no list of texts", name)
        return value or []

    def below(self, *names: str) -> Keys:
        """The mapping under a key."""
        name, value = self._take(names)
        if value is not None and not isinstance(value, dict):
            raise self.refusal("holds no keys", name)
        return self._made(value, (name,))

    def each(self, *names: str) -> list[Keys]:
        """The mappings of a list; there is at least one."""
        name, value = self._take(names)
        if not isinstance(value, list) or not value:
            raise self.refusal("is missing" if value is None else "is no list of entries", name)
        return [self._made(one, (name, index)) for index, one in enumerate(value)]

    def leave(self, name: str, reason: str) -> None:
        """Says why a key is not carried over, where it is there."""
        if name in self:
            self._taken.add(name)
            self.remark(reason, name)

    def pass_over(self, *names: str) -> None:
        """Takes keys that say nothing of an SLO."""
        self._taken.update(names)

    def abandon(self) -> None:
        """Says nothing more of it: its SLO is not carried over, and that is said."""
        self._taken.update(self._value)
        self._below.clear()

    def rest(self) -> None:
        """Says of everything that nobody took, here and below, that it is not carried over."""
        for name in self._value.keys() - self._taken:
            if self._value[name] not in (None, {}, []):
                self.remark("is not carried over", name)
        for each in self._below:
            each.rest()

    def remark(self, message: str, *steps: str) -> None:
        """Remarks on what is carried over otherwise than it stands there."""
        self._margin.remark((*self._steps, *steps), message)

    def refusal(self, message: str, *steps: str) -> NotCarried:
        """Notes why an SLO can't be carried over, for the asker to raise."""
        self._margin.note((*self._steps, *steps), message)
        return NotCarried(message)

    def __iter__(self) -> Iterator[str]:
        return iter(self._value)

    def _take(self, names: tuple[str, ...]) -> tuple[str, Any]:
        """The spelling that is there, the first where none is, and its value."""
        self._taken.update(names)
        name = next((name for name in names if self._value.get(name) is not None), names[0])
        return name, self._value.get(name)

    def _made(self, value: Any, steps: Steps) -> Keys:
        made = Keys(self._margin, value, (*self._steps, *steps))
        self._below.append(made)
        return made
