"""How a collector is set up: read once, from flags, then FOURNINES_* variables, then the file, then defaults. Typed, and immutable.

A fault names file, line and path; every fault of a file is listed at once. `${NAME}` in the file's text values stands for an
environment variable, which must be set. Secrets mask themselves in every text made of them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from .slo.document import Document, Steps, read_file
from .slo.errors import Fault, SLOError

DEFAULT_FILE: Final = Path("fournines.yaml")
PREFIX: Final = "FOURNINES_"


class SettingsError(SLOError):
    """The configuration holds faults; the text lists all of them, one a line."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


def _no_flag(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError(f"Input should be a number, not {value!r}")  # noqa: TRY004 - pydantic makes faults of ValueErrors
    return value


_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def _seconds(value: object) -> object:
    """Reads `15s`, `500ms`, `1m`; a bare number is seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h)", value) if isinstance(value, str) else None
    return float(match[1]) * _UNITS[match[2]] if match else _no_flag(value)


_SIZES: Final = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def _size(value: object) -> object:
    """Reads `64MiB`, `1GiB`, `500kB`; a bare number is bytes."""
    if not isinstance(value, str) or value.isdecimal():
        return _no_flag(value)
    match = re.fullmatch(r"(\d{1,12}(?:\.\d{1,12})?) ?([a-zA-Z]+)", value, re.ASCII)
    if match is None or match[2] not in _SIZES:
        raise ValueError(
            f"{value!r} is no size; write bytes as a number, or 500kB, 64MiB: the units are {', '.join(_SIZES)}"
        )
    size = Decimal(match[1]) * _SIZES[match[2]]
    if size % 1:
        raise ValueError(f"{value!r} is no whole number of bytes")
    return int(size)


def _statuses(value: object) -> object:
    """Reads `200`, `200-299` or a list of them, as (low, high)."""
    found = []
    for one in value if isinstance(value, list | tuple) else [value]:
        match = re.fullmatch(r"([1-5]\d\d)(?:-([1-5]\d\d))?", str(one))
        if match is None or int(match[2] or match[1]) < int(match[1]):
            raise ValueError(f"{one!r} is no status; write 200 or 200-299")
        found.append((int(match[1]), int(match[2] or match[1])))
    return tuple(found)


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"{value!r} is no regular expression: {error}") from None
    return value


def _address(value: str) -> str:
    """Takes `host` or `host:port`."""
    if not re.fullmatch(r"[^\s/@?#]+", value) or not _has_port(f"http://{value}"):
        raise ValueError("is no host:port; scheme and path are keys of their own")
    return value


def _probed_url(value: str) -> str:
    """Takes `http://...`, `https://...` and `tcp://host:port`."""
    if not re.fullmatch(r"https?://[^\s/]\S*|tcp://[^\s/]+:\d+", value) or not _has_port(value):
        raise ValueError("is no http:// or https:// address, nor tcp://host:port, with a port up to 65535")
    return value


def _has_port(url: str) -> bool:
    """Whether the address names a host, and a port that there is, or none."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _header(name: str) -> str:
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
        raise ValueError("is no name of a header")
    return name


def _header_value(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[\t\x20-\x7e]*", value.get_secret_value()):
        raise ValueError("holds what no header can: a line's end, or a letter outside ASCII")
    return value


Headers = dict[Annotated[str, AfterValidator(_header)], Annotated[SecretStr, AfterValidator(_header_value)]]
Seconds = Annotated[float, BeforeValidator(_seconds), Field(gt=0, le=3600)]
Size = Annotated[int, BeforeValidator(_size)]
Port = Annotated[int, BeforeValidator(_no_flag), Field(ge=0, le=65535)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tls(_Model):
    """A server's certificate chain and key, PEM files; with `client_ca` only clients that it signed are let in (mutual TLS)."""

    certificate: Path
    key: Path
    client_ca: Path | None = None


class Otlp(_Model):
    """Where OTLP is received, and from whom; port 0 takes a free one.

    With `tokens` a sender, of remote write too, says `Authorization: Bearer TOKEN`. `limit` bounds the bytes of one request, before and
    after inflating. `socket` is a Unix socket on which OTLP/HTTP is received as well.
    """

    http_port: Port = 4318
    grpc_port: Port = 4317
    socket: Path | None = None
    limit: Size = Field(default=64 * 2**20, ge=2**10, le=2**30)
    tokens: tuple[Annotated[SecretStr, Field(min_length=16)], ...] = ()
    tls: Tls | None = None


class XrayRule(_Model):
    """A sampling rule that X-Ray's SDKs are told: the first `reservoir` matching requests a second, and the share `rate` beyond."""

    name: str = Field(min_length=1, max_length=32)
    rate: float = Field(ge=0, le=1)
    reservoir: int = Field(ge=0)
    priority: int = Field(default=1000, ge=1, le=9999)
    host: str = "*"
    service: str = "*"
    service_type: str = "*"
    method: str = "*"
    path: str = "*"


class Xray(_Model):
    """Where X-Ray's daemon is stood in for, UDP and TCP; 0 is off. Unset it is 2000, unless somebody else listens there."""

    port: Port | None = None
    rules: tuple[XrayRule, ...] = ()


QueueBytes = Annotated[Size, Field(default=256 * 2**20, ge=2**20)]


class OtlpForward(_Model):
    """Another OTLP collector or backend that gets what comes in; see docs/forwarding.md."""

    type: Literal["otlp"]
    endpoint: HttpUrl
    protocol: Literal["http/protobuf", "grpc"] = "http/protobuf"
    headers: Headers = Field(default_factory=dict)
    signals: tuple[Literal["traces", "metrics", "logs"], ...] = ("traces", "metrics", "logs")
    redact: bool = True
    compress: bool = True
    parallel: int = Field(default=4, ge=1, le=64)
    queue_bytes: QueueBytes


class RemoteWriteForward(_Model):
    """A Prometheus-compatible store that gets this collector's own SLO series; `collector` tells it from others that write there."""

    type: Literal["remote_write"]
    url: HttpUrl
    headers: Headers = Field(default_factory=dict)
    interval: Seconds = 15.0
    collector: str = Field(default="", max_length=200)
    queue_bytes: QueueBytes


class XrayForward(_Model):
    """AWS X-Ray, which gets spans as segments; `endpoint` is another than the region's own."""

    type: Literal["xray"]
    region: str = Field(min_length=1)
    endpoint: HttpUrl | None = None
    redact: bool = True
    timeout: float = Field(default=10.0, gt=0, le=300)
    queue_bytes: QueueBytes


class KeptTraces(_Model):
    """How much of failed, slow and sampled traces is kept, and the share of ordinary ones."""

    traces: int = Field(default=2_000, ge=1)
    bytes: Size = Field(default=64 * 2**20, ge=2**20)
    days: float = Field(default=3, gt=0, le=35)
    share: float = Field(default=0.001, ge=0, le=1)


class Scrape(_Model):
    """One job whose targets are scraped; `files` are Prometheus' file_sd files, patterns allowed in the last part."""

    job: str = Field(min_length=1, max_length=200)
    targets: tuple[Annotated[str, AfterValidator(_address)], ...] = ()
    files: tuple[str, ...] = ()
    interval: Seconds = 15.0
    timeout: Seconds = 10.0
    path: str = "/metrics"
    scheme: Literal["http", "https"] = "http"
    headers: Headers = Field(default_factory=dict)
    verify: bool = True

    @model_validator(mode="after")
    def _finds_targets(self) -> Scrape:
        if not self.targets and not self.files:
            raise ValueError("needs targets or files")
        return self


class Probed(_Model):
    """One URL or port that is asked at an interval."""

    service: str = Field(min_length=1, max_length=200)
    url: Annotated[str, AfterValidator(_probed_url)]
    interval: Seconds = 10.0
    timeout: Seconds = 2.0
    method: str = Field(default="GET", pattern="^[A-Z]+$")
    expect: Annotated[tuple[tuple[int, int], ...], BeforeValidator(_statuses)] = ((200, 299),)
    contains: str = ""
    matches: Annotated[str, AfterValidator(_pattern)] = ""
    headers: Headers = Field(default_factory=dict)
    verify: bool = True


class Webhook(_Model):
    """A receiver of Alertmanager's webhook bodies, version 4, signed when there is a secret."""

    type: Literal["webhook"]
    url: HttpUrl
    secret: SecretStr | None = Field(default=None, min_length=1)


class Settings(_Model):
    """Everything `fournines serve` is told. `slos` None means: automatic SLOs only; `url` None: links as the address says;
    `kernels` None: compiled decoders are kept in the data folder.
    """

    data: Path = Path("fournines-data")
    kernels: Path | None = None
    slos: Path | None = None
    host: str = Field(default="127.0.0.1", min_length=1)
    port: Port = 8400
    url: HttpUrl | None = None
    otlp: Otlp = Otlp()
    xray: Xray = Xray()
    notify: tuple[Webhook, ...] = ()
    forward: tuple[Annotated[OtlpForward | RemoteWriteForward | XrayForward, Field(discriminator="type")], ...] = ()
    scrape: tuple[Scrape, ...] = ()
    probes: tuple[Probed, ...] = ()
    traces: KeptTraces = KeptTraces()

    @field_validator("forward", "probes", "scrape")
    @classmethod
    def _each_once(cls, entries: tuple[_Model, ...]) -> tuple[_Model, ...]:
        """The same probe twice would count each answer twice; one queue has one destination."""
        places = [_place(entry) for entry in entries]
        for index, place in enumerate(places):
            if place in places[:index]:
                raise ValueError(f"[{index}] is the same as [{places.index(place)}]")
        return entries

    @property
    def kernels_folder(self) -> Path:
        """Where compiled decoders are kept."""
        return self.kernels or self.data / "kernels"


def _place(entry: _Model) -> object:
    """What tells an entry of a list from the others."""
    match entry:
        case OtlpForward():
            return entry.type, str(entry.endpoint)
        case RemoteWriteForward():
            return entry.type, str(entry.url)
        case XrayForward():
            return entry.type, str(entry.endpoint or entry.region)
        case _:
            return entry.model_dump()


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


_PATHS: Final[tuple[tuple[str, ...], ...]] = (
    ("data",),
    ("kernels",),
    ("slos",),
    ("otlp", "socket"),
    ("otlp", "tls", "certificate"),
    ("otlp", "tls", "key"),
    ("otlp", "tls", "client_ca"),
)
"""Values that are paths: relative ones count from the file's folder."""

_PLACES: Final[Mapping[str, tuple[str, ...]]] = {
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
"""Where each flag and each FOURNINES_ variable stands in the file."""


def load(config: Path | None, flags: Flags, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in force. Raises `SettingsError`.

    `config` None reads `fournines.yaml` of the working directory where there is one. A relative path in a file counts
    from that file's folder, on the command line and in the environment from the working directory.
    """
    environ = os.environ if environ is None else environ
    config = (
        config or _optional_path(environ.get(PREFIX + "CONFIG")) or (DEFAULT_FILE if DEFAULT_FILE.is_file() else None)
    )
    nowhere = Document("the command line or environment", 0, {}, {})
    document = _Document.read(config, environ) if config else _Document(nowhere, {}, ())
    values = document.values
    for name, place in _PLACES.items():
        given = getattr(flags, name)
        text = environ.get(PREFIX + name.upper(), "")
        if given is not None or text:
            _put(values, place, text if given is None else given)
    urls = flags.webhook or tuple(url.strip() for url in environ.get(PREFIX + "WEBHOOK", "").split(",") if url.strip())
    configured = values.get("notify") or []
    if urls and isinstance(configured, list):
        values["notify"] = [*configured, *({"type": "webhook", "url": url} for url in urls)]
    return document.settings()


def _optional_path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _put(values: dict[str, Any], place: tuple[str, ...], value: object) -> None:
    *parents, last = place
    for parent in parents:
        if not isinstance(values.get(parent), dict):
            values[parent] = {}
        values = values[parent]
    values[last] = value


def _from_folder(folder: Path, values: dict[str, Any], place: tuple[str, ...]) -> None:
    *parents, last = place
    for parent in parents:
        child = values.get(parent)
        if not isinstance(child, dict):
            return
        values = child
    if isinstance(values.get(last), str):
        values[last] = str(folder / values[last])


@dataclass(frozen=True, slots=True)
class _Document:
    """The file's values, the place of each of them, and what was wrong with the file itself."""

    source: Document
    values: dict[str, Any]
    faults: Sequence[Fault]

    @classmethod
    def read(cls, path: Path, environ: Mapping[str, str]) -> _Document:
        reading = read_file(path)
        if not reading.complete or len(reading.documents) > 1:
            extra = [] if reading.faults else [Fault(str(path), 0, "", "holds more than one document")]
            raise SettingsError([*reading.faults, *extra])
        source = reading.documents[0] if reading.documents else Document(str(path), 1, {}, {})
        faults = list(reading.faults)
        values = _filled(source, source.data, (), environ, faults)
        if not isinstance(values, dict):
            raise SettingsError([*faults, Fault(str(path), 1, "", "holds no mapping of keys to values")])
        for place in _PATHS:
            _from_folder(path.parent, values, place)
        jobs = values.get("scrape")
        for job in jobs if isinstance(jobs, list) else ():
            if isinstance(job, dict) and isinstance(job.get("files"), list):
                job["files"] = [str(path.parent / file) if isinstance(file, str) else file for file in job["files"]]
        return cls(source, values, faults)

    def settings(self) -> Settings:
        """What the values mean. Raises `SettingsError` with every fault, of reading and of meaning, in the file's order."""
        faults = list(self.faults)
        try:
            settings = Settings.model_validate(self.values)
        except ValidationError as error:
            said = {fault.path for fault in faults}
            found = (self.source.fault(_steps(each), _explain(each)) for each in error.errors())
            faults += [fault for fault in found if fault.path not in said]
        if faults:
            raise SettingsError(sorted(faults, key=lambda fault: fault.line))
        return settings


def _filled(source: Document, value: Any, steps: Steps, environ: Mapping[str, str], faults: list[Fault]) -> Any:
    """The value with every `${NAME}` of its texts filled in; a variable that is not set is a fault."""
    if isinstance(value, dict):
        return {key: _filled(source, child, (*steps, key), environ, faults) for key, child in value.items()}
    if isinstance(value, list):
        return [_filled(source, child, (*steps, index), environ, faults) for index, child in enumerate(value)]
    if not isinstance(value, str):
        return value
    names = re.findall(r"\$\{(\w+)\}", value)
    faults += [
        source.fault(steps, f"the environment variable {name} is not set") for name in names if name not in environ
    ]
    return re.sub(r"\$\{(\w+)\}", lambda match: environ.get(match[1], ""), value)


_SECRET: Final = frozenset({"tokens", "headers", "endpoint", "url", "targets"})
"""Keys whose values no fault repeats: tokens stand in them."""

_EXAMPLES: Final[Mapping[object, str]] = {
    "notify": "[{type: webhook, url: ...}]",
    "forward": "[{type: otlp, endpoint: ...}]",
    "scrape": '[{job: billing, targets: ["127.0.0.1:9000"]}]',
    "probes": "[{service: payments, url: ...}]",
    "targets": '["127.0.0.1:9000"]',
    "files": '["targets/*.json"]',
    "tokens": '["${OTLP_TOKEN}"]',
    "rules": "[{name: all, rate: 1, reservoir: 1}]",
    "signals": "[traces, metrics, logs]",
}
"""How a list is written, by its key."""


def _steps(error: Mapping[str, Any]) -> Steps:
    """Where a fault stands in the file: pydantic also names which kind of destination an entry was taken for."""
    loc = tuple(error["loc"])
    if error["type"] == "union_tag_invalid":
        return (*loc, "type")
    tagged = loc[:1] == ("forward",) and len(loc) > 2
    return tuple(step for place, step in enumerate(loc) if step != "[key]" and not (tagged and place == 2))


def _explain(error: Mapping[str, Any]) -> str:
    allowed = set(Settings.model_fields)
    match error["type"]:
        case "extra_forbidden":
            return "unknown key" if len(error["loc"]) > 1 else f"unknown key; the keys are {', '.join(sorted(allowed))}"
        case "tuple_type":
            return f"needs to be a list, such as {_EXAMPLES.get(error['loc'][-1], '[...]')}"
        case "model_type" | "model_attributes_type" | "dict_type":
            return "needs to be a mapping of keys to values"
        case "union_tag_not_found":
            return "needs a type: otlp, remote_write or xray"
        case "union_tag_invalid":
            return f"{error['ctx']['tag']!r} is no type of destination; there are otlp, remote_write and xray"
        case "value_error":
            return str(error["ctx"]["error"])
        case "too_short" if "tokens" in error["loc"]:
            return f"needs at least {error['ctx']['min_length']} characters"
    secret = (error["loc"][:1] == ("notify",) and error["loc"][-1] != "type") or _SECRET & set(error["loc"])
    found = "" if secret or isinstance(error["input"], dict | list) else f", not {error['input']!r}"
    return f"{error['msg']}{found}"
