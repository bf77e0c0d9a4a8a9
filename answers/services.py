"""What services declare of themselves, and whether the collector is well."""

from __future__ import annotations

from typing import Final

from typing_extensions import TypedDict


class DeclarationSaid(TypedDict):
    """An SLO that a service declares in its code."""

    name: str
    service: str
    version: str
    since: str
    ways: int
    replaced_by_file: bool
    openslo: str


class Declarations(TypedDict):
    """What services declare in their code."""

    declarations: list[DeclarationSaid]
    next: str | None


class Alive(TypedDict):
    """The process is alive."""

    status: str
    version: str


class Ready(TypedDict):
    """Whether data is taken in: `ok`, or why not."""

    status: str


DECLARATIONS: Final[Declarations] = {
    "declarations": [
        {
            "name": "pay-quick",
            "service": "payments",
            "version": "7",
            "since": "2026-11-20T09:00:00Z",
            "ways": 1,
            "replaced_by_file": False,
            "openslo": "apiVersion: openslo/v1\nkind: SLO\n",
        }
    ],
    "next": None,
}
ALIVE: Final[Alive] = {"status": "ok", "version": "0.1.0"}
READY: Final[Ready] = {"status": "ok"}
