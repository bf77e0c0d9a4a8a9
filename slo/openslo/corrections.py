"""Corrections as the annotation holds them, a YAML list in a text.

fournines/corrections: |
  - {start: 2026-01-10 01:00:00, end: 2026-01-10 03:00:00, zone: Europe/Berlin, reason: new database, author: ana}
  - {start: 2026-01-04 02:00:00, duration: 1h, rrule: FREQ=WEEKLY;BYDAY=SU, reason: weekly patches, author: ops}
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, ClassVar, Final

from pydantic import AfterValidator, Field, RootModel, WithJsonSchema, model_validator

from ..correction import Correction
from ..errors import InvalidValue
from ..local_time import to_epoch, zone_named
from ..window import Window
from .margin import Margin
from .shape import Shape, Word, checked_duration, complaint, made
from .validation import validate
from .yaml_reader import read_text

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?")
_MOST: Final = 200


def _time(text: str) -> str:
    if not _TIME.fullmatch(text):
        raise complaint(f"{text!r} is no time; write 2026-01-31 02:00:00, in `zone`, or 2026-01-31T02:00:00Z")
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise complaint(f"{text!r} is no time: {error}") from None
    return text


def _zone(name: str) -> str:
    made(zone_named, name)
    return name


_TIME_SCHEMA: Final = WithJsonSchema({"type": "string", "pattern": f"^{_TIME.pattern}$"})
Time = Annotated[str, AfterValidator(_time), _TIME_SCHEMA]


class CorrectionEntry(Shape):
    """Time that is taken out, once or again and again."""

    one_of: ClassVar = ("end", "duration")

    start: Time
    end: Time | None = None
    duration: Annotated[str, AfterValidator(checked_duration)] | None = None
    rrule: str = ""
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    reason: Word
    author: Word

    @model_validator(mode="after")
    def _makes_sense(self) -> CorrectionEntry:
        made(lambda _: self.correction, None)
        return self

    @property
    def correction(self) -> Correction:
        """What it says. Raises `InvalidValue`."""
        start = self._epoch(self.start)
        return Correction(
            start, self._seconds(start), rule=self.rrule, zone=self.zone, reason=self.reason, author=self.author
        )

    def _seconds(self, start: int) -> int:
        if self.end is None:
            return Window.parse(self.duration or "").seconds
        if (seconds := self._epoch(self.end) - start) <= 0:
            raise InvalidValue(f"it ends at {self.end}, which is not after {self.start}")
        return seconds

    def _epoch(self, text: str) -> int:
        """Epoch seconds: in `zone`, unless the text says how far it is from UTC."""
        time = datetime.fromisoformat(text)
        return int(time.timestamp()) if time.tzinfo else to_epoch(time, zone_named(self.zone))


class _Corrections(RootModel[Annotated[list[CorrectionEntry], Field(min_length=1, max_length=_MOST)]]):
    """All of them."""


def parse_corrections(text: str) -> tuple[Correction, ...]:
    """Reads the list. `InvalidValue` says all that is wrong with it, each with its path in the list."""
    content = read_text(text, "")
    faults = list(content.faults)
    if len(content.documents) == 1:
        found = validate(_Corrections, content.documents[0].data, Margin(content.documents[0], faults))
        if found is not None and not faults:
            return tuple(entry.correction for entry in found.root)
    reasons = [": ".join(filter(None, (fault.path, fault.message))) for fault in faults]
    raise InvalidValue("; ".join(reasons) or "holds no list of corrections")
