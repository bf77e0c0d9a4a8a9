"""Every panel the dashboards draw, in words."""

from __future__ import annotations

from typing import Final, NamedTuple


class PanelText(NamedTuple):
    """What a panel is called, the unit of its values as Grafana names it (empty for text), and what its numbers mean."""

    title: str
    unit: str
    description: str


SLOS_PAGING: Final = PanelText("SLOs with a page", "none", "How many SLOs have a page firing now.")
SLOS_EXHAUSTED: Final = PanelText(
    "SLOs over budget", "none", "How many SLOs have no error budget left over their own window."
)
SLOS_WATCHED: Final = PanelText("SLOs watched", "none", "How many SLOs the collector evaluates.")
TRAFFIC_ALL: Final = PanelText(
    "Events", "reqps", "Events of all SLOs a second; a request that feeds two SLOs counts twice."
)
ALL_SLOS: Final = PanelText(
    "All SLOs, worst first",
    "none",
    "One line an SLO: firing alerts first, then the least error budget left. Budget left below 0 % is over-spent. "
    "Burn 1 spends exactly the whole budget in its window.",
)
WORST_BY_SERVICE: Final = PanelText(
    "Worst budget left, per service", "percentunit", "Of each service the SLO with the least error budget left."
)
FASTEST_BURN: Final = PanelText(
    "Fastest burning", "suffix:x", "The ten SLOs that burn fastest over the long window of their quickest page rule."
)
FAILURES_BY_SLO: Final = PanelText(
    "Failed events", "reqps", "Events a second that broke their promise, the ten SLOs with most."
)
PAGES_OVER_TIME: Final = PanelText("Alerts", "none", "2 while an SLO's page fires, 1 while only its ticket does.")

BUDGET_REMAINING: Final = PanelText(
    "Error budget left",
    "percentunit",
    "1 - bad events / (total events x (1 - objective)), over the SLO's window. Below 0 % it is over-spent.",
)
BURN_NOW: Final = PanelText(
    "Burn rate",
    "suffix:x",
    "How many times faster than allowed the budget goes; 1x empties it exactly at the window's end.",
)
EXHAUSTED_IN: Final = PanelText(
    "Empty in",
    "s",
    "Budget left x window / burn of the shortest window: when the budget is spent if failures go on as now.",
)
FIRING: Final = PanelText("Alerts firing", "none", "Pages and tickets of this SLO that fire now.")
BURN_WINDOWS: Final = PanelText(
    "Burn rate per window, with the rules' limits",
    "suffix:x",
    "Each line is one window. A rule holds while its long and its short window are both above its limit (the dashed lines).",
)
FAILURES_AND_TRAFFIC: Final = PanelText(
    "Failed events and traffic", "reqps", "Failed events a second (left axis) beside all events a second (right axis)."
)
BAD_PER_MILLION: Final = PanelText(
    "Failed events per million",
    "none",
    "Failures per million events over five minutes, beside what the objective allows: at 99.99 % a plain ratio looks flat.",
)
BURN_DOWN: Final = PanelText(
    "Budget burn-down",
    "percentunit",
    "The error budget left over the SLO's window, as the collector computed it at each moment.",
)
ALERT_HISTORY: Final = PanelText("Alert history", "none", "When this SLO's page and ticket fired.")
WHAT_TO_DO: Final = PanelText(
    "What this is and what to do", "", "The promise in a sentence, its owner and its runbook."
)

