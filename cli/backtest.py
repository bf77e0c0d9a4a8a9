"""`fournines backtest`: what alert policies would have said."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .extra import collector_extra
from .failure import fail
from .options import Data

if TYPE_CHECKING:
    from ..alerts.backtest.backtest import Result
    from ..alerts.backtest.history import Span
    from ..alerts.backtest.incident import Incidents
    from ..alerts.backtest.policy import Policy
    from ..slo import SLO
    from .backtest_source import Opened

_Slos = Annotated[Path | None, typer.Option(help="SLO file, or folder of SLO files.")]
_Policies = Annotated[
    list[str] | None,
    typer.Option(
        help="fournines, workbook, sloth, pyrra, google-single, google-1 to google-5, file (the SLO's own rules), all, or rules such as "
        "'page 2% 1h 5m; ticket 10% 3d 6h'; repeatable. (default: all)"
    ),
]
_From = Annotated[
    str, typer.Option("--from", help="2027-01-15, 2027-01-15T08:00:00Z, epoch seconds, or back from now: -7d.")
]
_To = Annotated[str, typer.Option("--to", help="The same; `now` is the end of what is known.")]
_Step = Annotated[int | None, typer.Option(help="Seconds between two looks. (default: as fine as counts are kept)")]
_Url = Annotated[str | None, typer.Option(help="A running collector, instead of a ledger.", metavar="URL")]
_Engine = Annotated[
    str | None, typer.Option(help="A Prometheus that scrapes a collector, instead of a ledger.", metavar="URL")
]
_Counts = Annotated[
    Path | None, typer.Option(help="CSV or Parquet file of time, slo, good and total, instead of a ledger.")
]
_Incidents = Annotated[Path | None, typer.Option(help="CSV file of slo, start and end. (default: found in the counts)")]
_Share = Annotated[float, typer.Option(help="Per cent of the budget that make an incident.", min=0, max=100)]
_List = Annotated[bool, typer.Option("--list", help="Say every alert and every incident too.")]
_Json = Annotated[bool, typer.Option("--json", help="Everything as JSON.")]
_Svg = Annotated[Path | None, typer.Option(help="Draw it into this file.")]
_Simulate = Annotated[
    bool, typer.Option("--simulate", help="Take counts and incidents from a random model instead of a ledger.")
]
_Rates = Annotated[list[float] | None, typer.Option("--rate", help="Requests a second of the model; repeatable.")]
_Objectives = Annotated[list[str] | None, typer.Option("--objective", help="Objective of the model; repeatable.")]
_Services = Annotated[int, typer.Option(help="Services of the model, of each rate and objective.", min=1)]
_Days = Annotated[int, typer.Option(help="Days the model runs.", min=1)]
_Seed = Annotated[int, typer.Option(help="Seed of the model: the same seed gives the same counts.", min=0)]


def backtest(
    slos: _Slos = None,
    policy: _Policies = None,
    start: _From = "-35d",
    end: _To = "now",
    step: _Step = None,
    data: Data = None,
    url: _Url = None,
    prometheus: _Engine = None,
    counts: _Counts = None,
    incidents: _Incidents = None,
    incident_share: _Share = 2,
    listed: _List = False,
    as_json: _Json = False,
    svg: _Svg = None,
    simulate: _Simulate = False,
    rate: _Rates = None,
    objective: _Objectives = None,
    services: _Services = 5,
    days: _Days = 35,
    seed: _Seed = 9,
) -> None:
    """Say what alert policies are worth. When they would have paged, and what missed: from counts, or a random model."""
    with _sentences():
        policies = _policies(policy or ["all"])
        if simulate:
            _alone(slos=slos, data=data, url=url, prometheus=prometheus, counts=counts, incidents=incidents, svg=svg)
            _simulate(policies, rate, objective, services=services, days=days, seed=seed, as_json=as_json)
            return
        from ..alerts.backtest.backtest import Backtest

        promised, known = _loaded(slos), _known(incidents, incident_share)
        with _opened(data, url, prometheus, counts) as opened:
            span = _span(opened, start, end, step)
            result = Backtest(opened.source, span, known, _progress).run(promised, policies)
    if svg is not None:
        _draw(result, svg)
    _say(result, listed=listed, as_json=as_json)


@contextmanager
def _sentences() -> Generator[None]:
    """What goes wrong ends the command in a sentence."""
    with collector_extra():
        import httpx

        from ..alerts import AlertsError
        from ..client import ClientError
        from ..collector import CollectorError
        from ..collector.errors import EngineError
        from ..slo import SLOError
    try:
        yield
    except EngineError as error:
        fail(f"counts can't be asked for: {error}")
    except (AlertsError, CollectorError, SLOError) as error:
        fail(error)
    except (httpx.HTTPError, httpx.InvalidURL, ClientError) as error:
        fail(f"counts can't be asked for: {str(error).partition(chr(10))[0]}")


def _alone(**others: object) -> None:
    """A model has counts, incidents and a time of its own: what is said of others would do nothing."""
    if said := [f"--{name}" for name, value in others.items() if value is not None]:
        raise typer.BadParameter(f"a model has no use for {', '.join(said)}", param_hint="--simulate")


def _simulate(
    policies: Sequence[Policy],
    rates: Sequence[float] | None,
    objectives: Sequence[str] | None,
    *,
    services: int,
    days: int,
    seed: int,
    as_json: bool,
) -> None:
    from ..alerts.backtest.simulation import MOST_RATE, OBJECTIVES, RATES, simulate, simulation_table
    from ..slo import Objective

    if unfit := [rate for rate in rates or () if not 0 < rate <= MOST_RATE]:
        raise typer.BadParameter(
            f"{unfit[0]:g} requests a second can't be; above 0, up to {MOST_RATE:,}", param_hint="--rate"
        )
    promised = [Objective.parse(text) for text in objectives or OBJECTIVES]
    scores = simulate(rates or RATES, promised, policies, services=services, days=days, seed=seed)
    if as_json:
        typer.echo(json.dumps([each.as_json() for each in scores]))
        return
    typer.echo("\n".join(simulation_table(scores)))


def _opened(
    data: Path | None, url: str | None, prometheus: str | None, counts: Path | None
) -> AbstractContextManager[Opened]:
    from ..instrumentation.clock import wall
    from ..settings import Flags, load
    from .backtest_source import opened_collector, opened_engine, opened_file, opened_ledger

    if sum(each is not None for each in (data, url, prometheus, counts)) > 1:
        raise typer.BadParameter("say one of --data, --url, --prometheus and --counts")
    if counts is not None:
        return opened_file(counts)
    if url is not None:
        return opened_collector(url, wall())
    if prometheus is not None:
        return opened_engine(prometheus, wall())
    return opened_ledger(load(None, Flags(data=data)).data)


def _span(opened: Opened, start: str, end: str, step: int | None) -> Span:
    """The time to replay, in steps as fine as its counts are kept."""
    from ..alerts.backtest.history import Span
    from ..alerts.backtest.moment import parse_moment
    from ..slo import Interval, tier_at

    if step is not None and opened.step is not None and step % opened.step:
        raise typer.BadParameter(f"the counts are in steps of {opened.step} s", param_hint="--step")
    asked = Interval(*(parse_moment(text, opened.end) for text in (start, end)))
    known_from = asked.start if opened.start is None else opened.start
    interval = Interval(max(asked.start, known_from), min(asked.end, int(opened.end)))
    return Span.of(interval, step or opened.step or tier_at(opened.end - interval.start).width)


def _loaded(slos: Path | None) -> Sequence[SLO]:
    from ..slo import load_slos

    if slos is None:
        raise typer.BadParameter("say which SLOs are meant, or --simulate", param_hint="--slos")
    return load_slos([slos])


def _policies(words: Sequence[str]) -> Sequence[Policy]:
    from ..alerts.backtest.policies import policies_named

    return policies_named(words)


def _known(incidents: Path | None, share: float) -> Incidents:
    from ..alerts.backtest.incident import found, read_incidents

    return read_incidents(incidents) if incidents else partial(found, share=Fraction(str(share)) / 100)


def _progress(share: float) -> None:
    """Says how far it is, to people who watch."""
    if sys.stderr.isatty():
        typer.echo(f"\rreplayed: {share:4.0%} ", nl=share >= 1, err=True)


def _draw(result: Result, path: Path) -> None:
    from ..alerts.backtest.svg import as_svg

    try:
        path.write_text(as_svg(result), encoding="utf-8")
    except OSError as error:
        fail(f"can't write {path}: {error}")


def _say(result: Result, *, listed: bool, as_json: bool) -> None:
    from ..alerts.backtest import report

    if as_json:
        typer.echo(json.dumps(report.as_json(result)))
        return
    lines = [*report.comparison(result), *report.remarks(result), *(report.listing(result) if listed else ())]
    typer.echo("\n".join([report.heading(result), *lines]))
