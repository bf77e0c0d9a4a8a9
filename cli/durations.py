"""How long requests took, from a Prometheus that scrapes the services themselves."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from ..collector.promql.engine import Engine, Timeline
from ..slo import Interval
from ..slo.report.report import TimeSpent

_SUM: Final = "http_server_request_duration_seconds_sum"
_COUNT: Final = "http_server_request_duration_seconds_count"


def durations_in(engine: Engine, period: Interval, now: float) -> dict[str, TimeSpent]:
    """Seconds that the requests of each service took in a period, and how many these were, as far as the engine has them.

    A job is the service that its `target_info` names or, where that names none or several, the one that is called as the job.
    Raises `EngineError` where it can't be asked.
    """
    end = min(period.end, int(now))
    if end <= period.start:
        return {}
    over = f"[{end - period.start}s]"
    seconds, requests, targets = (
        engine.at(query, end)
        for query in (
            f"sum by (job) (increase({_SUM}{over}))",
            f"sum by (job) (increase({_COUNT}{over}))",
            f"max by (job, service_name) (max_over_time(target_info{over}))",
        )
    )
    names, counted = _names(targets), {_job(each): _last(each) for each in requests}
    found: dict[str, TimeSpent] = {}
    for each in seconds:
        name = names.get(_job(each), _job(each))
        before = found.get(name, TimeSpent(Fraction(0), Fraction(0)))
        found[name] = TimeSpent(before.seconds + _last(each), before.requests + counted.get(_job(each), Fraction(0)))
    return found


def _names(targets: Sequence[Timeline]) -> dict[str, str]:
    """The service of each job that has one."""
    known: dict[str, set[str]] = {}
    for each in targets:
        known.setdefault(_job(each), set()).add(each.labels.get("service_name", ""))
    return {job: next(iter(names)) for job, names in known.items() if len(names) == 1 and names != {""}}


def _job(one: Timeline) -> str:
    return one.labels.get("job", "")


def _last(one: Timeline) -> Fraction:
    """A sum of doubles to the microsecond; what is no number is nothing."""
    value = one.values[-1][1]
    return Fraction(round(value * 1_000_000), 1_000_000) if 0 <= value < 2**62 else Fraction(0)