REQUEST_RATE: Final = PanelText("Requests", "reqps", "Requests a second, over five minutes.")
FAILED_SHARE: Final = PanelText(
    "Failed requests",
    "percentunit",
    "Share of requests answered 5xx, or that ended in an error, over five minutes. What counts for an SLO may be less.",
)
SLOWEST_NOW: Final = PanelText(
    "Slowest 1 %", "s", "99th percentile of durations over five minutes, as far as the histogram's boundaries tell."
)
IN_FLIGHT: Final = PanelText("Requests in flight", "none", "Requests begun and not yet answered, of all instances.")
PROMISES: Final = PanelText(
    "Promises of this service", "none", "One line an SLO of the service: what fires, what is left, how fast it goes."
)
BY_ROUTE: Final = PanelText("Requests by route", "reqps", "Requests a second, the ten routes with most.")
BY_STATUS: Final = PanelText("Requests by status", "reqps", "Requests a second by the status of their answers.")
FAILED_BY_ROUTE: Final = PanelText(
    "Failures by route and error", "reqps", "Requests a second that failed, the ten with most: route, status and error."
)
DURATIONS: Final = PanelText(
    "Durations",
    "s",
    "Half, 95 % and 99 % of requests are answered within. Dots are single requests; each leads to its trace.",
)
SLOWEST_ROUTES: Final = PanelText("Slowest routes", "s", "99th percentile of durations, the ten slowest routes.")
CPU_USED: Final = PanelText("Processors used", "none", "Processors that each instance keeps busy; 1 is a whole one.")
MEMORY_USED: Final = PanelText("Memory", "bytes", "Resident memory of each instance.")
FILES_USED: Final = PanelText(
    "Open files",
    "percentunit",
    "Share of the files and sockets that each instance may open; at 100 % it refuses callers.",
)
VERSIONS: Final = PanelText("Instances by version", "none", "How many instances of each version are scraped.")
FAILED_BY_VERSION: Final = PanelText(
    "Failures by version",
    "percentunit",
    "Share of each version's requests that failed: whether the new one is to blame.",
)
DEPENDENCIES: Final = PanelText(
    "What it depends on",
    "suffix:x",
    "Burn rates of the SLOs that this service's SLOs say they depend on, over the long window of their quickest page rule.",
)
WHERE_TO_LOOK: Final = PanelText(
    "Where to look", "", "Kept traces, the on-call page, runbooks, and what the service depends on."
)
CLOUDWATCH_REQUESTS: Final = PanelText(
    "Requests in CloudWatch",
    "none",
    "Requests and failures a minute, as CloudWatch counts the service's embedded metrics.",
)
CLOUDWATCH_DURATION: Final = PanelText(
    "Durations in CloudWatch", "s", "99th percentile and mean of durations, as CloudWatch keeps them."
)
XRAY_TRACES: Final = PanelText(
    "Failed and throttled requests in X-Ray",
    "none",
    "Traces of the service that X-Ray keeps, those that ended in a fault or an error.",
)

INCIDENT_ALERTS: Final = PanelText(
    "When alerts fired", "none", "PAGE while an SLO's page fires, TICKET while only its ticket does."
)
INCIDENT_BURN: Final = PanelText(
    "How fast it burns",
    "suffix:x",
    "Burn rate over the long window of each SLO's quickest page rule; above 1x the budget shrinks.",
)
INCIDENT_FAILURES: Final = PanelText("What fails", "reqps", "Events a second that broke their promise, by SLO.")
INCIDENT_TRAFFIC: Final = PanelText("Who calls", "reqps", "Events a second by SLO: a fall is an incident too.")
INCIDENT_BUDGET: Final = PanelText(
    "What it costs", "percentunit", "Error budget left, by SLO. Below 0 % it is over-spent."
)
INCIDENT_DEPLOYMENTS: Final = PanelText(
    "What went out",
    "dateTimeFromNow",
    "When each service's newest version began to go out; each is a mark on the time axis too.",
)

KEPT_PROMISES: Final = PanelText("Promises kept", "none", "SLOs with error budget left over their own windows.")
BROKEN_PROMISES: Final = PanelText(
    "Promises broken", "none", "SLOs whose error budget is spent over their own windows."
)
EVENTS_COUNTED: Final = PanelText(
    "Events in this time", "none", "Events of all SLOs in the dashboard's time; a request that feeds two counts twice."
)
EVENTS_FAILED: Final = PanelText(
    "Failed in this time", "none", "Events of all SLOs in the dashboard's time that broke their promise."
)
BUDGET_TABLE: Final = PanelText(
    "Every budget",
    "none",
    "One line an SLO, least budget left first. Result and budget are over the SLO's own window, as the collector computed them; "
    "events and failures are those of the dashboard's time.",
)
BUDGETS_OVER_TIME: Final = PanelText(
    "Budgets over time", "percentunit", "Error budget left of each SLO, over its own window."
)
FAILED_BY_DAY: Final = PanelText(
    "Failures a day", "none", "Events that broke their promise in the day before each point, the ten SLOs with most."
)
RELEASES_BY_SERVICE: Final = PanelText(
    "Releases by service", "none", "Deployments of the last 30 days that were done and not taken back."
)

