"""The second engine: opentelemetry-instrumentation-fastapi makes the spans and the measurements, ours sends and shows them.

It is asked for by `instrument(app, engine="opentelemetry")`, with the stable conventions and without its spans for ASGI
messages. Its measurements come through meters of ours into the same counts, so `/metrics`, the deltas and their promises are
the same. It costs a request many times as much, and has the faults that the documentation lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.metrics import Histogram, Meter, MeterProvider, NoOpMeter, UpDownCounter
from opentelemetry.util.types import Attributes

from .. import names
from ..clock import wall
from ..config.conventions import stable_conventions
from ..counts.flight import Flight
from ..counts.point import Exemplar, Key
from ..errors import NoSuchEngine
from .placement import is_fastapi

if TYPE_CHECKING:
    from .asgi import App
    from .instruments import Instruments

ENGINES: Final = ("fournines", "opentelemetry")
UNSEEN: Final = ("receive", "send")


def check(engine: str) -> None:
    """Raises `NoSuchEngine` for a word that is none of `ENGINES`."""
    if engine not in ENGINES:
        raise NoSuchEngine(f"engine={engine!r}: there are {', '.join(ENGINES)}")


def put_inside(app: Any, called: App, instruments: Instruments) -> App:
    """Lets OpenTelemetry's own instrumentation watch `app`, which is called as `called`; how it is called from now on.

    Raises `NoSuchEngine` where it is not installed.
    """
    told: Any = {
        "tracer_provider": instruments.provider, "meter_provider": CountingMeters(instruments), "exclude_spans": list(UNSEEN)
    }  # fmt: skip
    try:
        with stable_conventions():
            if is_fastapi(app):
                from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor

                FastAPIInstrumentor.instrument_app(app, **told)
                return called
            from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware

            watching: App = OpenTelemetryMiddleware(called, **told)
    except ImportError as e:
        raise NoSuchEngine(f"engine='opentelemetry' needs opentelemetry-instrumentation-fastapi: {e}") from e
    return watching


class CountingMeters(MeterProvider):
    """Meters whose request durations and requests in flight are counted as ours; of the rest nothing is kept."""

    def __init__(self, instruments: Instruments) -> None:
        self._instruments = instruments

    def get_meter(
        self, name: str, version: str | None = None, schema_url: str | None = None, attributes: Attributes | None = None
    ) -> Meter:
        """A meter for whoever asks."""
        return _CountingMeter(name, version, self._instruments)


class _CountingMeter(NoOpMeter):
    def __init__(self, name: str, version: str | None, instruments: Instruments) -> None:
        super().__init__(name, version)
        self._instruments = instruments

    def create_histogram(self, name: str, *args: Any, **kwargs: Any) -> Histogram:
        if name == names.REQUEST_DURATION:
            return _Durations(self._instruments)
        return super().create_histogram(name, *args, **kwargs)

    def create_up_down_counter(self, name: str, *args: Any, **kwargs: Any) -> UpDownCounter:
        if name == names.ACTIVE_REQUESTS:
            return _InFlight(self._instruments)
        return super().create_up_down_counter(name, *args, **kwargs)


class _Durations(Histogram):
    def __init__(self, instruments: Instruments) -> None:
        self._instruments = instruments

    def record(self, amount: float, attributes: Attributes | None = None, context: Context | None = None) -> None:
        instruments = self._instruments
        try:
            key = _key(attributes or {})
            instruments.red.record(key, amount, _exemplar(context, amount))
            if key[4] is not None:
                instruments.on_failure()
        except Exception:  # noqa: BLE001 - the outer guard: a request is never hurt by being watched
            instruments.failed("report")


class _InFlight(UpDownCounter):
    def __init__(self, instruments: Instruments) -> None:
        self._instruments = instruments

    def add(self, amount: float, attributes: Attributes | None = None, context: Context | None = None) -> None:
        try:
            told = attributes or {}
            flight: Flight = self._instruments.red.flight(str(told[names.METHOD]), str(told[names.URL_SCHEME]))
            flight.add(int(amount))
        except Exception:  # noqa: BLE001 - as above
            self._instruments.failed("begin")


def _key(told: Mapping[str, Any]) -> Key:
    status = told.get(names.STATUS_CODE)
    error = told.get(names.ERROR_TYPE)
    if status is None and error is None:  # how it tells a request that was cancelled
        status = 499
    return (
        str(told[names.METHOD]), str(told[names.URL_SCHEME]), told.get(names.ROUTE), int(status or 500), error,
        told.get(names.PROTOCOL_VERSION),
    )  # fmt: skip


def _exemplar(context: Context | None, seconds: float) -> Exemplar | None:
    ids = trace.get_current_span(context).get_span_context()
    return Exemplar(ids.trace_id, ids.span_id, seconds, wall()) if ids.trace_flags.sampled else None
