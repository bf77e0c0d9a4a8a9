"""`fournines alerts test`: whether pages find their way, tried before the night."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from .extra import collector_extra
from .failure import EXIT_FAULT, fail
from .options import ConfigOption
from .table import table

if TYPE_CHECKING:
    from ..alerts.trial import Trial
    from ..settings import Settings

_Names = Annotated[list[str] | None, typer.Option("--receiver", help="Name of a receiver; repeatable. (default: all)")]
_Pause = Annotated[
    float, typer.Option(min=0, max=600, help="Seconds until its end: Alertmanager waits before it tells anybody.")
]


def try_receivers(config: ConfigOption = None, receiver: _Names = None, pause: _Pause = 0.0) -> None:
    """Send receivers a page that says it is a test. And its end; exits with 1 where one did not take both. Needs no collector."""
    with collector_extra():
        from ..alerts import Outcome
        from ..service import ServiceError
        from ..service import try_receivers as tried

        settings = _settings(config)
    try:
        trials = tried(settings, _asked(settings, receiver), pause)
    except ServiceError as error:
        fail(error)
    typer.echo(_in_words(trials))
    if any(one.attempt.outcome is not Outcome.DELIVERED for one in trials):
        raise typer.Exit(EXIT_FAULT)


def _settings(config: ConfigOption) -> Settings:
    from ..settings import Flags, SettingsError, load

    try:
        return load(config, Flags())
    except SettingsError as error:
        fail(error)


def _asked(settings: Settings, wanted: Sequence[str] | None) -> Sequence[str]:
    """The receivers that are meant; ends the command where there is none of that name."""
    from ..settings import receiver_names

    known = receiver_names(settings.notify)
    if not known:
        fail("there is nobody to tell: the configuration holds no notify")
    for name in wanted or ():
        if name not in known:
            fail(f"there is no receiver {name}; there are {', '.join(known)}")
    return wanted or known


def _in_words(trials: Sequence[Trial]) -> str:
    rows = [(one.receiver, one.action.value, one.attempt.outcome.value, one.attempt.reason) for one in trials]
    return table([("RECEIVER", "MESSAGE", "OUTCOME", "ANSWER"), *rows])
