"""Why a question is not answered."""

from __future__ import annotations

from typing import Any, Final, NotRequired

from typing_extensions import TypedDict

PROBLEM_JSON: Final = "application/problem+json"
"""The content type of a problem."""


class Fault(TypedDict):
    """What is wrong with a part of the question: where it stands, what is wrong, and which rule says so."""

    loc: list[str | int]
    msg: str
    type: str
    ctx: NotRequired[dict[str, Any]]


class Problem(TypedDict):
    """Problem details of RFC 9457; `type` is `about:blank`: `status` says which kind it is, `detail` why in words."""

    type: str
    title: str
    status: int
    detail: str
    errors: NotRequired[list[Fault]]


PROBLEM: Final[Problem] = {
    "type": "about:blank",
    "title": "Not Found",
    "status": 404,
    "detail": "there is no SLO named 'payment-availability'",
}
