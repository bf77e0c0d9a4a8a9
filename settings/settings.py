"""Everything `fournines serve` is told, as one value."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, HttpUrl, field_validator

from ..slo.hours import fill_the_week
from .forward import Forward
from .heartbeat import HeartbeatEntry
from .maintenance import MaintenanceEntry
from .notify import Notify, check_names
from .number import Port
from .otlp import Otlp
from .path import WrittenPath
from .probe import Probed
from .prometheus import Prometheus
from .quiet_hours import QuietHoursEntry
from .scrape import Scrape
from .section import Section
from .traces import KeptTraces
from .xray import Xray


class Settings(Section):
    """Everything `fournines serve` is told. `slos` None means: automatic SLOs only; `url` None: links as the address says;
    `kernels` None: compiled decoders are kept in the data folder; `templates` None: messages in our words.
    """

    data: WrittenPath = Path("fournines-data")
    kernels: WrittenPath | None = None
    slos: WrittenPath | None = None
    host: str = Field(default="127.0.0.1", min_length=1)
    port: Port = 8400
    url: HttpUrl | None = None
    otlp: Otlp = Otlp()
    xray: Xray = Xray()
    notify: tuple[Notify, ...] = ()
    templates: WrittenPath | None = None
    heartbeat: HeartbeatEntry | None = None
    maintenance: tuple[MaintenanceEntry, ...] = Field(default=(), max_length=200)
    quiet_hours: tuple[QuietHoursEntry, ...] = Field(default=(), max_length=50)
    forward: tuple[Forward, ...] = ()
    scrape: tuple[Scrape, ...] = ()
    probes: tuple[Probed, ...] = ()
    prometheus: Prometheus | None = None
    traces: KeptTraces = KeptTraces()

    @field_validator("forward", "probes", "scrape")
    @classmethod
    def _each_once(cls, entries: tuple[Section, ...]) -> tuple[Section, ...]:
        """The same probe twice would count each answer twice; one queue has one destination."""
        identities = [entry.identity for entry in entries]
        for index, identity in enumerate(identities):
            first = identities.index(identity)
            if first < index:
                raise ValueError(f"[{index}] is the same as [{first}]")
        return entries

    @field_validator("quiet_hours")
    @classmethod
    def _leave_some_time(cls, entries: tuple[QuietHoursEntry, ...]) -> tuple[QuietHoursEntry, ...]:
        if fill_the_week(entry.hours for entry in entries):
            raise ValueError("leaves no time at which anybody is told of tickets")
        return entries

    @field_validator("notify")
    @classmethod
    def _named(cls, entries: tuple[Notify, ...]) -> tuple[Notify, ...]:
        """What waits for a receiver finds it by its name."""
        check_names(entries)
        return entries

    @property
    def kernels_folder(self) -> Path:
        """Where compiled decoders are kept."""
        return self.kernels or self.data / "kernels"
