"""What people on call say of alerts: that they have them, and what they found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Annotated, Final, Protocol

from fastapi import FastAPI, HTTPException, Query
from pydantic import BaseModel, ConfigDict

from ...alerts import Alert, AlertKey, OpenAlert, OpenAlerts, StoreError
from ...alerts.acknowledgement import Acknowledgement
from ...alerts.errors import Unacknowledged, UnknownAlert
from ...alerts.note import Note
from ...answers import ALERT
from ...answers import Alert as AlertAnswer
from ...slo import DAY, State
from ..contract import answers_with
from .moment import Lasting
from .not_now import not_kept
from .source import JSON, AlertSource
from .text import Remark, Text

_OF_ITSELF: Final = "collector/"
"""How the keys of alerts about the collector begin."""

_TAKEN: Final = {"author": "ana", "duration": "1h", "note": "on it"}
_NOTE: Final = {"author": "ana", "text": "only version 7 fails: rolling back"}

LONGEST_SECONDS: Final = 7 * DAY
"""How long an acknowledgement lasts at most: a weekend, not a holiday."""


class Acknowledger(Protocol):
    """Whoever knows who has an alert. Raises `StoreError` while nothing can be kept, `UnknownAlert` for what is not open."""

    def acknowledge(self, key: AlertKey, by: str, until: float, note: str, now: float) -> Alert:
        """Notes that somebody has an alert; returns it."""
        ...

    def unacknowledge(self, key: AlertKey, by: str, note: str, now: float) -> Alert:
        """Notes that nobody has it any more; `Unacknowledged` where nobody had."""
        ...


class Notebook(Protocol):
    """Whoever keeps what people found of alerts. Raises as `Acknowledger` does."""

    def note(self, key: AlertKey, by: str, text: str, now: float) -> Alert:
        """Writes it down; returns the alert."""
        ...


@dataclass
class FakeAcknowledger:
    """Has the alerts open that it is given, who acknowledged them, and their notes. `full` is why nothing can be kept."""

    open: dict[AlertKey, Alert] = field(default_factory=dict)
    full: str = ""

    def alerts(self) -> OpenAlerts:
        """Those given."""
        return OpenAlerts(self.open)

    def since(self, name: str, state: State) -> float | None:
        """Nobody knows."""
        del name, state
        return None

    def acknowledge(self, key: AlertKey, by: str, until: float, note: str, now: float) -> Alert:
        """Somebody has it."""
        return self._keep(replace(self._found(key), acknowledged=Acknowledgement(by, now, until, note)))

    def unacknowledge(self, key: AlertKey, by: str, note: str, now: float) -> Alert:
        """Nobody has it."""
        alert = self._found(key)
        if alert.acknowledged is None:
            raise Unacknowledged(f"nobody has acknowledged {key.dedup}")
        return self._keep(replace(alert, acknowledged=None))

    def note(self, key: AlertKey, by: str, text: str, now: float) -> Alert:
        """One note more."""
        alert = self._found(key)
        return self._keep(replace(alert, notes=(*alert.notes, Note(now, by, text))))

    def _found(self, key: AlertKey) -> Alert:
        if key not in self.open:
            raise UnknownAlert(f"no alert {key.dedup} is open")
        return self.open[key]

    def _keep(self, alert: Alert) -> Alert:
        if self.full:
            raise StoreError(self.full)
        self.open[alert.key] = alert
        return alert


class AcknowledgeBody(Lasting):
    """Who has an alert, until when, and what they say to it."""

    author: Text
    note: Remark = ""


class NoteBody(BaseModel):
    """Who writes what of an alert."""

    model_config = ConfigDict(extra="forbid")

    author: Text
    text: Text


@dataclass(frozen=True, slots=True)
class AnsweringRoutes:
    """Below /api/v1/alerts/. An alert is called by its number, or by its key, such as `slo/payments-availability/page`.

    `now` gives epoch seconds.
    """

    alerts: AlertSource
    acknowledger: Acknowledger
    notebook: Notebook
    now: Callable[[], float]

    def add_routes(self, app: FastAPI) -> None:
        """Adds its routes."""
        path = "/api/v1/alerts/{alert:anything}"
        taken = answers_with(AlertAnswer, ALERT, 404, 503, body=_TAKEN)
        app.add_api_route(f"{path}/acknowledge", self.acknowledge, methods=["POST"], **taken)
        given_back = answers_with(AlertAnswer, ALERT, 404, 409, 503)
        app.add_api_route(f"{path}/acknowledge", self.unacknowledge, methods=["DELETE"], **given_back)
        noted = answers_with(AlertAnswer, ALERT, 404, 503, status=201, body=_NOTE)
        app.add_api_route(f"{path}/notes", self.note, methods=["POST"], **noted)

    def acknowledge(self, alert: str, body: AcknowledgeBody) -> JSON:
        """Somebody has it: nobody else need be woken before that is over."""
        now = self.now()
        try:
            until = body.end(now)
        except ValueError as error:
            raise HTTPException(422, str(error)) from error
        if not now < until <= now + LONGEST_SECONDS:
            raise HTTPException(422, f"an acknowledgement ends later than now, within {LONGEST_SECONDS // DAY} days")
        return self._done(alert, lambda key: self.acknowledger.acknowledge(key, body.author, until, body.note, now))

    def unacknowledge(
        self,
        alert: str,
        author: Annotated[Text, Query()],
        note: Annotated[Remark, Query()] = "",
    ) -> JSON:
        """Nobody has it any more: where it still fires, people are told again."""
        return self._done(alert, lambda key: self.acknowledger.unacknowledge(key, author, note, self.now()))

    def note(self, alert: str, body: NoteBody) -> JSON:
        """Writes down what somebody found, for whoever looks at the alert next."""
        return self._done(alert, lambda key: self.notebook.note(key, body.author, body.text, self.now()))

    def _done(self, name: str, work: Callable[[AlertKey], Alert]) -> JSON:
        key = self.alerts.alerts().find(name)
        if key is None:
            raise _unknown(name)
        try:
            return OpenAlert(work(key)).as_json()
        except UnknownAlert as error:
            raise _unknown(name) from error
        except Unacknowledged as error:
            raise HTTPException(409, str(error)) from error
        except StoreError as error:
            raise not_kept(error) from error


def _unknown(name: str) -> HTTPException:
    """That it can't be answered, and what can; of itself a collector says what is wrong until it is over, whoever has it."""
    if name.startswith(_OF_ITSELF):
        return HTTPException(
            404, f"{name!r} is about the collector itself: nobody can take that on, it ends when it is over"
        )
    return HTTPException(404, f"no alert {name!r} is open; GET /api/v1/alerts says which are")
