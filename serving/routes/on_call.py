"""The page on which people answer alerts and silence them, and what its forms do: the same as the API, in the same words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote, unquote

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from ...dashboards import OnCall, on_call_path, render_missing, render_on_call
from ...slo import DAY, SLO
from .answering import AcknowledgeBody, AnsweringRoutes, NoteBody
from .corrections import CorrectionBody, CorrectionRoutes
from .csrf import COOKIE, FormGuard, new_cookie
from .gate import GateRoutes, OverrideBody
from .pages import SECURITY_HEADERS
from .silences import SilenceBody, SilenceRoutes
from .source import EvaluationSource, SilenceSource

AUTHOR_COOKIE: Final = "fournines_author"
_HEADERS: Final = {
    **SECURITY_HEADERS,
    "Referrer-Policy": "same-origin",
}  # without one browsers hide where a form is from
_MOST_FIELDS: Final = 20
_DONE: Final = {"override": "?done=override", "correct": "?done=correct"}
_SAID: Final = {"override": "That version passes the gate now.", "correct": "That time is taken out."}

Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OnCallRoutes:
    """/on-call and below. `now` gives epoch seconds."""

    evaluations: EvaluationSource
    answering: AnsweringRoutes
    silencing: SilenceRoutes
    correcting: CorrectionRoutes
    gate: GateRoutes
    silences: SilenceSource
    guard: FormGuard
    now: Callable[[], float]

    def add_routes(self, app: FastAPI) -> None:
        """Adds its routes."""
        app.add_api_route("/on-call/{name:anything}", self.page, include_in_schema=False)
        app.add_api_route("/on-call/{name:anything}", self.send, methods=["POST"], include_in_schema=False)

    def page(self, name: str, request: Request) -> Response:
        """The forms, or that there is no SLO of that name."""
        return self._page(name, request)

    async def send(self, name: str, request: Request) -> Response:
        """Does what a form says, and shows the page again; with the reason where it can't be done."""
        fields = _fields(await request.body())
        return await asyncio.to_thread(self._send, name, request, fields)

    def _send(self, name: str, request: Request, fields: Fields) -> Response:
        found = self._find(name)
        if found is None:
            return self._page(name, request)
        refusal = self.guard.refusal(request.headers, request.cookies.get(COOKIE), fields.get("token", ""))
        if refusal:
            return self._page(name, request, refusal, 403)
        try:
            self._do(found, fields)
        except HTTPException as error:
            return self._page(name, request, str(error.detail), error.status_code)
        except ValidationError as error:
            return self._page(name, request, _words(error), 422)
        answer = RedirectResponse(on_call_path(name) + _DONE.get(fields.get("do", ""), ""), 303, _HEADERS)
        answer.set_cookie(
            AUTHOR_COOKIE, quote(fields["author"]), 30 * DAY, path="/on-call", httponly=True, samesite="lax"
        )
        return answer

    def _do(self, slo: SLO, fields: Fields) -> None:
        """Raises HTTPException or ValidationError where it can't be done."""
        said = {
            key: text for key, text in fields.items() if text and key not in ("token", "do", "alert", "number", "whom")
        }
        match fields.get("do"):
            case "acknowledge":
                self.answering.acknowledge(fields.get("alert", ""), AcknowledgeBody.model_validate(said))
            case "unacknowledge":
                body = NoteBody.model_validate({"text": "given back", **said})
                self.answering.unacknowledge(fields.get("alert", ""), body.author)
            case "note":
                self.answering.note(fields.get("alert", ""), NoteBody.model_validate(said))
            case "correct":
                whom = {"service": slo.service} if fields.get("whom") == "service" else {"slo": slo.name}
                times = {name: f"{said.get(name, '')}:00Z" for name in ("start", "end")}
                self.correcting.correct(CorrectionBody.model_validate(said | whom | times))
            case "override":
                self.gate.override(OverrideBody.model_validate(said | {"service": slo.service}))
            case "silence":
                whom = {"service": slo.service} if fields.get("whom") == "service" else {"slo": slo.name}
                self.silencing.silence(SilenceBody.model_validate(said | whom))
            case "unsilence":
                ended = NoteBody.model_validate({"author": said.get("author"), "text": said.get("reason")})
                self.silencing.end(_number(fields.get("number", "")), ended.author, ended.text)
            case _:
                raise HTTPException(422, "the form says nothing that can be done")

    def _find(self, name: str) -> SLO | None:
        status = self.evaluations.evaluation().named(name)
        return None if status is None else status.slo

    def _page(self, name: str, request: Request, problem: str = "", status_code: int = 200) -> Response:
        evaluation = self.evaluations.evaluation()
        status = evaluation.named(name)
        if status is None:
            return HTMLResponse(render_missing(name, self.now()), 404, _HEADERS)
        slo = status.slo
        cookie = request.cookies.get(COOKIE) or new_cookie()
        view = OnCall(
            slo=slo,
            now=self.now(),
            evaluated=evaluation.now,
            token=self.guard.token(cookie),
            alerts=self.answering.alerts.alerts().of(slo),
            silences=self.silences.of(slo),
            problem=problem,
            done="" if problem else _SAID.get(request.query_params.get("done", ""), ""),
            author=unquote(request.cookies.get(AUTHOR_COOKIE, "")),
        )
        answer = HTMLResponse(render_on_call(view), status_code, _HEADERS)
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, cookie, path="/on-call", httponly=True, samesite="lax", secure=secure)
        return answer


def _fields(body: bytes) -> Fields:
    """What a form holds; nothing where it is none."""
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        return {}


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise HTTPException(422, f"{text[:20]!r} is no silence's number")
    return int(text)


def _words(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
