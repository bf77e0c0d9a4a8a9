"""The PromQL expressions about one service, of what it shows at its own `/metrics`.

Which scrapes are of the service is what two variables of the dashboard know, `$job` and `$instance`, from `target_info`. A join would
say the same, but for exemplars: Prometheus looks those up by the selectors of a query alone, and would show those of every service.
"""

from __future__ import annotations

from typing import Final

from ...alerts.rules.promql import string
from . import metrics
from .expressions import RATE_INTERVAL

OF_SCRAPES: Final = 'job=~"$job", instance=~"$instance"'
OF_REQUESTS: Final = f'{OF_SCRAPES}, {metrics.ROUTE}=~"$route"'
FAILED: Final = f'{metrics.ERROR}!=""'
NOW: Final = "5m"
"""The interval of figures that are of now."""


def is_target(service: str) -> str:
    """The selector of a service's scrapes: one series each, with its version."""
    return f"{metrics.TARGET}{{{metrics.SERVICE_NAME}={string(service)}}}"


def requests(by: str = "", interval: str = RATE_INTERVAL, matchers: str = OF_REQUESTS) -> str:
    """Requests a second."""
    return f"sum{_by(by)} (rate({metrics.DURATION_COUNT}{{{matchers}}}[{interval}]))"


def failed(by: str = "", interval: str = RATE_INTERVAL) -> str:
    """Requests a second that failed."""
    return requests(by, interval, f"{OF_REQUESTS}, {FAILED}")


def failed_share(interval: str = RATE_INTERVAL) -> str:
    """Share of requests that failed; 0 where there are requests and none did, nothing where there are none."""
    total = requests(interval=interval)
    return f"({failed(interval=interval)} or 0 * {total}) / ({total} > 0)"


def failed_share_by_version(service: str) -> str:
    """The same for each version of a service."""
    version = f"max by (job, instance, {metrics.SERVICE_VERSION}) ({is_target(service)})"
    joined = f"* on (job, instance) group_left ({metrics.SERVICE_VERSION}) {version}"

    def rate(more: str = "") -> str:
        counted = f"rate({metrics.DURATION_COUNT}{{{OF_REQUESTS}{more}}}[{RATE_INTERVAL}])"
        return f"sum by ({metrics.SERVICE_VERSION}) ({counted} {joined})"

    return f"({rate(f', {FAILED}')} or 0 * {rate()}) / ({rate()} > 0)"


def quantile(share: str, by: str = "", interval: str = RATE_INTERVAL) -> str:
    """Seconds within which `share` of requests are answered, as far as the histogram's boundaries tell."""
    labels = f"le, {by}" if by else "le"
    buckets = f"sum by ({labels}) (rate({metrics.DURATION_BUCKET}{{{OF_REQUESTS}}}[{interval}]))"
    return f"histogram_quantile({share}, {buckets})"


def in_flight(by: str = "") -> str:
    """Requests begun and not yet answered."""
    return f"sum{_by(by)} ({metrics.ACTIVE}{{{OF_SCRAPES}}})"


def processors() -> str:
    """Processors that each instance keeps busy."""
    return f"sum by (instance) (rate({metrics.CPU}{{{OF_SCRAPES}}}[{RATE_INTERVAL}]))"


def memory() -> str:
    """Bytes of each instance."""
    return f"max by (instance) ({metrics.MEMORY}{{{OF_SCRAPES}}})"


def files_used() -> str:
    """Share of the files that each instance may open."""
    return f"max by (instance) ({metrics.FILES}{{{OF_SCRAPES}}} / {metrics.MOST_FILES}{{{OF_SCRAPES}}})"


def versions(service: str) -> str:
    """Instances of each version."""
    return f"count by ({metrics.SERVICE_VERSION}) ({is_target(service)})"


def _by(labels: str) -> str:
    return f" by ({labels})" if labels else ""
