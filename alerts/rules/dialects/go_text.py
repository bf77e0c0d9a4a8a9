"""Numbers, lengths of time and YAML as programs in Go print them: by `strconv`, `time`, Prometheus' `model` and `go-yaml` version 2."""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

_WIDE: Final = 21
"""From so many digits before the point Go writes an exponent."""

_YEAR, _WEEK, _DAY, _HOUR, _MINUTE = 365 * 86_400, 7 * 86_400, 86_400, 3_600, 60
_STILL_WORDS: Final = re.compile(r"[yYnN]|[-+]?[0-9.][0-9_.]*[eE][-+]?[0-9]+")
"""What go-yaml takes for a truth value or a number, and PyYAML does not."""

_PARTS: Final = re.compile(r"[0-9]+|[^0-9]")


def number(value: float) -> str:
    """A float by `%v`: as few digits as tell it from others, `0.0009999999999999432`, `5e-05`, and `14` for 14.0."""
    text = repr(value)
    if "e" in text:
        mantissa, exponent = text.split("e")
        digits = mantissa.removesuffix(".0")
        return f"{value:.0f}" if 0 < int(exponent) < _WIDE else f"{digits}e{exponent}"
    return text.removesuffix(".0")


def duration(seconds: int) -> str:
    """A length of time as Prometheus prints it: `5m`, `6h26m`, `4w`. Years and weeks only where nothing is left over."""
    if not seconds:
        return "0s"
    parts, left = "", seconds
    for unit, size, exact in (
        ("y", _YEAR, True),
        ("w", _WEEK, True),
        ("d", _DAY, False),
        ("h", _HOUR, False),
        ("m", _MINUTE, False),
        ("s", 1, False),
    ):
        if left >= size and not (exact and left % size):
            parts += f"{left // size}{unit}"
            left %= size
    return parts


def go_duration(seconds: int) -> str:
    """A length of time as Go's `time.Duration` prints it: `2m0s`, `1h0m0s`."""
    hours, rest = divmod(seconds, _HOUR)
    minutes, left = divmod(rest, _MINUTE)
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + f"{left}s"


def quoted(text: str) -> str:
    """A string by `%q`, as Prometheus writes the values of labels."""
    named = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(named.get(each, each) for each in text) + '"'


def in_order(mapping: dict[str, str]) -> dict[str, str]:
    """A mapping in the order in which go-yaml writes one: numbers within names by what they count, letters behind all else."""
    return {name: mapping[name] for name in sorted(mapping, key=_natural)}


def _natural(name: str) -> list[tuple[int, int, int]]:
    """What decides: a number by its value and its length, and letters behind every other character."""
    return [
        (0, int(part), len(part))
        if part.isdigit()
        else (1 if part.isalpha() else 0, ord(part) if part.isalpha() else 0, 0)
        for part in _PARTS.findall(name)
    ]


def yaml_text(document: Any) -> str:
    """A document as go-yaml writes it: folded at 80 columns, texts of several lines as blocks, what would be no text in double quotes."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=80, allow_unicode=True)


class _Dumper(yaml.SafeDumper):
    """Without anchors, which make two equal label sets look like one."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    plain = dumper.resolve(yaml.ScalarNode, text, (True, False)) == "tag:yaml.org,2002:str"  # type: ignore[no-untyped-call] # it has no types
    style = '"' if not plain or _STILL_WORDS.fullmatch(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else style)


_Dumper.add_representer(str, _text)
