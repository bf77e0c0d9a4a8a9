"""Which time is asked about: `from` and `to` of a query, in epoch seconds."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import HTTPException, Query

from ...slo import BUCKET, HOUR, MINUTE, Interval

MOST_POINTS: Final = 11_000
"""Points one answer may hold; the bound Prometheus sets for a range query."""

LATEST: Final = 253_402_300_799
"""Epoch seconds of the last moment that has a date of four digits."""

From = Annotated[int | None, Query(alias="from", description="epoch seconds; an hour before `to` unless given")]
To = Annotated[int | None, Query(alias="to", description="epoch seconds, not included; now unless given")]


def asked_interval(start: int | None, end: int | None, step: int, now: float) -> Interval:
    """The time asked about in steps of `step` seconds. Raises HTTPException with 422 where there is none, or too much of it."""
    end = int(now) + BUCKET if end is None else end
    start = end - HOUR if start is None else start
    if end <= start:
        raise HTTPException(422, "`to` lies after `from`")
    if (end - start) // step > MOST_POINTS:
        raise HTTPException(422, f"more than {MOST_POINTS} points; ask for a longer step or a shorter time")
    return Interval(start, end)


def whole_minutes(interval: Interval) -> Interval:
    """The whole minutes that hold the interval."""
    return Interval(interval.start // MINUTE * MINUTE, -(-interval.end // MINUTE) * MINUTE)
