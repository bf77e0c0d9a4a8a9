"""Card numbers in texts and numbers, found by their form and their check digit.

A card number has 12 to 19 digits and Luhn's check digit (ISO/IEC 7812-1), and begins with a digit from 2 to 9; with 12 digits as
Maestro's do, or, of 15 digits, with the 1 of UATP. It is written in one piece, in groups of any sizes with up to three spaces or
dashes between, or in a card's usual groups with anything else between that is no letter; in digits of any script.

Digits within a longer run, after a decimal point, or within an id are no card number: ids are UUIDs, hexadecimal ids and digests of
the usual lengths, trace contexts and X-Ray ids. One number in ten that looks like a card number and is none is taken for one.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

SHORTEST: Final = 12
LONGEST: Final = 19
"""Digits of a card number."""

_SURE: Final = 13
"""Of so many digits and more a card number may begin with any digit but 0 and 1, and be grouped in any way."""
_UATP: Final = 15
_GROUPS: Final = frozenset(
    {(4, 4, 4), (4, 4, 4, 1), (4, 4, 5), (4, 4, 4, 2), (4, 6, 4), (4, 6, 5), (4, 5, 6), (5, 5, 5), (4, 4, 4, 3), (4, 4, 4, 4),
     (8, 8), (4, 4, 4, 5), (4, 4, 4, 4, 1), (4, 4, 4, 4, 2), (6, 13), (4, 4, 4, 4, 3)},
)  # fmt: skip
"""How many digits stand together where a card number is written as on the card."""

_MAYBE: Final = re.compile(r"\d(?:[^0-9A-Za-z]{0,4}\d){11}")
_SHAPE: Final = bytes(48 if 48 <= char < 58 else 97 for char in range(256))
_REST: Final = bytes(char for char in range(128) if not chr(char).isalnum())
_ZEROS: Final = b"0" * SHORTEST
_RUN: Final = re.compile(r"[0-9](?:[0-9]|[ -]{1,3}(?=[0-9])){11,}")
_DIGITS: Final = re.compile("[0-9]+")
_GAP: Final = r"[^0-9A-Za-z]{1,4}"
_FOURS: Final = r"[0-9]{4}\1[0-9]{4,5}(?:\1[0-9]{1,5}(?:\1[0-9]{1,3})?)?"
_SIXES: Final = r"[0-9]{6}\1[0-9]{4,5}|[0-9]{5}\1[0-9]{6}"
_ODD: Final = re.compile(
    rf"(?<![0-9])(?:[0-9]{{4}}({_GAP})(?:{_FOURS}|{_SIXES})|[0-9]({_GAP})(?:[0-9]\2){{10,17}}[0-9]"
    rf"|[0-9]{{2}}({_GAP})(?:[0-9]{{2}}\3){{4,8}}[0-9]{{1,2}}|[0-9]{{6}}{_GAP}[0-9]{{13}})(?![0-9])"
)
"""Groups with the same something between: four digits and more of these, single digits, pairs; or six digits and thirteen."""

_MAESTRO: Final = ("50", "56", "57", "58", "6")

_HEX: Final = "[0-9a-fA-F]"
_DIGESTS: Final = "|".join(f"{_HEX}{{{size}}}" for size in (24, 32, 40, 48, 56, 64, 96, 128))
_ID: Final = re.compile(
    rf"(?<!{_HEX})(?:{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}|1-{_HEX}{{8}}-{_HEX}{{24}}"
    rf"|{_HEX}{{2}}-{_HEX}{{32}}-{_HEX}{{16}}-{_HEX}{{2}}|(?=[0-9]*[a-fA-F])(?:(?<!-){_HEX}{{16}}(?!-)|{_DIGESTS}))(?!{_HEX})"
)
"""A UUID, an X-Ray trace id, a trace context, or an id or digest with a letter in it."""
_ID_CHARS: Final = frozenset("0123456789abcdefABCDEF-")
_WIDEST_ID: Final = 128
_NAMED_ID: Final = re.compile(
    r"(?:trace|span|parent)[_.\- ]?(?:span[_.\- ]?)?id\\?[\"']?\s?[=:]\s?\\?[\"']?\Z", re.IGNORECASE
)
_NAME: Final = 32
_CLOUD: Final = re.compile(r"arn:aws|amazonaws\.com|\.dkr\.ecr\.")
_TOKEN: Final = 200

_CVV: Final = re.compile(
    rf"(?:{_GAP}(?:exp[a-z]{{0,8}}{_GAP})?(?:0[1-9]|1[0-2])[^0-9A-Za-z]{{0,3}}(?:20)?[2-9][0-9])?"
    rf"{_GAP}(?:(?:cv[cv]2?|cvn|csc)[^0-9A-Za-z]{{1,4}})?([0-9]{{3}}|[0-9]{{4}}(?![ -]{{1,3}}[0-9]))(?![0-9]|[-/:.][0-9])",
    re.IGNORECASE,
)
_VALUES: Final = bytes(max(0, char - 48) for char in range(256))
_DOUBLED: Final = bytes(2 * value - 9 * (value > 4) if value < 10 else 0 for value in range(256))
LEAST: Final = 10 ** (_SURE - 1)
"""The least number that is a card number where it stands as a number."""
_TOO_MANY: Final = 10**LONGEST


class Found(NamedTuple):
    """Where in a text a card number stands, or (`is_code`) the verification code beside one."""

    start: int
    end: int
    is_code: bool = False


def is_card(number: float) -> bool:
    """Whether the digits of a whole number are a card number: of 13 to 19 digits, since shorter ones count things."""
    if not LEAST <= number < _TOO_MANY or number != int(number):
        return False
    digits = str(int(number))
    return digits[0] > "1" and is_checked(digits)


def is_checked(digits: str) -> bool:
    """Whether the last of some ASCII digits is Luhn's check digit of the others."""
    values = digits.encode().translate(_VALUES)[::-1]
    return (sum(values[::2]) + sum(values[1::2].translate(_DOUBLED))) % 10 == 0


