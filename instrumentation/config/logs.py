"""What becomes of logs: they leave the machine only where somebody asked for it, by the exporter's name or by a place for them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from .target import Target, read_target
from .variables import Variables

LINES: Final = ("off", "plain", "json")
EXPORTER: Final = "OTEL_LOGS_EXPORTER"


@dataclass(frozen=True)
class LogsConfig:
    """What becomes of logs. `lines`: what consoles show: what they did, the same with ids on each record, or JSON. The rest is OTLP's:
    entries that may wait, entries in a batch, seconds between exports, attributes of a record, characters of a value.
    """

    lines: str = "off"
    target: Target | None = None
    queue: int = 2048
    batch: int = 512
    delay: float = 1.0
    attributes: int = 128
    value_length: int | None = None

    def with_argument(self, lines: str | None) -> LogsConfig:
        """The same, with what `instrument()` was told of consoles."""
        return self if lines is None else replace(self, lines=lines)


def read_logs(env: Variables) -> LogsConfig:
    """What the environment says of them."""
    asked = env.text(EXPORTER, "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT")
    attributes = env.limit("OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT")
    queue = int(env.number("OTEL_BLRP_MAX_QUEUE_SIZE", 2048))
    return LogsConfig(
        lines=env.choice(("FOURNINES_LOGS",), LINES, "json" if "console" in env.words(EXPORTER) else "off"),
        target=read_target(env, "logs") if asked else None,
        queue=queue,
        batch=min(queue, int(env.number("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", 512))),
        delay=env.number("OTEL_BLRP_SCHEDULE_DELAY", 1000.0) / 1000,
        attributes=128 if attributes is None else attributes,
        value_length=env.limit("OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"),
    )
