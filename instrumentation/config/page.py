"""What the environment says of the metrics page: where it stands, who may read it, and how workers share it.

`OTEL_METRICS_EXPORTER=prometheus` asks for a page on a port of its own, as the specification has it:
https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#prometheus-exporter
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Final

from .token import Token
from .variables import Variables

DEFAULT_HOST: Final = "127.0.0.1"
OTEL_HOST: Final = "localhost"
OTEL_PORT: Final = 9464
LAST_PORT: Final = 65535
NONE: Final = "none"

_log = logging.getLogger("fournines.instrumentation")


@dataclass(frozen=True)
class Page:
    """How the metrics page is shown. A port stands for "there, and no longer on the application itself".

    `folder` is where workers of one service leave their counts for whichever of them is asked: empty, and they find a
    place by themselves; `none`, and each speaks for itself. `prometheus_folder` is prometheus-client's own.
    """

    host: str = DEFAULT_HOST
    port: int | None = None
    token: Token | None = None
    folder: str = ""
    prometheus_folder: str = ""

    def with_arguments(self, port: int | None, token: str | None) -> Page:
        """The same page with what was given in code, which stands above the environment."""
        return replace(
            self,
            port=self.port if port is None else port or None,
            token=self.token if token is None else Token(token) if token else None,
        )


def read_page(env: Variables) -> Page:
    """What the environment says of it. Never raises: what can't be understood is logged and left out."""
    named = "prometheus" in env.words("OTEL_METRICS_EXPORTER")
    port, host = _port(env, "FOURNINES_METRICS_PORT"), DEFAULT_HOST
    if named and port is None:
        port, host = _port(env, "OTEL_EXPORTER_PROMETHEUS_PORT") or OTEL_PORT, OTEL_HOST
        host = env.text("OTEL_EXPORTER_PROMETHEUS_HOST") or host
    token = env.text("FOURNINES_METRICS_TOKEN")
    return Page(
        host=env.text("FOURNINES_METRICS_HOST") or host,
        port=port,
        token=Token(token) if token else None,
        folder=env.text("FOURNINES_METRICS_DIR"),
        prometheus_folder=env.text("PROMETHEUS_MULTIPROC_DIR"),
    )


def _port(env: Variables, name: str) -> int | None:
    text = env.text(name)
    if not text or text == "0":
        return None
    if text.isascii() and text.isdigit() and int(text) <= LAST_PORT:
        return int(text)
    _log.warning("%s=%r is no port; left out", name, text)
    return None
