"""Rounded figures never promise more than the exact ones."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.slo import PARTS, Objective, Unit, figures

SHARES = st.fractions(min_value=-50, max_value=1, max_denominator=10**9)
SECONDS = st.fractions(min_value=0, max_value=400 * 86_400, max_denominator=1000)
UNITS = {"d": 86_400, "h": 3_600, "min": 60, "s": 1, "ms": Fraction(1, 1000)}


def read_percent(text: str) -> Fraction:
    """The share that a figure names."""
    number = text.removesuffix(" %").replace(figures.MINUS, "-").replace(",", "").removeprefix("under ")
    return Fraction(number) / 100


def read_duration(text: str) -> Fraction:
    """The seconds that a figure names."""
    return sum((int(n) * Fraction(UNITS[u]) for n, u in re.findall(r"(\d+) (min|ms|[dhs])", text)), Fraction(0))


@settings(deadline=None)
@given(SHARES)
def test_a_share_is_never_shown_as_more_than_it_is(ratio: Fraction) -> None:
    """What is left is rounded down, also below nothing, by less than a tenth of a per cent."""
    said = figures.percent(ratio)

    if said.startswith("under"):
        assert 0 < ratio < read_percent(said)
    else:
        assert read_percent(said) <= ratio < read_percent(said) + Fraction(1, 1000)


@settings(deadline=None)
@given(st.fractions(min_value=0, max_value=1, max_denominator=10**9))
def test_only_all_of_it_is_shown_as_100_percent(ratio: Fraction) -> None:
    """100 % is said of exactly 1, and 0 % of exactly 0."""
    assert (figures.percent(ratio) == "100 %") == (ratio == 1)
    assert (figures.percent(ratio) == "0 %") == (ratio == 0)


@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        (Fraction("0.99995"), "99.9 %"),
        (Fraction("0.9999999"), "99.9 %"),
        (Fraction(1), "100 %"),
        (Fraction(-9), "\N{MINUS SIGN}900 %"),
        (Fraction("-0.00001"), "\N{MINUS SIGN}0.1 %"),
        (Fraction("0.00001"), "under 0.1 %"),
        (Fraction("0.001"), "0.1 %"),
        (Fraction("0.615"), "61.5 %"),
        (Fraction("-12.345"), "\N{MINUS SIGN}1,234.5 %"),
    ],
)
def test_shares_read_as_people_say_them(ratio: Fraction, said: str) -> None:
    """The figures of the page's first line."""
    assert said == figures.percent(ratio)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("0.9999", "99.99 %"),
        ("0.99995", "99.995 %"),
        ("0.5", "50 %"),
        ("0.990", "99 %"),
        (f"0.{'9' * 30}", f"99.{'9' * 28} %"),
    ],
)
def test_objectives_keep_every_digit(target: str, said: str) -> None:
    """An objective is exact, so it is never rounded."""
    assert said == figures.objective(Objective.parse(target))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(1, 10_000), "0.0001"),
        (Fraction(144, 10) / 10_000, "0.00144"),
        (Fraction(30), "30"),
        (Fraction(100), "100"),
        (Fraction(1, 3), "0.3333333333333333"),
        (Fraction(28, 30) / 100_000, "0.000009333333333333333"),
        (Fraction(0), "0"),
        (Fraction(-1, 4), "-0.25"),
        (Fraction(int("1" * 39), 10**39), f"0.{'1' * 39}"),
        (Fraction(int("1" * 40), 10**40), "0.1111111111111111"),
    ],
)
def test_exact_numbers_keep_every_digit_they_have(value: Fraction, text: str) -> None:
    """1 - 0.9999 is 0.0001 and nothing else; what has no end gets as many digits as a float holds."""
    assert text == figures.exact(value)


@given(st.decimals(min_value=0, max_value=1000, allow_nan=False, places=30))
def test_a_decimal_is_written_exactly(value: Decimal) -> None:
    """Reading the literal gives the number back, exactly."""
    assert Fraction(value) == Fraction(figures.exact(Fraction(value)))


@pytest.mark.parametrize(
    ("share", "digits", "said"), [("0.6199", 0, "61 %"), ("0.0049", 0, "under 1 %"), ("0.12345", 2, "12.34 %")]
)
def test_a_share_has_as_many_digits_as_asked(share: str, digits: int, said: str) -> None:
    """And is rounded down whatever they are."""
    assert said == figures.percent(Fraction(share), digits)


