"""The page on which people take alerts on, write down what they found, and silence: forms that work without scripts.

It does not refresh itself: nothing that is being typed is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from ..alerts import OpenAlert
from ..alerts.silences.silence import Silence
from ..slo import HOUR, SLO, Correction, figures, timestamp
from .alert_line import alert_line
from .page import render

LENGTHS: Final = (
    ("30m", "30 minutes"),
    ("1h", "1 hour"),
    ("2h", "2 hours"),
    ("4h", "4 hours"),
    ("8h", "8 hours"),
    ("1d", "1 day"),
)
"""How long one may say in a form, and in words."""

_CORRECTIONS: Final = 5


@dataclass(frozen=True, slots=True, eq=False)
class OnCall:
    """What `render_on_call` needs: an SLO, its open alerts and the silences that concern it, and the token that its forms carry.

    `problem` says why the last form was not taken, `done` what it did where nothing else on the page says so; `author` is who sent it.
    """

    slo: SLO
    now: float
    evaluated: float
    token: str
    alerts: Sequence[OpenAlert] = ()
    silences: Sequence[Silence] = ()
    problem: str = ""
    author: str = ""
    done: str = ""


def render_on_call(view: OnCall) -> str:
    """The page at `/on-call/{name}`. No clock is read: `now` comes with the view."""
    return render(
        "on_call.html.j2",
        view.now,
        view.evaluated,
        refreshing=False,
        title=f"On call for {view.slo.name}",
        slo=view.slo,
        path=on_call_path(view.slo.name),
        back=f"/slo/{quote(view.slo.name, safe='')}",
        alerts=[(each.alert, alert_line(each, view.now)) for each in view.alerts],
        silences=[(each, silence_line(each, view.now)) for each in view.silences],
        lengths=LENGTHS,
        token=view.token,
        author=view.author,
        problem=view.problem,
        done=view.done,
        corrections=[_correction_line(each) for each in view.slo.corrections[-_CORRECTIONS:]],
        hour_ago=_minute(view.now - HOUR),
        minute=_minute(view.now),
    )


def on_call_path(name: str) -> str:
    """The address of that page."""
    return f"/on-call/{quote(name, safe='')}"


def silence_line(silence: Silence, now: float) -> str:
    """`Silenced by ann until 23 Nov 03:40 UTC: deploying`."""
    begins = "" if silence.start <= now else f" from {figures.clock(silence.start, now)}"
    whom = silence.matchers
    return f"Silenced by {silence.author}{begins} until {figures.clock(silence.until, now)} ({whom}): {silence.reason}"


def _correction_line(one: Correction) -> str:
    """`Taken out: 22 Nov 03:00 for 1 h, by ann: database moved`."""
    again = ", again and again" if one.rule else ""
    began, lasts = figures.moment(one.start, with_date=True), figures.duration(one.seconds)
    return f"Taken out: {began} UTC for {lasts}{again}, by {one.author}: {one.reason}"


def _minute(t: float) -> str:
    """A moment as a field of a form has it."""
    return timestamp(t)[:16]
