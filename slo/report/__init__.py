"""The report: what a week, a month, a quarter or a year was like, in exact counts, and null where there is nothing to say.

    Period.interval(zone) -> Counting.tally(slo, interval) -> Outcome, Trend -> SloReport --.
                                             incidents, releases, costs -> Sums -----------+-> ServiceReport -> Report

A total is the sum of its parts' counts, and no mean of ratios. Nothing is asked here of anybody but an `EventSource`.
"""

from .alerting import AlertTally, Incident, tally_alerts
from .costs import CostLine, Costs, read_costs
from .counting import Counting, PastObjective, Tally
from .document import SCHEMA, InvalidReport, read_report, report_as_json
from .outcome import Outcome
from .period import Period
from .releasing import ReleaseLine, ReleaseTally, tally_releases
from .report import Report, ServiceReport
from .scorecard import Figure, Scorecard, Sums
from .slo_report import Cause, Month, SloReport, TakenOut

__all__ = [
    "SCHEMA",
    "AlertTally",
    "Cause",
    "CostLine",
    "Costs",
    "Counting",
    "Figure",
    "Incident",
    "InvalidReport",
    "Month",
    "Outcome",
    "PastObjective",
    "Period",
    "ReleaseLine",
    "ReleaseTally",
    "Report",
    "Scorecard",
    "ServiceReport",
    "SloReport",
    "Sums",
    "TakenOut",
    "Tally",
    "read_costs",
    "read_report",
    "report_as_json",
    "tally_alerts",
    "tally_releases",
]