@pytest.mark.parametrize(("factor", "said"), [("14.4", "14.4"), ("13.44", "13.44"), ("1", "1"), ("0.7", "0.7")])
def test_a_factor_is_said_as_it_is(factor: str, said: str) -> None:
    """It is no measurement: rounded up it would be another limit."""
    assert said == figures.factor(Fraction(factor))


@settings(deadline=None)
@given(st.fractions(min_value=0, max_value=100, max_denominator=10**6), st.integers(min_value=1, max_value=999))
def test_a_rate_keeps_its_side_of_a_limit(rate: Fraction, tenths: int) -> None:
    """A shown rate is above a limit of tenths exactly when the rate is."""
    limit = Fraction(tenths, 10)
    said = figures.burn(rate)
    shown = Fraction(0) if said.startswith("under") else Fraction(said.removesuffix("x").replace(",", ""))

    assert (shown > limit) == (rate > limit)


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (None, "\N{EN DASH}"),
        (0, "0x"),
        (Fraction(1, 1000), "under 0.1x"),
        (21, "21x"),
        (Fraction("14.401"), "14.5x"),
        (Fraction("0.1"), "0.1x"),
        (Fraction("99.9"), "99.9x"),
        (Fraction("99.91"), "100x"),
        (Fraction("100.05"), "101x"),
        (Fraction("100.1"), "101x"),
        (4814.2, "4,815x"),
    ],
)
def test_rates_read_as_people_say_them(rate: Fraction | None, said: str) -> None:
    """No traffic has no rate; large ones are whole."""
    assert said == figures.burn(rate)


@settings(deadline=None)
@given(SECONDS)
def test_time_left_is_rounded_down_and_time_over_is_rounded_up(seconds: Fraction) -> None:
    """What is said lies on the safe side, within the smaller of the two units said."""
    down, up = figures.duration(seconds), figures.duration(seconds, up=True)
    assert read_duration(down) <= seconds or down == "under 1 ms"
    assert seconds <= read_duration(up)
    if seconds >= 1:
        unit = Fraction(UNITS[down.split()[-1]])
        assert seconds - read_duration(down) < max(unit, Fraction(3_600 if seconds >= 86_400 else 60))


@pytest.mark.parametrize(
    ("seconds", "up", "said"),
    [
        (0, False, "0 s"),
        (0.25, False, "250 ms"),
        (0.25, True, "250 ms"),
        (0.2501, True, "251 ms"),
        (0.9995, False, "999 ms"),
        (0.9999, True, "1 s"),
        (0.0001, False, "under 1 ms"),
        (Fraction(1, 1001), True, "under 1 ms"),
        (Fraction(1, 1000), False, "1 ms"),
        (Fraction(999, 1000), False, "999 ms"),
        (1, False, "1 s"),
        (59, False, "59 s"),
        (60, False, "1 min"),
        (3_600, False, "1 h"),
        (86_400, True, "1 d"),
        (259.2, False, "4 min 19 s"),
        (38.2, True, "39 s"),
        (59.5, True, "1 min"),
        (3_599.5, True, "1 h"),
        (86_399, True, "1 d"),
        (11_400, False, "3 h 10 min"),
        (12 * 86_400 + 4 * 3_600 + 59, False, "12 d 4 h"),
    ],
)
def test_lengths_of_time_read_as_people_say_them(seconds: float, up: bool, said: str) -> None:
    """The two largest units; rounding up carries into the larger one."""
    assert said == figures.duration(seconds, up=up)


@settings(deadline=None)
@given(SECONDS, st.booleans())
def test_a_compact_length_says_the_same(seconds: Fraction, up: bool) -> None:
    """On a lock screen there is room for units of one letter, and the figures are those of the page."""
    whole = figures.duration(seconds, up=up)

    assert figures.duration(seconds, up=up, compact=True) == re.sub(r"(?<=\d) ", "", whole.replace("min", "m")).replace(
        "under1", "under 1"
    )


def test_a_length_of_time_is_not_negative() -> None:
    """Over-spent time must be said as such, not as a negative length."""
    with pytest.raises(ValueError, match="not negative"):
        figures.duration(-1)


