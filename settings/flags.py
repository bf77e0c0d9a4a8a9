"""What the command line can say, and FOURNINES_* variables with it; both are stronger than the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PREFIX: Final = "FOURNINES_"

PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "data": ("data",),
    "kernels": ("kernels",),
    "slos": ("slos",),
    "host": ("host",),
    "port": ("port",),
    "url": ("url",),
    "otlp_http_port": ("otlp", "http_port"),
    "otlp_grpc_port": ("otlp", "grpc_port"),
    "xray_port": ("xray", "port"),
}
"""Where each flag and each FOURNINES_ variable stands in the file; `webhook` adds to `notify`."""

_PATHS: Final = frozenset({"data", "kernels", "slos"})


@dataclass(frozen=True, slots=True)
class Flags:
    """What the command line said; None where it said nothing."""

    data: Path | None = None
    kernels: Path | None = None
    slos: Path | None = None
    host: str | None = None
    url: str | None = None
    port: int | None = None
    otlp_http_port: int | None = None
    otlp_grpc_port: int | None = None
    xray_port: int | None = None
    webhook: tuple[str, ...] = ()

    def said(self) -> dict[str, Any]:
        """The flags that were given, by name."""
        given = {name: getattr(self, name) for name in (*PLACES, "webhook")}
        return {name: value for name, value in given.items() if value not in (None, ())}


def said_in(environ: Mapping[str, str]) -> dict[str, Any]:
    """The flags that FOURNINES_* variables stand for, by name. One that is set to nothing says nothing."""
    urls = (url.strip() for url in environ.get(PREFIX + "WEBHOOK", "").split(","))
    given: dict[str, Any] = {name: environ.get(PREFIX + name.upper()) for name in PLACES}
    given["webhook"] = tuple(filter(None, urls))
    return {name: Path(value) if name in _PATHS else value for name, value in given.items() if value}


def spelled(name: str) -> str:
    """A flag as it is typed, and the variable that stands for it."""
    return f"--{name.replace('_', '-')} ({PREFIX}{name.upper()})"
