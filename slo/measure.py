"""What an SLO counts, in words: requests, slices of time, or shares of what failed."""

from __future__ import annotations

from . import figures
from .slo import SLO
from .unit import Unit


def counts_shares(slo: SLO) -> bool:
    """Whether it counts a share of all, which is not so many of anything."""
    return slo.slices is None and slo.unit is Unit.PARTS


def number(slo: SLO, many: figures.Number, *, up: bool = False) -> str:
    """So many of what it counts, rounded down (`up`: up): `1,204`, of slices `4.32`, of shares `0.012 %`."""
    if counts_shares(slo):
        return figures.share(many, up=up)
    return figures.count(many, up=up) if slo.slices is None else figures.parts(many, up=up)


def amount(slo: SLO, many: figures.Number, *, up: bool = False) -> str:
    """The same with its noun: `1,204 requests`, `4.32 slices of 1m`, `0.012 % of all`."""
    said = number(slo, many, up=up)
    if counts_shares(slo):
        return f"{said} of all"
    noun, of = ("request", "") if slo.slices is None else ("slice", f" of {slo.slices.window}")
    return f"{said} {noun}{'' if said == '1' else 's'}{of}"


def amount_failed(slo: SLO, many: figures.Number) -> str:
    """`3 requests failed`, `1 slice of 1m was bad`, `1.5 slices of 1m were bad`."""
    said = amount(slo, many, up=True)
    if slo.slices is None:
        return f"{said} failed"
    return f"{said} {'was' if is_one(slo, many) else 'were'} bad"


def is_one(slo: SLO, many: figures.Number) -> bool:
    """Whether so many, rounded up, are said to be one: what follows is then in the singular."""
    return number(slo, many, up=True) == "1"
