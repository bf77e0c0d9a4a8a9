"""`fournines gate`: may this release start, or go on?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ..instrumentation.clock import sleep, steady
from .asking import asked
from .failure import fail
from .on_call import Json, said
from .options import PAGES
from .plain import plain

if TYPE_CHECKING:
    from ..client import JSON, Client

EXITS: Final = {"pass": 0, "fail": 1, "wait": 2}
"""Nothing but 0 lets a release go on. What can't be judged is 2, as whatever else keeps a command from its answer."""

EVERY: Final = 10.0
"""Seconds between two questions: a bucket of counts."""

_Service = Annotated[str, typer.Option(help="Whose release it is, by its service.name.")]
_Version = Annotated[
    str | None, typer.Option(help="What is released, by its service.version. (default: may one start?)")
]
_Baseline = Annotated[str, typer.Option(help="Version to hold it against. (default: all others)")]
_Slo = Annotated[str, typer.Option(help="Judge by this SLO alone. (default: by all of the service)", metavar="NAME")]
_Url = Annotated[str, typer.Option(help="The collector's pages and API.")]
_Wait = Annotated[str | None, typer.Option(help="Ask again for so long while it says wait, such as 10m.")]
_Override = Annotated[bool, typer.Option("--override", help="Let this version pass, whatever its evidence.")]
_Author = Annotated[str, typer.Option(help="Who overrides; the audit log keeps it.")]
_Reason = Annotated[str, typer.Option(help="Why; the audit log keeps it.")]


def gate(
    service: _Service,
    version: _Version = None,
    baseline: _Baseline = "",
    slo: _Slo = "",
    url: _Url = PAGES,
    wait: _Wait = None,
    override: _Override = False,
    author: _Author = "",
    reason: _Reason = "",
    as_json: Json = False,
) -> None:
    """Say if a release may start, or go on. Exits with 0 where it may, with 1 where it may not, with 2 where nobody can tell yet."""
    version = _named(version)
    _fitting(override, version=version, author=author, reason=reason)
    with asked(url, EXITS["wait"]) as client:
        if override:
            _overridden(client, service, version, author, reason, as_json=as_json)
            return
        ask = partial(_answer, partial(client.gate, service, version, baseline, slo), url)
        told = answers(ask, _seconds(wait))
        verdict = _last(told) if as_json else _told(f"{service} {version}".rstrip(), told)
    raise typer.Exit(EXITS[verdict])


def answers(
    ask: Callable[[], JSON],
    seconds: float,
    clock: Callable[[], float] = steady,
    pause: Callable[[float], None] = sleep,
) -> Iterator[JSON]:
    """Every answer until one is not to wait, or there were `seconds` of them."""
    until = clock() + seconds
    while True:
        answer = ask()
        yield answer
        left = until - clock()
        if answer["verdict"] != "wait" or left <= 0:
            return
        pause(min(EVERY, left))


def _named(version: str | None) -> str:
    """A variable that a pipeline never set is not the question whether a release may start."""
    if version == "":
        raise typer.BadParameter("it is empty: name a version, or leave --version out", param_hint="--version")
    return version or ""


def _fitting(override: bool, **said: str) -> None:  # noqa: FBT001 - a flag as it was typed
    """An override says all three, and a question no more than which version."""
    if override and (missing := [f"--{name}" for name, text in said.items() if not text]):
        raise typer.BadParameter(f"say {', '.join(missing)} too", param_hint="--override")
    if not override and (said["author"] or said["reason"]):
        raise typer.BadParameter("an author and a reason are an override's: say --override too")


def _seconds(wait: str | None) -> float:
    from ..slo import InvalidValue, Window

    try:
        return 0 if wait is None else Window.parse(wait).seconds
    except InvalidValue as error:
        raise typer.BadParameter(str(error), param_hint="--wait") from None


_SERVERS_FAULT: Final = 500


def _answer(question: Callable[[], JSON], url: str) -> JSON:
    """What the collector says; where it says nothing, that nobody can tell."""
    from ..client import ClientError, Refused

    try:
        answer = question()
    except Refused as error:
        if error.status < _SERVERS_FAULT:
            fail(f"the collector at {url} refuses: {error}", EXITS["wait"])
        return {"verdict": "wait", "reasons": [f"the collector at {url} answers {error.status}"]}
    except ClientError as error:
        return {"verdict": "wait", "reasons": [f"the collector at {url} can't be asked: {error}"]}
    said = answer["verdict"] in tuple(EXITS)
    return answer if said else {"verdict": "wait", "reasons": [f"{url} says no verdict"]}


def _told(release: str, told: Iterator[JSON]) -> str:
    """Says every answer that differs from the one before; gives the last verdict."""
    verdict, before = "wait", ""
    for answer in told:
        verdict = answer["verdict"]
        text = "\n  ".join(map(plain, [f"{verdict}: {release}", *answer["reasons"]]))
        if text != before:
            typer.echo(text)
        before = text
    return verdict


def _last(told: Iterator[JSON]) -> str:
    """Says the last answer as the API gives it; gives its verdict."""
    *_, answer = told
    typer.echo(json.dumps(answer, indent=2))
    return str(answer["verdict"])


def _overridden(client: Client, service: str, version: str, author: str, reason: str, *, as_json: bool) -> None:
    made = client.override_gate(service, version, author, reason)
    words = f"pass: {service} {version}, until {made['until']}\n  overridden by {author}: {reason}"
    said(made, words, as_json=as_json)
