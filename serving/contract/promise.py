"""What a route promises: the shape of its answer with an example, and how it may refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

REFUSALS: Final = {
    404: "There is nothing of that name.",
    409: "It can't be done any more, or there is no room for one more.",
    413: "The body is longer than 64 KiB.",
    422: "The question can't be understood; `errors` says which part of it.",
    503: "Nothing can be kept, or read, for now; `Retry-After` says when to try again.",
}
"""Why a question is not answered, by status."""


def answers_with(
    shape: type[Any],
    example: Mapping[str, Any],
    *refusals: int,
    status: int = 200,
    body: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What `add_api_route` is told of a route: it answers as `shape` says, as in `example`, or refuses with one of `refusals`.

    Every route may be asked what it can't understand (422), and every route that takes a body too long a one (413). `body` is an
    example of what is sent.
    """
    may = {422, *refusals} | ({413} if body is not None else set())
    sent = {"content": {"application/json": {"example": body}}}
    return {
        "status_code": status,
        "response_model": None,
        "responses": {
            status: shown(shape, example),
            **{refusal: {"$ref": f"#/components/responses/{refusal}"} for refusal in sorted(may)},
        },
        **({} if body is None else {"openapi_extra": {"requestBody": sent}}),
    }


def shown(shape: type[Any], example: Mapping[str, Any]) -> dict[str, Any]:
    """A shape as OpenAPI has an answer."""
    content = {"schema": {"$ref": f"#/components/schemas/{shape.__name__}"}, "example": example}
    return {"description": (shape.__doc__ or "").strip(), "content": {"application/json": content}}
