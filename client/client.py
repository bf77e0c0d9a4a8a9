"""The client: a method for every endpoint of the collector's API."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Final, Literal, Self, TypeVar
from urllib.parse import quote

from .. import answers
from ..answers import Alert, Slo, StateName
from .connection import NOTHING, Asked, Connection

JSON = Mapping[str, Any]
"""What is asked with, or answered, where it matters little which it is."""

_SLO: Final = ("name", "state", "since", "reason", "budget", "burn_rates", "alerts")
_ALERT: Final = ("key", "number", "slo", "service", "severity", "since", "reason", "acknowledged", "notes")
_SILENCE: Final = ("id", "state", "matchers", "start", "until", "author", "reason", "ended", "ended_by", "ended_reason")
_TRACE: Final = ("trace_id", "service", "route", "state", "start", "duration_seconds")

Listed = TypeVar("Listed", answers.Slos, answers.Alerts, answers.Silences, answers.Corrections, answers.Deployments,
                 answers.Audit, answers.Declarations, answers.Traces)  # fmt: skip


class Client:
    """Talks to one collector at `url`, such as `http://127.0.0.1:8400`. Closes its connections when left as a context.

    Every method answers as `fournines.answers` says, and raises `ClientError` where there is no answer.
    Times that are sent are epoch seconds, or text with a zone such as `2026-01-31T02:00:00Z`.
    """

    def __init__(self, url: str, timeout: float = 5.0) -> None:
        self._asked = Connection(url, timeout)

    # How SLOs stand

    def slos(self, service: str | None = None, state: StateName | None = None) -> list[Slo]:
        """Every SLO, worst first, or those of a service or in a state."""
        return self.slos_page(service=service, state=state)["slos"]

    def slos_page(
        self,
        limit: int | None = None,
        cursor: str | None = None,
        service: str | None = None,
        state: StateName | None = None,
        sort: Literal["worst", "name"] = "worst",
    ) -> answers.Slos:
        """So many of them, behind a cursor; `next` is the cursor of those that follow."""
        asked = {"limit": limit, "cursor": cursor, "service": service, "state": state}
        found: answers.Slos = self._listed("slos", {**asked, "sort": None if sort == "worst" else sort}, _SLO)
        return found

    def slo(self, name: str) -> answers.SloDetail:
        """One SLO, what is to come of it, and how its numbers came about."""
        found: answers.SloDetail = self._asked.get(_slo(name), keys=(*_SLO, "explanation"))
        return found

    def explain(self, name: str) -> str:
        """How the numbers of one SLO came about, in sentences."""
        return str(self._asked.get(f"{_slo(name)}/explain", keys=("explanation",))["explanation"])

    def history(self, name: str, start: int, end: int, step: int) -> list[answers.Point]:
        """Counts of one SLO from `start` to `end` (epoch seconds) in steps of `step` seconds."""
        params = {"from": start, "to": end, "step": step}
        points: list[answers.Point] = self._asked.listed(f"{_slo(name)}/history", "points", params)["points"]
        return points

    def contributors(self, name: str, start: int | None = None, end: int | None = None) -> answers.Contributors:
        """What bad events had in common, of the last hour unless said otherwise."""
        params = {"from": start, "to": end}
        found: answers.Contributors = self._asked.get(f"{_slo(name)}/contributors", params, ("cause", "instance"))
        return found

    def declarations(self, service: str | None = None) -> list[answers.DeclarationSaid]:
        """What services, or one of them, declare in their code."""
        found: answers.Declarations = self._asked.listed("/api/v1/declarations", "declarations", {"service": service})
        return found["declarations"]

    # Alerts, and what people say to them

    def alerts(self) -> list[Alert]:
        """The open alerts, pages first."""
        found: answers.Alerts = self._asked.listed("/api/v1/alerts", "alerts", keys=_ALERT)
        return found["alerts"]

    def alert(self, alert: int | str) -> Alert:
        """One alert: an open one by its number or key, one that is over by its number."""
        return self._alert("GET", str(alert))

    def past_alerts(
        self,
        since: float | str | None = None,
        until: float | str | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> answers.Alerts:
        """Those that are over, the last to end first; `next` is the cursor of those that follow."""
        asked: Asked = {"state": "ended", "since": since, "until": until, "limit": limit, "cursor": cursor}
        found: answers.Alerts = self._listed("alerts", asked, _ALERT)
        return found

    def acknowledge(self, alert: int | str, said: Mapping[str, Any]) -> Alert:
        """Takes an open alert on, by its number or key: `{"author", "until" or "duration", "note"}`."""
        return self._alert("POST", f"{alert}/acknowledge", body=said)

    def unacknowledge(self, alert: int | str, author: str, note: str = "") -> Alert:
        """Gives an alert back; who is told is told again."""
        return self._alert("DELETE", f"{alert}/acknowledge", {"author": author, "note": note})

    def note(self, alert: int | str, author: str, text: str) -> Alert:
        """Writes down what was found of an open alert."""
        return self._alert("POST", f"{alert}/notes", body={"author": author, "text": text})

    def judge(self, number: int, author: str, *, useful: bool, note: str = "") -> Alert:
        """Says of an alert that is over whether it was worth being told."""
        return self._alert("POST", f"{number}/verdict", body={"useful": useful, "author": author, "note": note})

    def silences(self, past: int = 0) -> list[answers.SilenceSaid]:
        """The silences in force and to come, and so many of those that are over."""
        found: answers.Silences = self._asked.listed("/api/v1/silences", "silences", {"past": past}, _SILENCE)
        return found["silences"]

    def silence(self, said: Mapping[str, Any]) -> answers.SilenceSaid:
        """Silences alerts: what `POST /api/v1/silences` takes, answered as it is kept, with its `id`."""
        made: answers.SilenceSaid = self._asked.ask("POST", "/api/v1/silences", body=said, keys=_SILENCE)
        return made

    def end_silence(self, number: int, author: str, reason: str) -> answers.SilenceSaid:
        """Ends a silence."""
        params = {"author": author, "reason": reason}
        ended: answers.SilenceSaid = self._asked.ask("DELETE", f"/api/v1/silences/{number}", params, keys=_SILENCE)
        return ended

    # Releases

    def gate(self, service: str, version: str = "", baseline: str = "", slo: str = "") -> answers.GateVerdict:
        """Whether a version may go on or, without one, whether one may start."""
        asked = {"service": service, "version": version, "baseline": baseline, "slo": slo}
        said = {name: text for name, text in asked.items() if text}
        judged: answers.GateVerdict = self._asked.ask("POST", "/api/v1/gate", body=said, keys=("verdict", "reasons"))
        return judged

    def override_gate(self, service: str, version: str, author: str, reason: str) -> answers.OverrideMade:
        """Has a version pass whatever its evidence; the audit log keeps who said so, and why."""
        said = {"service": service, "version": version, "author": author, "reason": reason}
        made: answers.OverrideMade = self._asked.ask("POST", "/api/v1/gate/overrides", body=said, keys=("until",))
        return made

    def deployments(self, service: str = "", seconds: int | None = None) -> answers.Deployments:
        """What went out in so many seconds until now, 30 days unless said otherwise, of a service or of all; and its figures."""
        params = {"service": service, "last": seconds}
        found: answers.Deployments = self._asked.get("/api/v1/deployments", params, ("figures", "deployments"))
        return found

    def deploy(self, said: Mapping[str, Any]) -> answers.DeploymentSaid:
        """Tells of a deployment: what `POST /api/v1/deployments` takes, answered with all that is known of it."""
        known: answers.DeploymentSaid = self._asked.ask("POST", "/api/v1/deployments", body=said, keys=("id",))
        return known

    # By hand

    def corrections(self, slo: str | None = None) -> list[answers.CorrectionSaid]:
        """Time that is taken out, of all SLOs or of one, also what was taken back."""
        found: answers.Corrections = self._asked.listed("/api/v1/corrections", "corrections", {"slo": slo})
        return found["corrections"]

    def correct(self, correction: Mapping[str, Any]) -> answers.CorrectionSaid:
        """Takes time out: what `POST /api/v1/corrections` takes, answered as it is kept, with its `id`."""
        keys = ("id", "start", "end")
        made: answers.CorrectionSaid = self._asked.ask("POST", "/api/v1/corrections", body=correction, keys=keys)
        return made

    def end_correction(self, number: int, author: str, reason: str) -> answers.CorrectionSaid:
        """Takes a correction back: its time counts again."""
        params = {"author": author, "reason": reason}
        ended: answers.CorrectionSaid = self._asked.ask("DELETE", f"/api/v1/corrections/{number}", params, keys=("id",))
        return ended

    def audit(self, limit: int = 100, cursor: str | None = None) -> answers.Audit:
        """What was done by hand, the newest first; `next` is the cursor of what was done before."""
        found: answers.Audit = self._listed("audit", {"limit": limit, "cursor": cursor}, ("id", "author", "action"))
        return found

    # Traces, and the collector itself

    def traces(
        self,
        service: str | None = None,
        route: str | None = None,
        state: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> answers.Traces:
        """The newest traces that are kept, of a service, a route, or kept as `failed`, `slow` or `sampled`."""
        asked: Asked = {"service": service, "route": route, "state": state, "limit": limit, "cursor": cursor}
        found: answers.Traces = self._listed("traces", asked, _TRACE)
        return found

    def trace(self, trace_id: str) -> answers.Trace:
        """One trace with its spans, parents before their children, and its log records."""
        found: answers.Trace = self._asked.get(f"/api/v1/traces/{quote(trace_id)}", keys=("trace_id", "spans", "logs"))
        return found

    def report(self, period: str = "", zone: str = "UTC", service: str = "") -> answers.Report:
        """The report of a period such as `2026-10`, `2026-W43`, `2026-Q4` or `2026`; unless one is given, of the last whole month."""
        asked: Asked = {"period": period, "zone": zone, "service": service}
        found: answers.Report = self._asked.get("/api/v1/report", asked, ("period", "services", "scorecard"))
        return found

    def alive(self) -> answers.Alive:
        """That the process is alive, and its version."""
        found: answers.Alive = self._asked.get("/healthz", keys=("status", "version"))
        return found

    def ready(self) -> answers.Ready:
        """That data is taken in; raises `Refused` where it can't be."""
        found: answers.Ready = self._asked.get("/readyz", keys=("status",))
        return found

    def close(self) -> None:
        """Gives the connections back."""
        self._asked.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _listed(self, name: str, asked: Asked, keys: tuple[str, ...]) -> Any:
        return self._asked.listed(f"/api/v1/{name}", name, asked, keys)

    def _alert(self, method: str, below: str, params: Asked = NOTHING, body: Mapping[str, Any] | None = None) -> Alert:
        said: Alert = self._asked.ask(method, f"/api/v1/alerts/{quote(below)}", params, body, _ALERT)
        return said


def every_page(ask: Callable[[str | None], Listed]) -> Iterator[Listed]:
    """Page after page: `every_page(lambda cursor: client.traces(cursor=cursor))`."""
    cursor: str | None = None
    while True:
        page = ask(cursor)
        yield page
        cursor = page["next"]
        if cursor is None:
            return


def _slo(name: str) -> str:
    return f"/api/v1/slos/{quote(name)}"
