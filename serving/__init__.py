"""What a running collector answers and does: the parts that `service` puts together.

    Settings -> plan_of -> the data plane
    commits, time -> Evaluations -> alerts, Summaries, Exposition, Notices -> routes -> the HTTP application
    SLO files that changed -> SloReload -> the collector

Nothing here reads a clock or the environment: both are handed in.
"""

from .audit_log import AuditLog, keep_line
from .chances import Chances
from .contexts import Contexts
from .correcting import Correcting
from .counts import Counts, engine_of
from .evaluations import Evaluations
from .exposition import Exposition
from .gating import Gating
from .jobs import cancelled, first_ended
from .looking_back import LookingBack
from .notices import Notices
from .notifiers import notifiers_of
from .plan import plan_of
from .pulse import Pulse
from .releasing import Releasing
from .reload import SloReload
from .silencing import Silencing, silencer_of
from .subjects import Parts, subjects_of
from .summaries import Summaries
from .surroundings import Surroundings
from .surveying import Survey
from .urls import otlp_url, page_url
from .vitals import Vitals
from .wakeup import Wakeup
from .watching import beside_burn, watch_of

__all__ = [
    "AuditLog",
    "Chances",
    "Contexts",
    "Correcting",
    "Counts",
    "Evaluations",
    "Exposition",
    "Gating",
    "LookingBack",
    "Notices",
    "Parts",
    "Pulse",
    "Releasing",
    "Silencing",
    "SloReload",
    "Summaries",
    "Surroundings",
    "Survey",
    "Vitals",
    "Wakeup",
    "beside_burn",
    "cancelled",
    "engine_of",
    "first_ended",
    "keep_line",
    "notifiers_of",
    "otlp_url",
    "page_url",
    "plan_of",
    "silencer_of",
    "subjects_of",
    "watch_of",
]
