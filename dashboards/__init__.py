"""What people look at: Grafana dashboards built from the SLO files, and the on-call page.

    SLOs -> build_dashboards -> Grafana (grafanalib to author, `modernise` to the current schema, `lint` to judge)
    Evaluation, alerts, history -> render_overview, render_slo -> HTML

Nothing here computes a figure the domain did not, nor rounds one in a way of its own: `slo.figures` does.
"""

from .asked import Asked
from .brief import Beside, failing_interval
from .grafana.lint import LintFinding, lint, lint_links
from .grafana.provision import build_dashboards, write
from .grafana.queries import queries
from .history import History
from .on_call_page import OnCall, on_call_path, render_on_call
from .overview_page import Overview, leading, render_overview
from .page import CONTENT_SECURITY_POLICY, STATIC, render_missing
from .shown import Shown
from .slo_page import SHOWN, Detail, render_slo
from .spending import Spending, Spent

__all__ = [
    "CONTENT_SECURITY_POLICY",
    "SHOWN",
    "STATIC",
    "Asked",
    "Beside",
    "Detail",
    "History",
    "LintFinding",
    "OnCall",
    "Overview",
    "Shown",
    "Spending",
    "Spent",
    "build_dashboards",
    "failing_interval",
    "leading",
    "lint",
    "lint_links",
    "on_call_path",
    "queries",
    "render_missing",
    "render_on_call",
    "render_overview",
    "render_slo",
    "write",
]
