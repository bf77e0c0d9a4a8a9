"""Stable identities of dashboards: the same SLO has the same uid and file for ever, whatever stands beside it."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

_PREFIX: Final = "slo-"
_LONGEST_UID: Final = 40
"""Grafana's own limit."""
_DIGEST: Final = 8
_PLAIN: Final = re.compile(rf"[a-z0-9][a-z0-9_-]{{0,{_LONGEST_UID - len(_PREFIX) - 1}}}")
_FOREIGN: Final = re.compile(r"[^a-z0-9_-]+")


def is_plain(name: str) -> bool:
    """Whether an SLO's name is its slug: lower-case letters, digits, `-` and `_`, short enough for a uid."""
    return _PLAIN.fullmatch(name) is not None


def slug(name: str) -> str:
    """The name itself when it is plain; otherwise what can be kept of it and a digest, so that no two names share one."""
    if is_plain(name):
        return name
    kept = _FOREIGN.sub("-", name.lower())[: _LONGEST_UID - len(_PREFIX) - _DIGEST - 1].strip("-")
    return f"{kept}-{sha256(name.encode()).hexdigest()[:_DIGEST]}".strip("-")


def uid(name: str) -> str:
    """The uid of an SLO's dashboard; of the empty name: the part all of them share."""
    return _PREFIX + (slug(name) if name else "")
