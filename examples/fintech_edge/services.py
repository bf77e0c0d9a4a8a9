"""Runs one service of the bank: `python -m fournines.examples.fintech_edge.services payments --port 8005 --data DIR`.

`OTEL_EXPORTER_OTLP_ENDPOINT` in the environment says where the collector is, as for any instrumented service.
"""

import argparse
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from . import accounts, analytics, gateway, notifications, payments, transactions, users
from .tally import Tally

__all__ = ["SERVICES", "main"]

SERVICES: Mapping[str, Callable[[Path, Mapping[str, str]], FastAPI]] = {
    "gateway": gateway.create,
    "users": users.create,
    "accounts": accounts.create,
    "transactions": transactions.create,
    "payments": payments.create,
    "notifications": notifications.create,
    "analytics": analytics.create,
}


def main(words: Sequence[str] | None = None) -> None:
    """Serves until SIGTERM or Ctrl-C, then finishes its requests, says good-bye and writes `<data>/<name>.tally.json`."""
    asked = parser().parse_args(words)
    # uvicorn raises the signal again once it has finished; by default that would skip what runs at exit
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    app = SERVICES[asked.name](asked.data, dict(asked.peer))
    tally = Tally(app, asked.data / f"{asked.name}.tally.json")
    uvicorn.run(
        tally,
        host=asked.host,
        port=asked.port,
        log_level="warning",
        timeout_graceful_shutdown=10,
        timeout_keep_alive=30,  # longer than clients keep an idle connection (5 s), else a request may meet the closing
    )


def parser() -> argparse.ArgumentParser:
    """The words the command understands."""
    made = argparse.ArgumentParser(description="Runs one service of the example bank.")
    made.add_argument("name", choices=SERVICES)
    made.add_argument("--port", type=int, required=True)
    made.add_argument("--host", default="127.0.0.1")
    made.add_argument("--data", type=Path, required=True, help="folder of the service's own store")
    made.add_argument("--peer", type=peer, action="append", default=[], help="NAME=URL of a neighbour; repeatable")
    return made


def peer(word: str) -> tuple[str, str]:
    """`users=http://127.0.0.1:8001` as a name and a URL."""
    name, _, url = word.partition("=")
    return name, url.rstrip("/")


if __name__ == "__main__":
    main()