def may_hold_card(text: str) -> bool:
    """One cheap look: False where too few digits stand in a text without a letter between."""
    if len(text) < SHORTEST or not text.isascii():
        return len(text) >= SHORTEST
    return _ZEROS in text.encode().translate(_SHAPE, _REST)


def cards_in(text: str) -> list[Found]:
    """The card numbers of a text and the codes beside them, in order; none of them overlap."""
    if not _MAYBE.search(text):
        return []
    found = _numbers_in(text, [])
    if not text.isascii():
        # What stands beside foreign digits is looked at alone first: they must not make a longer run of it.
        text = text.translate(_FOLDED)
        found = _numbers_in(_masked(text, found), found)
    return _with_codes(text, found) if found else found


def _numbers_in(text: str, known: list[Found]) -> list[Found]:
    found: list[Found] = []
    for run in _RUN.finditer(text):
        found += _cards_of(run, found[-1].end if found else -1)
    found = sorted([*known, *found])
    starts = [each.start for each in found]
    odds = [
        Found(*odd.span())
        for odd in _ODD.finditer(text)
        if not _overlap(found[max(0, (place := bisect_left(starts, odd.start())) - 1) : place + 1], odd)
        and _is_odd_card(odd)
    ]
    return sorted([*found, *odds]) if odds else found


def _masked(text: str, found: list[Found]) -> str:
    parts, at = [], 0
    for start, end, _ in found:
        parts += [text[at:start], "x" * (end - start)]
        at = end
    return "".join([*parts, text[at:]])


class _Folds(dict[int, str]):
    """Each character as ASCII has it: digits, spaces and dashes of any script; all others as they are. Never longer, nor shorter."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        kind = unicodedata.category(char)
        folded = char
        if kind == "Nd":
            folded = str(unicodedata.decimal(char))
        elif code >= 128 and kind in ("Zs", "Cf"):
            folded = " "
        elif kind == "Pd" or char == "\u2212":
            folded = "-"
        self[code] = folded
        return folded


_FOLDED: Final = _Folds()


def _cards_of(run: re.Match[str], behind: int) -> Iterator[Found]:
    """The card numbers of a run of digits, spaces and dashes: the longest that begins with the first group that one begins with. Behind the
    number that ends at `behind` a dot is no decimal point.
    """
    text, offset, groups = run.string, run.start(), [group.span() for group in _DIGITS.finditer(run[0])]
    digits = "".join(run[0][begin:end] for begin, end in groups)
    bounds = [0, *accumulate(end - begin for begin, end in groups)]
    sums = _sums(digits)
    first = 0
    while first < len(groups):
        for last in _lasts(digits, bounds, first, sums):
            start, end = offset + groups[first][0], offset + groups[last][1]
            if start - 1 != behind and _is_fraction(text, start):
                break
            if not _is_id(text, start, end, _sizes(bounds, first, last)):
                yield Found(start, end)
                first, behind = last, end
                break
        first += 1


def _sums(digits: str) -> tuple[bytes, bytes]:
    """The last digits of Luhn's sums of the digits up to each place, doubling those at odd places, and those at even ones."""
    values = digits.encode().translate(_VALUES)
    odd, even = bytearray(values), bytearray(values)
    odd[1::2], even[::2] = values[1::2].translate(_DOUBLED), values[::2].translate(_DOUBLED)
    return bytes(each % 10 for each in accumulate(odd, initial=0)), bytes(
        each % 10 for each in accumulate(even, initial=0)
    )


