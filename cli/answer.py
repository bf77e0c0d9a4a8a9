"""`fournines alerts ack`, `unack` and `note`: what people on call say to an alert."""

from __future__ import annotations

from typing import Annotated

import typer

from .asking import asked
from .on_call import Alert, Author, Url, key_of, lasting
from .options import PAGES

_Until = Annotated[
    str, typer.Option("--until", "--for", help="How long, such as 30m, or until when: 2026-01-31T02:00:00Z.")
]
_Note = Annotated[str, typer.Option(help="What there is to say about it.")]
_Text = Annotated[str, typer.Argument(help="What was found.")]


def ack(alert: Alert, author: Author, until: _Until = "1h", note: _Note = "", url: Url = PAGES) -> None:
    """Take an alert on: nobody else is woken for a while."""
    with asked(url) as client:
        key = key_of(client, alert)
        taken = client.acknowledge(key, {"author": author, "note": note, **lasting(until)})["acknowledged"]
    typer.echo(f"{key} is acknowledged by {taken['by']} until {taken['until']}")


def unack(alert: Alert, author: Author, note: _Note = "", url: Url = PAGES) -> None:
    """Give an alert back: who is told is told again."""
    with asked(url) as client:
        key = key_of(client, alert)
        client.unacknowledge(key, author, note)
    typer.echo(f"{key} is nobody's now")


def note(alert: Alert, text: _Text, author: Author, url: Url = PAGES) -> None:
    """Write down what was found, for who comes next."""
    with asked(url) as client:
        key = key_of(client, alert)
        client.note(key, author, text)
    typer.echo(f"noted about {key}")
