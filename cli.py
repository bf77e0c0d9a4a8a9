"""Words to calls. Each command imports what it needs when it runs, so that the base install answers too, with what to install."""

from __future__ import annotations

import gc
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from . import __version__

if TYPE_CHECKING:
    from .settings import Settings

app = typer.Typer(
    name="fournines",
    help="Counts what kept its promise, says what burns, and writes the dashboards and rules.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

EXIT_FAULT = 1
"""What was given holds a fault."""


class Target(StrEnum):
    """What `build` writes."""

    ALL = "all"
    PROMETHEUS = "prometheus"
    GRAFANA = "grafana"


def _fail(message: object) -> NoReturn:
    typer.echo(str(message), err=True)
    raise typer.Exit(EXIT_FAULT)


@contextmanager
def _collector_extra() -> Iterator[None]:
    """Says what to install where the base install lacks what a command needs."""
    gc.disable()  # what imports make stays: looking through it for garbage again and again is a sixth of their time
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("fournines"):
            raise
        _fail(f"this command needs {error.name}, which the base install leaves out: pip install 'fournines[collector]'")
    finally:
        gc.enable()


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer hands the flag's value over like this
    if wanted:
        typer.echo(f"fournines {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    del version


@app.command()
def serve(
    config: Annotated[
        Path | None,
        typer.Option(
            help="Configuration file; ./fournines.yaml where there is one. Times in it are written 15s, sizes 64MiB."
        ),
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the ledger and everything kept.")] = None,
    slos: Annotated[Path | None, typer.Option(help="SLO file, or folder of SLO files.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on. (default: 127.0.0.1)")] = None,
    port: Annotated[int | None, typer.Option(help="Pages and API. (default: 8400)")] = None,
    otlp_http_port: Annotated[int | None, typer.Option(help="OTLP over HTTP. (default: 4318)")] = None,
    otlp_grpc_port: Annotated[int | None, typer.Option(help="OTLP over gRPC. (default: 4317)")] = None,
    xray_port: Annotated[
        int | None, typer.Option(help="X-Ray's daemon, UDP and TCP; 0 is off. (default: 2000, where it is free)")
    ] = None,
    url: Annotated[str | None, typer.Option(help="Where people reach the pages, for the links in messages.")] = None,
    webhook: Annotated[list[str] | None, typer.Option(help="Where pages go; may be said several times.")] = None,
) -> None:
    """Run the collector: receive, count, evaluate, page, show."""
    with _collector_extra():
        from .service import ServiceError, run
        from .settings import Flags, SettingsError, load
        from .slo import SLOError

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    for chatty in ("httpx", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
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
        run(load(config, flags))
    except (SettingsError, SLOError, ServiceError) as error:
        _fail(error)


@app.command()
def check(paths: Annotated[list[Path], typer.Argument(help="SLO files, or folders of them.", readable=False)]) -> None:
    """Validate SLO files: every fault with file, line and path. Exits 1 when there is one."""
    with _collector_extra():
        from .slo import SpecError, advise, load_slos

    try:
        slos = load_slos(paths)
    except SpecError as error:
        count = len(error.faults)
        _fail(f"{error}\n{count} fault{'s' if count > 1 else ''} found")
    for advice in advise(slos):
        typer.echo(f"advice: {advice}")
    typer.echo(f"{len(slos)} SLO{'s' if len(slos) != 1 else ''} valid: {', '.join(slo.name for slo in slos)}")


@app.command(name="import")
def import_slos(
    from_service: Annotated[str, typer.Option(help="Service whose declared SLOs become a file.", metavar="SERVICE")],
    url: Annotated[str, typer.Option(help="The collector's pages and API.")] = "http://127.0.0.1:8400",
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to; made where there is none. (default: print)")
    ] = None,
) -> None:
    """Write the SLOs that a service declares in its code as an OpenSLO v1 file."""
    with _collector_extra():
        import httpx

        from .client import Client

    try:
        with Client(url) as client:
            declared = client.declarations(from_service)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        _fail(f"the collector at {url} can't be asked: {error}")
    if not declared:
        _fail(f"{from_service} declares no SLO, as far as the collector at {url} heard")
    text = "---\n".join(one["openslo"] for one in declared)
    if out is None:
        typer.echo(text, nl=False)
        return
    path = out / f"{re.sub('[^a-z0-9]+', '-', from_service.lower()).strip('-') or 'service'}.yaml"
    _write_new(path, text)
    typer.echo(f"wrote {path}: {', '.join(one['name'] for one in declared)}")


def _write_new(path: Path, text: str) -> None:
    """Writes a file; one that is there already and says something else is left alone."""
    try:
        if path.exists() and path.read_text(encoding="utf-8") != text:
            _fail(f"{path} is there already and differs: move it away, or choose another folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        _fail(f"can't write to {path}: {error}")


@app.command()
def build(
    slos: Annotated[Path, typer.Option(help="SLO file, or folder of SLO files.")],
    out: Annotated[Path, typer.Option(help="Folder to write to; made where there is none.")],
    target: Annotated[Target, typer.Option(help="What to write.")] = Target.ALL,
    url: Annotated[
        str, typer.Option(help="Where people reach the collector's pages, for links.")
    ] = "http://127.0.0.1:8400",
) -> None:
    """Write Prometheus rules and Grafana dashboards from SLO files."""
    with _collector_extra():
        from .alerts import write as write_rules
        from .dashboards import write as write_dashboards
        from .slo import SpecError, load_slos

    try:
        loaded = load_slos([slos])
    except SpecError as error:
        _fail(error)
    written: list[Path] = []
    try:
        if target in (Target.ALL, Target.PROMETHEUS):
            written += write_rules(out, loaded, url.rstrip("/"))
        if target in (Target.ALL, Target.GRAFANA):
            written += write_dashboards(out, loaded)
    except OSError as error:
        _fail(f"can't write to {out}: {error}")
    for path in written:
        typer.echo(f"wrote {path}")


def _some_rps(rps: float) -> float:
    if not 1 <= rps <= 1000:  # not a number is no number of customers either
        raise typer.BadParameter(f"between 1 and 1000, not {rps:g}")
    return rps


@app.command()
def demo(
    seed: Annotated[int, typer.Option(help="Seed of the load: the same seed sends the same requests.")] = 9,
    rps: Annotated[float, typer.Option(help="Requests a second at the gateway.", callback=_some_rps)] = 50.0,
    keep: Annotated[bool, typer.Option("--keep", help="Stay up afterwards, until Ctrl-C.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Eleven minutes: also see the gateway's page resolve.")] = False,
    out: Annotated[Path, typer.Option(help="Folder for summary.json, dashboards and rules.")] = Path("demo-out"),
) -> None:
    """Run the example bank through an outage: load, budget, page, recovery, and a summary that adds up."""
    with _collector_extra():
        from .examples.fintech_edge.demo import run

    raise typer.Exit(run(seed=seed, rps=rps, keep=keep, full=full, out=out))


@app.command(context_settings={"allow_interspersed_args": False})
def instrument(
    command: Annotated[list[str], typer.Argument(metavar="CMD...", help="The command and its own options.")],
    service: Annotated[str | None, typer.Option(help="The service's name, as OTEL_SERVICE_NAME.")] = None,
    version: Annotated[str | None, typer.Option(help="Its version: service.version.")] = None,
) -> None:
    """Run an unchanged service instrumented: fournines instrument --service payments -- uvicorn app:app

    The command takes this process's place. Exits 127 where it is not found, 126 where it can't be run.
    """
    from .instrumentation.config.unchanged import environment
    from .instrumentation.unchanged import CannotRun, launch

    try:
        ready = launch(command, environment(), service=service, version=version)
        for note in ready.notes:
            typer.echo(f"fournines: {note}", err=True)
        ready.run()
    except CannotRun as error:
        typer.echo(f"fournines: {error}", err=True)
        raise typer.Exit(error.code) from None


admin = typer.Typer(help="Look after a collector's data: fill its cache, copy it, check it.", no_args_is_help=True)
app.add_typer(admin, name="admin")

Data = Annotated[Path | None, typer.Option(help="Folder of the ledger; as `serve` finds it.")]
Config = Annotated[Path | None, typer.Option(help="Configuration file; ./fournines.yaml where there is one.")]


@admin.command()
def warmup(
    config: Config = None,
    data: Data = None,
    kernels: Annotated[Path | None, typer.Option(help="Folder to fill. (default: kernels, in the data folder)")] = None,
) -> None:
    """Compile the decoders now, so that the first start need not: for images and for read-only file systems."""
    with _collector_extra():
        from .collector import CollectorError
        from .collector.kernels import warm_up

        folder = _settings(config, data, kernels).kernels_folder
    try:
        warm_up(folder, typer.echo)
    except CollectorError as error:
        _fail(error)
    typer.echo(f"the decoders are in {folder}")


@admin.command()
def backup(
    target: Annotated[Path, typer.Argument(help="File to make; it must not be there yet.")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Copy the ledger, while the collector runs or not. The copy is whole, checked, and one file."""
    with _collector_extra():
        from .collector import LedgerError
        from .collector.ledger.backup import backup as copy

        folder = _settings(config, data).data
    try:
        size = copy(folder, target, _progress)
    except LedgerError as error:
        _fail(error)
    typer.echo(f"{target} holds the ledger, {size:,} bytes")


@admin.command()
def verify(
    path: Annotated[Path | None, typer.Argument(help="A ledger, a copy of one, or a data folder.")] = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Check a ledger: its pages, and that every count adds up. The exit code says whether it is sound."""
    with _collector_extra():
        from .collector import LedgerError
        from .collector.ledger.verify import verify as check_ledger

        ledger = path or _settings(config, data).data
    try:
        verdict = check_ledger(ledger, _progress)
    except LedgerError as error:
        _fail(error)
    typer.echo(str(verdict))
    if not verdict.sound:
        raise typer.Exit(EXIT_FAULT)


def _settings(config: Path | None, data: Path | None, kernels: Path | None = None) -> Settings:
    from .settings import Flags, SettingsError, load

    try:
        return load(config, Flags(data=data, kernels=kernels))
    except SettingsError as error:
        _fail(error)


def _progress(what: str, share: float) -> None:
    """Says how far a long work is, to people who watch."""
    if sys.stderr.isatty():
        typer.echo(f"\r{what}: {share:4.0%} ", nl=share >= 1, err=True)