def _lasts(digits: str, bounds: list[int], first: int, sums: tuple[bytes, bytes]) -> Sequence[int]:
    """The last groups of the card numbers that begin with a group, those of the longest first."""
    start = bounds[first]
    lead = digits[start]
    if lead == "0" or (lead == "1" and bounds[min(first + _UATP, len(bounds) - 1)] - start < _UATP):
        return ()
    lasts: list[int] = []
    even, odd = sums
    place = bisect_left(bounds, start + SHORTEST, first + 1, min(len(bounds), first + LONGEST + 1))
    for end in bounds[place : first + LONGEST + 1]:
        if end - start > LONGEST:
            break
        straight = even if end & 1 else odd
        if straight[end] == straight[start] and _is_known(digits, start, end, bounds, first, place - 1):
            lasts.append(place - 1)
        place += 1
    return lasts[::-1]


def _is_known(digits: str, start: int, end: int, bounds: list[int], first: int, last: int) -> bool:
    """Whether digits of this length begin as card numbers do, and are grouped so where not every grouping will do."""
    size = end - start
    if digits[start] != "1" and size >= _SURE:
        return True
    if (size == _UATP and digits[start] == "1") or (size == SHORTEST and digits.startswith(_MAESTRO, start)):
        sizes = _sizes(bounds, first, last)
        return len(sizes) in (1, size) or sizes in _GROUPS
    return False


def _sizes(bounds: list[int], first: int, last: int) -> tuple[int, ...]:
    return tuple(end - begin for begin, end in pairwise(bounds[first : last + 2]))


def _is_fraction(text: str, start: int) -> bool:
    return start > 1 and text[start - 1] == "." and text[start - 2] in "0123456789"


def _is_id(text: str, start: int, end: int, sizes: tuple[int, ...]) -> bool:
    """Whether digits are an id, or share some with one; a number of 12 digits may also be that of a phone or of an account of AWS."""
    if text[start - 1 : start] in _ID_CHARS or text[end : end + 1] in _ID_CHARS:
        low = max(0, start - _WIDEST_ID)
        around = text[low : end + _WIDEST_ID]
        if any(low + each.start() < end and low + each.end() > start for each in _ID.finditer(around)):
            return True
    if len(sizes) == 1 and sizes[0] in (16, 19) and _NAMED_ID.search(text[max(0, start - _NAME) : start]):
        return True
    return sum(sizes) == SHORTEST and _counts_else(text, start, end)


def _counts_else(text: str, start: int, end: int) -> bool:
    before, behind = text[max(0, start - _TOKEN) : start], text[end : end + _TOKEN]
    if before.endswith("+") or re.search(r"[A-Za-z]-\Z", before) or re.match(r"-[A-Za-z]", behind):
        return True
    token = before.split()[-1:] if before and not before[-1].isspace() else []
    return _CLOUD.search("".join([*token, text[start:end], *behind.split(maxsplit=1)[:1]])) is not None


def _overlap(found: list[Found], odd: re.Match[str]) -> bool:
    return any(each.start < odd.end() and each.end > odd.start() for each in found)


def _is_odd_card(odd: re.Match[str]) -> bool:
    """Whether groups that something else than spaces and dashes separates are a card number, and all there is."""
    text, (start, end) = odd.string, odd.span()
    gap = odd[1] or odd[2] or odd[3] or ""
    if text[end:].startswith(gap) and text[end + len(gap) : end + len(gap) + 1].isdigit():
        return False
    if text.endswith(gap, 0, start) and text[max(0, start - len(gap) - 1) : start - len(gap)].isdigit():
        return False
    digits = "".join(_DIGITS.findall(odd[0]))
    sizes = tuple(map(len, _DIGITS.findall(odd[0])))
    if not SHORTEST <= len(digits) <= LONGEST or not is_checked(digits) or (odd[1] and sizes not in _GROUPS):
        return False
    bounds = [0, *accumulate(sizes)]
    known = _is_known(digits, 0, len(digits), bounds, 0, len(sizes) - 1)
    return digits[0] != "0" and known and not _is_id(text, start, end, sizes)


def _with_codes(text: str, found: list[Found]) -> list[Found]:
    both: list[Found] = []
    for each, following in zip(found, [*found[1:], None], strict=True):
        both.append(each)
        code = _CVV.match(text, each.end)
        if code and (following is None or code.end() <= following.start):
            both.append(Found(*code.span(1), is_code=True))
    return both
