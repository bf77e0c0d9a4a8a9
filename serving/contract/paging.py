"""Lists in pages. A cursor is the place of the last that was given: what comes and goes meanwhile neither shifts nor hides the rest.

    GET /api/v1/alerts?limit=50            -> {"alerts": [...], "next": "WyIuLi4iXQ"}   Link: <?limit=50&cursor=WyIuLi4iXQ>; rel="next"
    GET /api/v1/alerts?limit=50&cursor=... -> ..., "next": null

Without `limit` a list comes whole.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any, Final, NamedTuple, TypeVar
from urllib.parse import urlencode

from fastapi import HTTPException, Query, Request
from fastapi.responses import JSONResponse

MOST_LISTED: Final = 1_000
"""What one page holds at most."""

Place = tuple[int | float | str, ...]
"""Where something stands in its list: lists are sorted by their places, which are all different."""

Limit = Annotated[int | None, Query(ge=1, le=MOST_LISTED, description="how many at most; all unless given")]
Cursor = Annotated[str | None, Query(max_length=4_000, description="`next` of the page before")]

One = TypeVar("One")


class Page(NamedTuple):
    """Some of a list, and the cursor of what follows; None where nothing does."""

    found: Sequence[Any]
    next: str | None


def encode_cursor(place: Place) -> str:
    """A place as text that may stand in an address."""
    return base64.urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> Place:
    """The place again. Raises HTTPException with 422 for what is no cursor."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise no_cursor() from error
    if not isinstance(found, list) or not all(isinstance(part, int | float | str) for part in found):
        raise no_cursor()
    return tuple(found)


def page_of(
    items: Iterable[One], place: Callable[[One], Place], limit: int | None, cursor: str | None
) -> tuple[list[One], str | None]:
    """The first `limit` of those behind the cursor, by their places; and the cursor of what follows them."""
    placed = sorted(((place(item), item) for item in items), key=lambda each: each[0])
    if cursor is not None:
        after = decode_cursor(cursor)
        try:
            placed = [each for each in placed if each[0] > after]
        except TypeError as error:  # a cursor of another list
            raise no_cursor() from error
    found = placed if limit is None else placed[:limit]
    following = encode_cursor(found[-1][0]) if len(found) < len(placed) else None
    return [item for _, item in found], following


def listed(request: Request, said: dict[str, Any], following: str | None) -> JSONResponse:
    """A list's answer: what is said with `next` besides and, where there is more, a link that leads to it."""
    headers = {} if following is None else {"Link": f'<?{_with(request, following)}>; rel="next"'}
    return JSONResponse({**said, "next": following}, headers=headers)


def _with(request: Request, cursor: str) -> str:
    """The question again, about what follows."""
    asked = [(key, text) for key, text in request.query_params.multi_items() if key != "cursor"]
    return urlencode([*asked, ("cursor", cursor)])


def _no_number(text: str) -> float:
    raise ValueError(f"{text} has no place")


def no_cursor() -> HTTPException:
    """That a cursor is none: to be raised."""
    return HTTPException(422, "`cursor` is none of this list; it is the `next` of the page before")
