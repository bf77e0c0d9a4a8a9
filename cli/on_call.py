"""What the commands of people on call have in common: who they are, how long, and which alert they mean."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from .failure import fail
from .plain import plain_lines

if TYPE_CHECKING:
    from ..client import JSON, Client

Url = Annotated[str, typer.Option(help="The collector's pages and API.")]
Json = Annotated[bool, typer.Option("--json", help="Everything as the API gives it.")]
Author = Annotated[
    str, typer.Option(envvar="USER", show_envvar=False, help="Who says so; the audit log keeps it. (default: $USER)")
]
Alert = Annotated[str, typer.Argument(help="Its number, its key, or the SLO or service that it is about.")]


def said(found: object, words: str, *, as_json: bool) -> None:
    """Says what was done, in words or as the API answered it."""
    typer.echo(json.dumps(found, indent=2) if as_json else plain_lines(words))


def lasting(text: str) -> JSON:
    """A length of time such as 30m, or a moment such as 2026-01-31T02:00:00Z, as bodies have it."""
    return {"until" if "-" in text else "duration": text}


def key_of(client: Client, said: str) -> str:
    """The key of the alert that is meant; what fits none is left to the collector to refuse. Several end the command."""
    found = client.alerts()
    for names in (("number", "key"), ("slo",), ("service",)):
        meant = [str(each["key"]) for each in found if said in [str(each[name]) for name in names]]
        if len(meant) > 1:
            fail(f"{said} has several open alerts; say which: {', '.join(meant)}")
        if meant:
            return meant[0]
    return said