@settings(deadline=None)
@given(st.fractions(min_value=-(10**12), max_value=10**12, max_denominator=1000))
def test_counts_are_rounded_down_or_up_as_asked(number: Fraction) -> None:
    """`count` is at most, `count(up)` at least the number."""

    def read(text: str) -> Fraction:
        value = Fraction(text.removesuffix(" million").replace(",", "").replace(figures.MINUS, "-"))
        return value * 1_000_000 if text.endswith("million") else value

    assert read(figures.count(number)) <= number <= read(figures.count(number, up=True))


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1, "1 request"),
        (0, "0 requests"),
        (1204.9, "1,204 requests"),
        (12_345_678, "12,345,678 requests"),
        (999_999_999, "999,999,999 requests"),
        (1_000_000_000, "1,000 million requests"),
        (1_234_567_890, "1,234.5 million requests"),
        (-1_000_000_000, "\N{MINUS SIGN}1,000 million requests"),
    ],
)
def test_requests_are_counted_in_words(number: float, said: str) -> None:
    """One request, several requests."""
    assert said == figures.requests(number)


def test_a_moment_of_today_is_a_time_and_an_older_one_has_its_date() -> None:
    """Within 20 hours the time of day can't be mistaken."""
    now = 1_795_317_400

    assert figures.clock(now - 240, now) == "03:12:40 UTC"
    assert figures.clock(now, now) == "03:16:40 UTC"
    assert figures.clock(now - 71_999, now) == "07:16:41 UTC"
    assert figures.clock(now - 72_000, now) == "21 Nov 07:16 UTC"
    assert figures.clock(now - 3 * 86_400, now) == "19 Nov 03:16 UTC"
    assert figures.clock(now + 1, now) == "22 Nov 03:16 UTC"
    assert figures.clock(now + 60, now) == "22 Nov 03:17 UTC"


def test_since_when_and_how_long() -> None:
    """Whole seconds on both sides; what a clock ahead of ours dated begins now."""
    now = 1_795_317_400.2

    assert figures.since(now - 240.9, now) == "since 03:12:39 UTC (4 min 1 s)"
    assert figures.since(now, now) == "since 03:16:40 UTC (0 s)"
    assert figures.since(now + 60, now) == "since 22 Nov 03:17 UTC (0 s)"


@pytest.mark.parametrize(
    ("number", "unit", "said"),
    [
        (1, Unit.EVENTS, "1 failed event"),
        (2, Unit.EVENTS, "2 failed events"),
        (1_204, Unit.EVENTS, "1,204 failed events"),
        (0, Unit.EVENTS, "0 failed events"),
        (0, Unit.SLICES, "0 bad slices"),
        (1, Unit.SLICES, "1 bad slice"),
        (2, Unit.SLICES, "2 bad slices"),
        (PARTS // 2, Unit.PARTS, "0.5 bad slices"),
        (PARTS, Unit.PARTS, "1 bad slice"),
        (PARTS * 3 // 2, Unit.PARTS, "1.5 bad slices"),
    ],
)
def test_what_was_bad_is_said_in_its_unit(number, unit, said):
    """Events fail, slices are bad, also in part."""
    assert figures.bad(number, unit) == said


@pytest.mark.parametrize(
    ("ratio", "up", "said"),
    [
        (0, False, "0 %"),
        (Fraction("0.000123"), False, "0.0123 %"),
        (Fraction(1, 3_000_000), False, "0 %"),
        (Fraction(1, 3_000_000), True, "0.0001 %"),
        (Fraction("0.01"), False, "1 %"),
        (Fraction("-0.0000001"), False, "\N{MINUS SIGN}0.0001 %"),
        (1, False, "100 %"),
    ],
)
def test_small_shares_have_four_decimals(ratio, up, said):
    """Rounded down, or up where that is asked."""
    assert said == (figures.share(ratio, up=True) if up else figures.share(ratio))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [("0.25", "250 ms"), ("0.999", "999 ms"), ("0.0005", "0.0005 s"), ("1", "1 s"), ("2.5", "2.5 s")],
)
def test_a_threshold_is_said_exactly(seconds, said):
    """In milliseconds below a second, as long as they are whole ones."""
    assert said == figures.threshold(Decimal(seconds))


def test_a_moment_has_its_date_where_an_axis_needs_it():
    """To the minute."""
    assert [figures.moment(1_795_317_400, with_date=asked) for asked in (False, True)] == ["03:16", "22 Nov 03:16"]


@pytest.mark.parametrize(
    ("number", "up", "said"),
    [
        (Fraction("4.3209"), False, "4.32"),
        (Fraction("4.3209"), True, "4.321"),
        (Fraction(1, 3), False, "0.333"),
        (Fraction(1, 10_000), False, "0"),
        (2, False, "2"),
        (Fraction("1234.5"), False, "1,234.5"),
    ],
)
def test_parts_of_things_are_said_to_thousandths(number, up, said):
    """Rounded down, or up where that is asked."""
    assert said == (figures.parts(number, up=True) if up else figures.parts(number))
