"""Where OTLP is received, and from whom."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from .number import Port, Size
from .path import WrittenPath
from .section import Section


class Tls(Section):
    """A server's certificate chain and key, PEM files; with `client_ca` only clients that it signed are let in (mutual TLS)."""

    certificate: WrittenPath
    key: WrittenPath
    client_ca: WrittenPath | None = None


class Otlp(Section):
    """Where OTLP is received, and from whom; port 0 takes a free one.

    With `tokens` a sender, of remote write too, says `Authorization: Bearer TOKEN`. `limit` bounds the bytes of one request, before and
    after inflating. `socket` is a Unix socket on which OTLP/HTTP is received as well.
    """

    http_port: Port = 4318
    grpc_port: Port = 4317
    socket: WrittenPath | None = None
    limit: Size = Field(default=64 * 2**20, ge=2**10, le=2**30)
    tokens: tuple[Annotated[SecretStr, Field(min_length=16)], ...] = ()
    tls: Tls | None = None
