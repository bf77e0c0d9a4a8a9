"""What services cost, as a table says it: `period,service,amount,currency`."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple

from ..errors import InvalidValue
from .period import Period

COLUMNS: Final = ("period", "service", "amount", "currency")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_MOST_DIGITS: Final = 30


class CostLine(NamedTuple):
    """What a service cost from a day up to another; the service is empty where it is nobody's alone."""

    first: date
    after: date
    service: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Costs:
    """Costs of a period by service, under an empty name what is nobody's alone, all in one currency; `source` says where they are from.

    `estimated` is whether they may still change.
    """

    services: dict[str, Decimal]
    currency: str
    source: str
    estimated: bool = False

    def notes(self, named: Collection[str]) -> Iterator[str]:
        """What a reader has to know of them, in words."""
        yield f"costs are from {self.source}{', and may still change' if self.estimated else ''}"
        rest = {name: amount for name, amount in self.services.items() if name not in named and amount}
        if rest:
            shared = sum(rest.values(), Decimal(0))
            yield f"of all costs {shared} {self.currency} are of no service of this report"


def read_costs(text: Iterable[str], period: Period, source: str) -> Costs:
    """What a table says of a period: of every day or month within it. `InvalidValue`, with the line, also where it says nothing of it.

    A `period` of the table is a day, a week, a month, a quarter or a year, and must not reach over the report's ends.
    """
    lines, currencies = [], set()
    for line, currency in _lines(text, source):
        if line.first < period.after and line.after > period.first:
            if line.first < period.first or line.after > period.after:
                raise InvalidValue(
                    f"{source}: what was cost from {line.first} to {line.after} is more than {period.name}"
                )
            lines.append(line)
            currencies.add(currency)
    if not lines:
        raise InvalidValue(f"{source} says nothing of {period.name}")
    if len(currencies) > 1:
        raise InvalidValue(f"{source}: amounts are of one currency, not of {', '.join(sorted(currencies))}")
    _check_once(lines, source)
    return Costs(added(lines), currencies.pop(), source)


def added(lines: Iterable[CostLine]) -> dict[str, Decimal]:
    """What each service cost in all."""
    found: dict[str, Decimal] = {}
    for line in lines:
        found[line.service] = found.get(line.service, Decimal(0)) + line.amount
    return found


def _lines(text: Iterable[str], source: str) -> Iterator[tuple[CostLine, str]]:
    rows = csv.DictReader(text, strict=True)
    try:
        if rows.fieldnames is None or set(COLUMNS) - set(rows.fieldnames):
            raise InvalidValue(f"{source}: its first line names the columns {', '.join(COLUMNS)}")
        for row in rows:
            try:
                yield _line({name: (row[name] or "").strip() for name in COLUMNS})
            except InvalidValue as error:
                raise InvalidValue(f"{source}, line {rows.line_num}: {error}") from None
    except csv.Error as error:
        raise InvalidValue(f"{source}, line {rows.line_num + 1}: {error}") from None


def _line(row: dict[str, str]) -> tuple[CostLine, str]:
    if not _CURRENCY.fullmatch(row["currency"]):
        raise InvalidValue(f"{row['currency']!r} is no currency; write EUR, USD")
    first, after = _span(row["period"])
    return CostLine(first, after, row["service"], _amount(row["amount"])), row["currency"]


def _span(text: str) -> tuple[date, date]:
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII):
            day = date.fromisoformat(text)
            return day, date.fromordinal(day.toordinal() + 1)
    except ValueError:  # no day, or the last one of all
        raise InvalidValue(f"there is no day {text}") from None
    period = Period.parse(text)
    return period.first, period.after


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise InvalidValue(f"{text!r} is no amount; write 1204.50") from None
    if not amount.is_finite() or len(amount.as_tuple().digits) > _MOST_DIGITS or abs(amount.adjusted()) > _MOST_DIGITS:
        raise InvalidValue(f"{text!r} is no amount; write 1204.50")
    return amount


def _check_once(lines: Iterable[CostLine], source: str) -> None:
    """A month and its days would count twice."""
    last: dict[str, CostLine] = {}
    for line in sorted(lines):
        before = last.get(line.service)
        same = before is not None and (before.first, before.after) == (line.first, line.after)
        if before is not None and line.first < before.after and not same:
            raise InvalidValue(
                f"{source}: of {line.service or 'no service'} {line.first} is said twice, alone and in a longer time"
            )
        last[line.service] = line
