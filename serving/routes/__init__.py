"""The routes of port 8400, a subject a file: each asks its sources when it is asked, and holds nothing itself."""

from .alerts import AlertRoutes
from .answering import AnsweringRoutes
from .audit import AuditRoutes
from .corrections import CorrectionRoutes
from .csrf import FormGuard
from .declarations import DeclarationRoutes
from .deployments import DeploymentRoutes
from .evidence_pages import EvidencePages
from .gate import GateRoutes
from .health import HealthRoutes
from .live import LiveRoutes
from .metrics import MetricsRoute
from .on_call import OnCallRoutes
from .pages import PageRoutes
from .report import ReportRoutes
from .silences import SilenceRoutes
from .slos import SloRoutes
from .source import FakeSources
from .traces import TraceRoutes
from .verdicts import VerdictRoutes

__all__ = [
    "AlertRoutes",
    "AnsweringRoutes",
    "AuditRoutes",
    "CorrectionRoutes",
    "DeclarationRoutes",
    "DeploymentRoutes",
    "EvidencePages",
    "FakeSources",
    "FormGuard",
    "GateRoutes",
    "HealthRoutes",
    "LiveRoutes",
    "MetricsRoute",
    "OnCallRoutes",
    "PageRoutes",
    "ReportRoutes",
    "SilenceRoutes",
    "SloRoutes",
    "TraceRoutes",
    "VerdictRoutes",
]
