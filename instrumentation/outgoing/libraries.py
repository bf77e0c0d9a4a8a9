"""The libraries whose outgoing calls are followed, as data.

httpx is followed by this package itself; every other by OpenTelemetry's own instrumentation of it, where that is installed:
https://opentelemetry-python-contrib.readthedocs.io/. Names are those of its entry points, which `OTEL_PYTHON_DISABLED_INSTRUMENTATIONS`
has too.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Collection
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from ..errors import NoSuchClient
from ..names import CONTRIB

EVERY: Final = "*"
"""In a list of names that are off: all of them."""


@dataclass(frozen=True)
class Library:
    """One library.

    module          whose import is the moment to begin
    distributions   what it may be installed as; none for the standard library
    instrumentor    `module:Class` of who follows it; empty for ours
    carries         its calls take headers along
    driver          databases' own; what SQLAlchemy asks it is told by SQLAlchemy's span
    """

    name: str
    module: str
    distributions: tuple[str, ...] = ()
    instrumentor: str = ""
    carries: bool = False
    driver: bool = False

    @property
    def present(self) -> bool:
        """Whether it is installed."""
        return importlib.util.find_spec(self.module.partition(".")[0]) is not None

    @property
    def version(self) -> str:
        """The installed version; empty where there is none to be known."""
        for distribution in self.distributions:
            try:
                return version(distribution)
            except PackageNotFoundError:
                continue
        return ""

    @property
    def instrumentation(self) -> str:
        """The distribution that follows it."""
        return f"opentelemetry-instrumentation-{self.name}"


def _contrib(
    name: str, module: str, distributions: tuple[str, ...], kind: str, *, carries: bool = False, driver: bool = False
) -> Library:
    return Library(name, module, distributions, f"{CONTRIB}{name.replace('-', '_')}:{kind}", carries, driver)


LIBRARIES: Final = (
    _contrib("aiohttp-client", "aiohttp", ("aiohttp",), "AioHttpClientInstrumentor", carries=True),
    _contrib("asyncpg", "asyncpg", ("asyncpg",), "AsyncPGInstrumentor", driver=True),
    _contrib("botocore", "botocore.client", ("botocore",), "BotocoreInstrumentor", carries=True),
    _contrib("celery", "celery.app.base", ("celery",), "CeleryInstrumentor", carries=True),
    Library("httpx", "httpx", ("httpx",), carries=True),
    _contrib("psycopg", "psycopg", ("psycopg",), "PsycopgInstrumentor", driver=True),
    _contrib("psycopg2", "psycopg2", ("psycopg2", "psycopg2-binary"), "Psycopg2Instrumentor", driver=True),
    _contrib("redis", "redis", ("redis",), "RedisInstrumentor"),
    _contrib("requests", "requests", ("requests",), "RequestsInstrumentor", carries=True),
    _contrib("sqlalchemy", "sqlalchemy", ("SQLAlchemy",), "SQLAlchemyInstrumentor"),
    _contrib("urllib", "urllib.request", (), "URLLibInstrumentor", carries=True),
    _contrib("urllib3", "urllib3", ("urllib3",), "URLLib3Instrumentor", carries=True),
)
"""All of them, by name."""

NAMES: Final = frozenset(library.name for library in LIBRARIES)


def wanted(clients: bool | Collection[str], off: Collection[str] = ()) -> frozenset[str]:  # noqa: FBT001 - True and False are words here
    """The names to follow: all for True, none for False, else those given; without those that the environment has switched off.

    Raises `NoSuchClient` for a name that is none, saying which there are.
    """
    if isinstance(clients, bool):
        chosen = NAMES if clients else frozenset()
    else:
        chosen = frozenset({clients} if isinstance(clients, str) else clients)
    if unknown := chosen - NAMES:
        raise NoSuchClient(
            f"clients: {', '.join(sorted(map(repr, unknown)))} is not known here; there are {', '.join(sorted(NAMES))}"
        )
    return frozenset() if EVERY in off else chosen - frozenset(off)
