"""What `fournines build` can write: each target with its writer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from .failure import fail

if TYPE_CHECKING:
    from ..dashboards.grafana.surroundings import Surroundings
    from ..slo import SLO


class BuildTarget(StrEnum):
    """What `build` writes."""

    ALL = "all"
    PROMETHEUS = "prometheus"
    PROMTOOL = "promtool"
    ALERTMANAGER = "alertmanager"
    GRAFANA = "grafana"
    CLOUDWATCH = "cloudwatch"


class Dialect(StrEnum):
    """Whose rules are written for Prometheus."""

    FOURNINES = "fournines"
    SLOTH = "sloth"
    PYRRA = "pyrra"
    PYRRA_GENERIC = "pyrra-generic"


class GrafanaFiles(StrEnum):
    """In which form Grafana's files are written, beside the plain ones."""

    FILES = "files"
    KUBERNETES = "kubernetes"
    TERRAFORM = "terraform"


class Asked(NamedTuple):
    """What is to be built of: SLOs, the folder to write to, and where people reach the collector's pages.

    `to` are the webhooks that were named, by what goes there: `pages`, `tickets`, `heartbeats`. `datasource` is the uid of Grafana's
    Prometheus, where it is another than in the example. `traces` is who keeps the traces that Grafana links to, `cloudwatch` the region
    in which services live, if they do; `grafana_as` is the form of Grafana's files beside the plain ones.
    """

    slos: Sequence[SLO]
    out: Path
    url: str
    to: Mapping[str, str] = MappingProxyType({})
    datasource: str = ""
    dialect: Dialect = Dialect.FOURNINES
    traces: str = "own"
    cloudwatch: str = ""
    grafana_as: GrafanaFiles = GrafanaFiles.FILES


class Written(NamedTuple):
    """The files that were written, and what these can't say of an SLO: a sentence each."""

    files: Sequence[Path]
    notes: Sequence[str] = ()


Writer = Callable[[Asked], Written]


def write_targets(target: BuildTarget, asked: Asked) -> Iterator[Written]:
    """Writes one target, or one after the other all that a plain `build` writes; at the end, who pages without saying what to do."""
    from ..slo.annotations import without_runbook

    for each in WRITERS if target is BuildTarget.ALL else (target,):
        yield WRITERS[each](asked)
    yield Written((), [f"{fault.path} {fault.message}" for fault in without_runbook(asked.slos)])


def _prometheus(asked: Asked) -> Written:
    from ..alerts import write
    from ..alerts.rules import dialects
    from ..alerts.rules.prometheus import notes

    if asked.dialect is not Dialect.FOURNINES:
        files = dialects.write(asked.out, asked.slos, asked.dialect)
        left_over = dialects.left_over(asked.out, files, asked.dialect)
        return Written(files, [*dialects.notes(asked.slos, asked.dialect), *left_over])
    said = [f"{note}; the collector's own alerts judge what was promised" for note in notes(asked.slos)]
    return Written(write(asked.out, asked.slos, asked.url), said)


def _promtool(asked: Asked) -> Written:
    from ..alerts.rules.promtool import write

    if asked.dialect is not Dialect.FOURNINES:
        return Written((), ["tests are written of our own rules alone"])
    return Written(write(asked.out, asked.slos))


def _alertmanager(asked: Asked) -> Written:
    from ..alerts.rules.alertmanager_config import write
    from ..alerts.rules.receivers import PLACEHOLDERS

    routes = (
        "its routes are for page, ticket and a heartbeat: what has another severity is a ticket, and no heartbeat comes"
    )
    return Written(
        write(asked.out, asked.slos, PLACEHOLDERS._replace(**asked.to)), _of_ours("Alertmanager", asked, routes)
    )


def _of_ours(target: str, asked: Asked, what: str) -> list[str]:
    """What is wrong with a target that goes with our own rules, where Prometheus gets those of another tool."""
    return (
        []
        if asked.dialect is Dialect.FOURNINES
        else [f"{target} does not go with the rules of {asked.dialect}: {what}"]
    )


def _grafana(asked: Asked) -> Written:
    from ..alerts.rules import prometheus
    from ..alerts.rules.grafana import provision
    from ..alerts.rules.receivers import PLACEHOLDERS
    from ..dashboards import write
    from ..dashboards.grafana.alert_panels import alert_panels
    from ..dashboards.grafana.surroundings import Surroundings, parse_traces

    to, panels = PLACEHOLDERS._replace(**asked.to), alert_panels(asked.slos)
    around = Surroundings(asked.url, *parse_traces(asked.traces), asked.cloudwatch)
    try:
        rules = provision.write(
            asked.out, asked.slos, asked.url, to=to, datasource=asked.datasource or provision.DATASOURCE, panels=panels
        )
    except ValueError as error:
        fail(str(error))
    unknown = [f"{note}; the collector's own alerts judge what was promised" for note in prometheus.notes(asked.slos)]
    asks = "its rules ask for what ours record, so load these as well, or it pages that SLOs are not recorded"
    files = [*write(asked.out, asked.slos, around), *rules]
    more = _in_other_form(asked, around, files)
    return Written([*files, *more], [*unknown, *_of_ours("Grafana", asked, asks)])


def _in_other_form(asked: Asked, around: Surroundings, files: Sequence[Path]) -> Sequence[Path]:
    """The same, as other tools bring it to Grafana."""
    from ..alerts.rules.grafana import provision
    from ..dashboards import build_dashboards
    from ..dashboards.grafana.alert_panels import alert_panels
    from ..dashboards.grafana.forms import write_config_maps, write_terraform

    if asked.grafana_as is GrafanaFiles.KUBERNETES:
        return write_config_maps(asked.out, files)
    if asked.grafana_as is not GrafanaFiles.TERRAFORM:
        return ()
    datasource = asked.datasource or provision.DATASOURCE
    groups = provision.build_groups(asked.slos, asked.url, datasource, alert_panels(asked.slos))
    return write_terraform(asked.out, build_dashboards(asked.slos, around), groups)


def _cloudwatch(asked: Asked) -> Written:
    from ..alerts.rules.cloudwatch.stack import notes
    from ..alerts.rules.cloudwatch.write import write

    return Written(write(asked.out, asked.slos, asked.url), list(notes(asked.slos)))


WRITERS: Final[Mapping[BuildTarget, Writer]] = {
    BuildTarget.PROMETHEUS: _prometheus,
    BuildTarget.PROMTOOL: _promtool,
    BuildTarget.ALERTMANAGER: _alertmanager,
    BuildTarget.GRAFANA: _grafana,
    BuildTarget.CLOUDWATCH: _cloudwatch,
}
"""Every target but `all`, in the order in which that writes them. Each imports what it needs: no command pays for another's."""
