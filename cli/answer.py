"""`fournines ack`, and `fournines alerts ack`, `unack` and `note`: what people on call say to an alert."""

from __future__ import annotations

from typing import Annotated

import typer

from .asking import asked
from .on_call import Alert, Author, Json, Url, key_of, lasting, said
from .options import PAGES

_Until = Annotated[
    str, typer.Option("--until", "--for", help="How long, such as 30m, or until when: 2026-01-31T02:00:00Z.")
]
_Note = Annotated[str, typer.Option(help="What there is to say about it.")]
_Text = Annotated[str, typer.Argument(help="What was found.")]


def ack(
    alert: Alert, author: Author, until: _Until = "1h", note: _Note = "", url: Url = PAGES, as_json: Json = False
) -> None:
    """Take an alert on: no one else is woken."""
    with asked(url) as client:
        key = key_of(client, alert)
        found = client.acknowledge(key, {"author": author, "note": note, **lasting(until)})
    taken = found["acknowledged"]
    who = "somebody" if taken is None else f"{taken['by']} until {taken['until']}"
    said(found, f"{key} is acknowledged by {who}", as_json=as_json)


def unack(alert: Alert, author: Author, note: _Note = "", url: Url = PAGES, as_json: Json = False) -> None:
    """Give an alert back: who is told is told again."""
    with asked(url) as client:
        key = key_of(client, alert)
        found = client.unacknowledge(key, author, note)
    said(found, f"{key} is nobody's now", as_json=as_json)


def note(alert: Alert, text: _Text, author: Author, url: Url = PAGES, as_json: Json = False) -> None:
    """Write down what was found, for who comes next."""
    with asked(url) as client:
        key = key_of(client, alert)
        found = client.note(key, author, text)
    said(found, f"noted about {key}", as_json=as_json)
