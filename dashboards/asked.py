"""Which SLOs the list shows, in which order, and which page of them: chosen and sorted by the server, said by the address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple
from urllib.parse import urlencode

from ..slo import Evaluation
from .face import Face
from .others import worst_first

ON_A_PAGE: Final = 50
"""SLOs that a page shows."""

ORDERS: Final = {"worst": "worst first", "name": "by name", "service": "by service", "budget": "least budget first"}
"""In which orders one may ask for them, and in words."""


class PageLink(NamedTuple):
    """A page of the list: its number, its address, and whether it is the one that is shown."""

    number: int
    path: str
    current: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for; an empty text asks for all. `state` is the tone of a face, `text` a part of a name. Pages begin at 1."""

    service: str = ""
    state: str = ""
    text: str = ""
    order: str = "worst"
    page: int = 1

    @property
    def first(self) -> int:
        """How many are on the pages before."""
        return (self.page - 1) * ON_A_PAGE

    @property
    def is_worst_first(self) -> bool:
        """Whether the worst is on top."""
        return self.order == "worst"

    @property
    def is_narrowed(self) -> bool:
        """Whether some are left out."""
        return bool(self.service or self.state or self.text)

    def rows(self, evaluation: Evaluation, faces: Sequence[Face]) -> list[int]:
        """The rows of all that are asked for, in order."""
        slos, text = evaluation.slos, self.text.casefold()
        found = [
            row
            for row in worst_first(evaluation, faces)
            if self.service in ("", slos[row].service)
            and self.state in ("", faces[row].tone)
            and text in f"{slos[row].name} {slos[row].service}".casefold()
        ]
        return sorted(found, key=self._key(evaluation, found))

    def path(self, **change: str) -> str:
        """The address of the same list, but for what changes; of its first page."""
        asked = replace(self, page=1, **change)
        said = {"service": asked.service, "state": asked.state, "q": asked.text, "order": asked.order}
        query = urlencode(
            {name: value for name, value in said.items() if value and (name, value) != ("order", "worst")}
        )
        return f"/?{query}" if query else "/"

    def pages(self, many: int) -> list[PageLink]:
        """The pages around the one that is shown, the first and the last; none where one holds all."""
        last = -(-many // ON_A_PAGE)
        near = {1, last, *range(max(1, self.page - 2), min(last, self.page + 2) + 1)}
        path = self.path()
        joint = "&" if "?" in path else "?"
        return [
            PageLink(number, path if number == 1 else f"{path}{joint}page={number}", number == self.page)
            for number in sorted(near)
            if last > 1
        ]

    def _key(self, evaluation: Evaluation, found: Sequence[int]) -> Callable[[int], tuple[float, str, str]]:
        """By what they are sorted; of equal ones the worst comes first."""
        slos, left = evaluation.slos, evaluation.remaining_ratios.tolist()
        place = {row: number for number, row in enumerate(found)}
        match self.order:
            case "name":
                return lambda row: (0.0, slos[row].name, "")
            case "service":
                return lambda row: (0.0, slos[row].service, slos[row].name)
            case "budget":
                return lambda row: (left[row], slos[row].name, "")
            case _:
                return lambda row: (place[row], "", "")
