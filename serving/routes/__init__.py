"""The routes of port 8400, a subject a file: each asks its sources when it is asked, and holds nothing itself."""

from .alerts import Alerts
from .declarations import Declarations
from .health import Health
from .metrics import Metrics
from .pages import Pages
from .slos import Slos
from .source import FakeSources
from .traces import Traces

__all__ = ["Alerts", "Declarations", "FakeSources", "Health", "Metrics", "Pages", "Slos", "Traces"]