ITEMS_TAKEN: Final = PanelText("Taken in", "cps", "Spans, points and log records taken a second, by signal.")
ITEMS_REFUSED: Final = PanelText(
    "Refused", "cps", "Spans, points and log records refused for good a second, by reason; none is good."
)
REQUESTS_BY_RESULT: Final = PanelText(
    "Requests by result", "reqps", "What became of senders' requests: `repeated` ones were counted already."
)
DOOR_REFUSALS: Final = PanelText(
    "Refused at the door", "reqps", "Requests refused before they were read, by door and reason."
)
LEDGER_WRITABLE: Final = PanelText(
    "Ledger", "none", "Whether the ledger can be written. While it can't, nothing is acknowledged."
)
SLO_FILES: Final = PanelText(
    "SLO files", "none", "Whether the SLO files hold no fault; while one does, those before it are in force."
)
FAULTS: Final = PanelText(
    "Faults of its own", "none", "Faults of the collector's own in the last hour. Any is worth a look at its log."
)
AGES: Final = PanelText(
    "How old its figures are",
    "s",
    "Since the last evaluation, and since the writer last answered. Above 30 s pages say so.",
)
COMMITS: Final = PanelText("Commits", "s", "Half and 99 % of commits take no longer. Senders wait for them.")
EVALUATIONS: Final = PanelText("Evaluations", "s", "Half and 99 % of evaluations of all SLOs take no longer.")
QUEUED: Final = PanelText("Waiting to be committed", "none", "Requests taken in and not yet committed.")
QUEUED_BYTES: Final = PanelText("Bytes that wait", "bytes", "Bytes of requests taken in and not yet committed.")
UNSENT: Final = PanelText(
    "Oldest message that waits", "s", "How long the oldest notification that is not sent yet has waited, by receiver."
)
MESSAGES: Final = PanelText("Messages", "none", "Notifications kept, by receiver and where they stand.")
LEDGER_SIZE: Final = PanelText("Size of the ledger", "bytes", "Bytes of the ledger on disk.")
SKEWS: Final = PanelText(
    "Clocks of senders", "s", "How far each sender's clock is off, the ten farthest; beyond 30 s the collector warns."
)
REMEMBERED: Final = PanelText("What it remembers", "none", "Services, senders and attribute sets it remembers.")
OVERFLOWS: Final = PanelText(
    "No room for", "cps", "Look-ups of attribute sets that found no room, by service; their events count all the same."
)
FORWARDING: Final = PanelText("Behind in forwarding", "s", "Age of the oldest request that waits for each destination.")

CONCURRENT_USERS: Final = PanelText(
    "Concurrent users",
    "none",
    "Requests in flight in all services, the mean of the last 5 minutes: who waits for an answer. "
    "Users who read between two requests are not seen; multiply by (think time + response time) / response time for them.",
)
RESPONSE_TIME: Final = PanelText(
    "Mean response time", "s", "Mean duration of the requests of all services over the last 5 minutes."
)
UPTIME: Final = PanelText(
    "Uptime", "percentunit", "The lowest share of good events of any SLO, over its own window, corrections taken out."
)
DEPLOYMENT_LENGTH: Final = PanelText(
    "Deployment time", "s", "Mean time from start to done of the last 30 days' releases, of those whose start was said."
)
MONTHLY_COST: Final = PanelText(
    "Monthly cost",
    "currencyUSD",
    "What AWS estimates for this month so far, in the account's own currency (US dollars).",
)
HOW_TO_SAY_COST: Final = PanelText(
    "Monthly cost, unknown here", "", "No metric says what running all this costs; how to have it here."
)
RELEASE_FREQUENCY: Final = PanelText(
    "Releases in 30 days", "none", "Deployments of all services in the last 30 days that were done and not taken back."
)
RESPONSE_LENGTH: Final = PanelText(
    "Incident response time",
    "s",
    "Mean time from the beginning of a page to the first who took it on, over the last 30 days.",
)
RESOLUTION_LENGTH: Final = PanelText(
    "Incidents, from begin to end", "s", "Mean length of the last 30 days' incidents, by severity."
)
INCIDENTS_COUNTED: Final = PanelText(
    "Incidents in 30 days", "none", "Incidents somebody was told of that ended in the last 30 days, by severity."
)
USERS_OVER_TIME: Final = PanelText("Concurrent users over time", "none", "Requests in flight, by service.")
RESPONSE_OVER_TIME: Final = PanelText("Mean response time over time", "s", "Mean duration of requests, by service.")
UPTIME_OVER_TIME: Final = PanelText(
    "Uptime over time", "percentunit", "Share of good events of each SLO, over its own window."
)
