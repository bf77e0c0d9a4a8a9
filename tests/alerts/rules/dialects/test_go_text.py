"""Numbers and texts as Go prints them: every expectation is what Go 1.26 printed."""

from __future__ import annotations

import pytest

from fournines.alerts.rules.dialects.go_text import decimal, number, quoted


@pytest.mark.parametrize(
    ("value", "shortest", "plain"),
    [
        (14.0, "14", "14"),
        (99.95, "99.95", "99.95"),
        (0.9990000000000001, "0.9990000000000001", "0.9990000000000001"),
        (0.0001, "0.0001", "0.0001"),
        (5e-05, "5e-05", "0.00005"),
        (4.999999999995453e-05, "4.999999999995453e-05", "0.00004999999999995453"),
        (100000.0, "100000", "100000"),
        (1000000.0, "1e+06", "1000000"),
        (1234567.5, "1.2345675e+06", "1234567.5"),
        (1e21, "1e+21", "1000000000000000000000"),
        (0.0, "0", "0"),
    ],
)
def test_a_number_is_printed_as_go_does(value, shortest, plain):
    """By `%v`, and without an exponent."""
    assert (shortest, plain) == (number(value), decimal(value))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('a"b\\c', '"a\\"b\\\\c"'),
        ("a\n\t\r\a\b\f\v", '"a\\n\\t\\r\\a\\b\\f\\v"'),
        ("é日😀", '"é日😀"'),
        ("\x00\x7f\x1b", '"\\x00\\x7f\\x1b"'),
        ("\x85\u200b\u00a0\U000e0001", '"\\u0085\\u200b\\u00a0\\U000e0001"'),
    ],
)
def test_a_text_is_quoted_as_go_does(text, written):
    """What nobody sees is escaped."""
    assert written == quoted(text)
