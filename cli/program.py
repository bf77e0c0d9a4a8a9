"""The program: its commands, and the words that are no command."""

from __future__ import annotations

from typing import Annotated

import typer

from .. import __version__
from .admin import backup, verify, warmup
from .alerts import alerts
from .answer import ack, note, unack
from .backtest import backtest
from .correct import correct
from .demo import demo
from .deployments import deployments
from .gate import gate
from .imported import import_slos
from .instrument import instrument
from .push import push
from .report import report
from .serve import serve
from .silence import silence, silences, unsilence
from .slo_files import build, check, fmt
from .status import status
from .top import top
from .traces import traces
from .try_receiver import try_receivers

app = typer.Typer(
    name="fournines",
    help="Counts what kept its promise, says what burns, and writes the dashboards and rules.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain lines, whatever the width, the log or the pipe
    context_settings={"help_option_names": ["-h", "--help"]},
)
_alerts = typer.Typer(rich_markup_mode=None)
_admin = typer.Typer(help="Look after a collector's data.", no_args_is_help=True, rich_markup_mode=None)


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


app.command()(serve)
app.command()(check)
app.command()(fmt)
app.command()(build)
app.command()(push)
app.command(name="import")(import_slos)
app.command(context_settings={"allow_interspersed_args": False})(instrument)
app.command()(demo)
app.command()(backtest)
app.command()(gate)
app.command()(deployments)
app.command()(report)
for _watching in (status, top, traces, ack, silence):
    app.command()(_watching)
app.add_typer(_alerts, name="alerts")
app.command()(correct)
app.add_typer(_admin, name="admin")
for _command in (warmup, backup, verify):
    _admin.command()(_command)
_alerts.callback(invoke_without_command=True)(alerts)
for _answer in (ack, unack, note, silence, unsilence, silences):
    _alerts.command()(_answer)
_alerts.command(name="test")(try_receivers)
