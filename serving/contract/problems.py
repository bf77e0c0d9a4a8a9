"""Refusals as problem details of RFC 9457: which kind, and why in words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from ...answers import PROBLEM_JSON, Problem


def add_problems(app: FastAPI) -> None:
    """Has an application refuse in problem details, whoever raised: a route, the framework, or a fault of ours."""
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _misunderstood)
    app.add_exception_handler(Exception, _broken)


def problem(status: int, detail: str, errors: Sequence[Mapping[str, Any]] = ()) -> Problem:
    """The details of a problem: the title is the status's own, as RFC 9457 wants it where `type` says nothing more."""
    said: Problem = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return {**said, "errors": jsonable_encoder(errors)} if errors else said


def _refused(request: Request, error: Exception) -> Response:
    del request
    assert isinstance(error, HTTPException), "what it is registered for"
    if error.status_code < HTTPStatus.BAD_REQUEST:
        return Response(status_code=error.status_code, headers=error.headers)
    return _response(problem(error.status_code, str(error.detail)), error.headers)


def _misunderstood(request: Request, error: Exception) -> Response:
    """Why a question can't be answered, without what was sent: that may be anything, also what is no text."""
    del request
    assert isinstance(error, RequestValidationError), "what it is registered for"
    faults = [{key: said for key, said in each.items() if key not in {"input", "url"}} for each in error.errors()]
    detail = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in faults)
    return _response(problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, faults))


def _broken(request: Request, error: Exception) -> Response:
    """What went wrong is the log's: who asks can do nothing about it but ask again."""
    del request, error
    return _response(problem(HTTPStatus.INTERNAL_SERVER_ERROR, "the collector failed to answer; its log says why"))


def _response(said: Problem, headers: Mapping[str, str] | None = None) -> Response:
    return Response(json.dumps(said), said["status"], headers, media_type=PROBLEM_JSON)
