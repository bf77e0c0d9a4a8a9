"""The traffic that SLOs are judged at: as somebody says it, or as a collector saw it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import typer

from ..client import Client, ClientError
from .failure import fail

if TYPE_CHECKING:
    from ..slo import SLO

_RATE: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)/([smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def rates_at(slos: Sequence[SLO], rate: str, url: str) -> dict[str, Fraction]:
    """Events per second by SLO: `rate` for all, such as `5/s`, or what the collector at `url` saw; none where neither is said."""
    if rate:
        return dict.fromkeys((slo.name for slo in slos), _per_second(rate))
    return _seen_by(url) if url else {}


def _per_second(text: str) -> Fraction:
    match = _RATE.fullmatch(text)
    if match is None:
        raise typer.BadParameter(f"{text!r} is no rate; write 5/s, 300/m, 20/h or 100/d", param_hint="--rate")
    return Fraction(match[1]) / _SECONDS[match[2]]


def _seen_by(url: str) -> dict[str, Fraction]:
    try:
        with Client(url) as client:
            return {slo["name"]: _rate_of(slo) for slo in client.slos() if slo["unit"] == "events" and slo["coverage"]}
    except ClientError as error:
        fail(f"no traffic from {url}: {error}")
    except (KeyError, TypeError):
        fail(f"no traffic from {url}: what it answers is of no collector, or of an older one")


def _rate_of(said: Mapping[str, Any]) -> Fraction:
    from ..slo import parse_window

    return Fraction(said["events"]["total"]) / (Fraction(said["coverage"]) * parse_window(said["window"]).seconds)
