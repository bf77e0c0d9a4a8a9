"""One SLO asked of an engine: when its last sample came, since when there are any, and its counts in the windows that are due."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ...slo import BUCKET, HOUR, MINUTE, SLO, EventCount, HistoryPoint, Interval, Queries, TimeWindow, merged
from ..errors import QueryRefused
from .asked_slo import NEVER, Known
from .engine import Engine, Timeline
from .questions import Events, Numbers, Question, Share, question_of
from .rewriting import last_sample

_STEPS: Final = 500
"""Of one look over a long time."""

_LOOKED_BACK: Final = 5 * MINUTE
"""How far an engine looks back for a sample (Prometheus' `--query.lookback-delta`)."""

_MOST: Final = 1 << 62
"""Events that arrays of counts can hold."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Asks an `engine`, every `interval` seconds at most. It raises `Unreachable` where there is no answer."""

    engine: Engine
    interval: float

    def ask(self, slo: SLO, queries: Queries, known: Known, now: float) -> Known:
        """What is known of an SLO now; what was known before, and why, where a query of it is refused."""
        try:
            return self._asked(slo, queries, known, now)
        except QueryRefused as error:
            return replace(known, refusal=str(error), unanswered="")

    def history(self, queries: Queries, interval: Interval, step: int) -> list[HistoryPoint]:
        """Counts in steps; a step without events is left out. Raises `QueryRefused` too."""
        question = Share(queries) if queries.raw else Events(queries)
        ends = Interval(interval.start + step, interval.end)
        answers = [self.engine.over(text, ends, step) for text in question.texts(step)]
        columns = [{int(t): value for each in found for t, value in each.values} for found in answers]
        points = []
        for t in range(ends.start, ends.end + 1, step):
            count = _counted(question, [_number(column.get(t)) for column in columns], step)
            if count.total:
                points.append(HistoryPoint(t - step, count.good, count.total))
        return points

    def _asked(self, slo: SLO, queries: Queries, known: Known, now: float) -> Known:
        read = last_sample(queries.over(_LOOKED_BACK).total or queries.over(_LOOKED_BACK).raw)
        if abs(now - known.since_asked) >= HOUR or known.since == NEVER:
            # Asked anew at times: an engine forgets what is older than its retention.
            since = self._since(read, _longest(slo), now)
            known = replace(known, since=since, since_asked=now)
        due = {} if known.since == NEVER else _due(slo, known, now, self.interval)
        question = question_of(slo, queries)
        texts = {window: question.texts(seconds) for window, seconds in due.items()}
        heard, *numbers = self._numbers([read, *(text for each in texts.values() for text in each)], now)
        taken_out: dict[Interval, Numbers] = dict(known.taken_out)
        counts = dict(known.counts)
        for window, seconds in due.items():
            own, numbers = numbers[: len(texts[window])], numbers[len(texts[window]) :]
            within = Interval(int(now) - seconds, int(now))
            for stretch in () if isinstance(question, Share) else _corrected(slo, within):
                own = _less(own, self._taken_out(question, stretch, within, taken_out))
            counts[window] = _counted(question, own, min(seconds, max(1, int(now) - known.since)))
        return replace(
            known,
            counts=counts,
            asked={**known.asked, **dict.fromkeys(slo.windows if known.since == NEVER else due, now)},
            heard=known.heard if heard is None else heard,
            refusal="",
            unanswered="",
            taken_out={each: numbers for each, numbers in taken_out.items() if each.start > now - _longest(slo)},
        )

    def _taken_out(
        self, question: Question, stretch: Interval, within: Interval, known: dict[Interval, Numbers]
    ) -> Numbers:
        """What is counted in a stretch of corrected time: remembered once its last samples came, unless the window cuts it."""
        if stretch in known:
            return known[stretch]
        numbers = self._numbers(question.texts(stretch.seconds), stretch.end)
        if within.start < stretch.start and stretch.end < within.end - _LOOKED_BACK:
            known[stretch] = numbers
        return numbers

    def _numbers(self, texts: Sequence[str], now: float) -> list[float | None]:
        """What each query is answered with; None for nothing, and for what is no number."""
        return [_only(found) for found in self.engine.together(texts, now)]

    def _since(self, read: str, seconds: int, now: float) -> int:
        """The second from which there are samples in a window, found in two looks: first coarsely, then around the first one found."""
        end, step = int(now), max(1, seconds // _STEPS)
        # The last step is now: what began just before is found.
        first = _first(self.engine.over(read, Interval(end - seconds // step * step, end), step))
        if first == NEVER or first <= end - seconds:
            return first
        finer = _first(self.engine.over(read, Interval(first - step, first), max(1, step // _STEPS)))
        return first if finer == NEVER else finer


def _counted(question: Question, numbers: Numbers, covered: int) -> EventCount:
    count = question.count(numbers, covered)
    if count.total > _MOST:
        raise QueryRefused(
            f"it is answered with {count.total:.0e} events, more than can be counted: write another unit"
        )
    return count


def _only(found: Sequence[Timeline]) -> float | None:
    if len(found) > 1:
        raise QueryRefused(f"it is answered with {len(found)} series, and means one: sum them")
    return _number(found[0].values[-1][1]) if found else None


def _due(slo: SLO, known: Known, now: float, interval: float) -> dict[TimeWindow, int]:
    """The windows that are to be asked for, with their seconds."""
    due = (window for window in slo.windows if known.is_due(window, now, interval))
    return {window: max(BUCKET, window.elapsed(now)) for window in due}


def _longest(slo: SLO) -> int:
    return max(window.seconds for window in slo.windows)


def _corrected(slo: SLO, within: Interval) -> Sequence[Interval]:
    return merged(stretch for one in slo.corrections for stretch in one.intervals(within, MINUTE))


def _less(numbers: Numbers, taken_out: Numbers) -> list[float | None]:
    return [None if number is None else number - (out or 0) for number, out in zip(numbers, taken_out, strict=True)]


def _first(found: Sequence[Timeline]) -> int:
    return min((int(t) for each in found for t, _ in each.values), default=NEVER)


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value
