"""Stable identities of dashboards: the same SLO has the same uid and file for ever, whatever stands beside it."""

from __future__ import annotations

from typing import Final

from ...alerts.rules import slug as slugs

SERVICE_PREFIX: Final = "service-"
_PREFIX: Final = "slo-"
_LONGEST_UID: Final = 40
"""Grafana's own limit."""
_LONGEST: Final = _LONGEST_UID - len(_PREFIX)


def is_plain(name: str) -> bool:
    """Whether an SLO's name is its slug: lower-case letters, digits, `-` and `_`, short enough for a uid."""
    return slugs.is_plain(name, _LONGEST)


def slug(name: str) -> str:
    """The name itself when it is plain; otherwise what can be kept of it and a digest, so that no two names share one."""
    return slugs.slug(name, _LONGEST)


def uid(name: str) -> str:
    """The uid of an SLO's dashboard; of the empty name: the part all of them share."""
    return _PREFIX + (slug(name) if name else "")


def service_slug(name: str) -> str:
    """Of a service's name what can be kept of it, short enough for its dashboard's uid."""
    return slugs.slug(name, _LONGEST_UID - len(SERVICE_PREFIX))


def service_uid(name: str) -> str:
    """The uid of a service's dashboard."""
    return SERVICE_PREFIX + service_slug(name)
