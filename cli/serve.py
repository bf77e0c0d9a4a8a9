"""`fournines serve`: the collector."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from .extra import collector_extra
from .failure import fail
from .interrupt import ended_by_interrupt
from .options import ConfigOption, Data
from .plain import LineFormatter


def _port(what: str) -> Any:
    return typer.Option(help=what, min=0, max=65535, metavar="PORT")


def serve(
    config: ConfigOption = None,
    data: Data = None,
    slos: Annotated[Path | None, typer.Option(help="SLO file, or folder of SLO files.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on. (default: 127.0.0.1)")] = None,
    port: Annotated[int | None, _port("Pages and API. (default: 8400)")] = None,
    otlp_http_port: Annotated[int | None, _port("OTLP over HTTP. (default: 4318)")] = None,
    otlp_grpc_port: Annotated[int | None, _port("OTLP over gRPC. (default: 4317)")] = None,
    xray_port: Annotated[
        int | None, _port("X-Ray's daemon, UDP and TCP; 0 is off. (default: 2000, where it is free)")
    ] = None,
    url: Annotated[str | None, typer.Option(help="Where people reach the pages, for links.", metavar="URL")] = None,
    webhook: Annotated[list[str] | None, typer.Option(help="Where alerts go; repeatable.", metavar="URL")] = None,
) -> None:
    """Run the collector. It receives, counts, evaluates, pages and shows, until Ctrl-C or SIGTERM.

    All of it can stand in the configuration file too, where times are written 15s and sizes 64MiB.
    """
    with collector_extra():
        from ..service import ServiceError, run
        from ..settings import Flags, load
        from ..slo import SLOError

    _log_to_stderr()
    flags = Flags(
        data=data,
        slos=slos,
        host=host,
        port=port,
        url=url,
        otlp_http_port=otlp_http_port,
        otlp_grpc_port=otlp_grpc_port,
        xray_port=xray_port,
        webhook=tuple(webhook or ()),
    )
    try:
        with ended_by_interrupt():  # until the service takes its signals itself
            run(load(config, flags))
    except (SLOError, ServiceError) as error:
        fail(error)


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for chatty in ("httpx", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
