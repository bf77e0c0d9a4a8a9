"""Names that systems with rules of their own take: the same SLO has the same one for ever, whatever stands beside it."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

_DIGEST: Final = 8
_PLAIN: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")
_FOREIGN: Final = re.compile(r"[^a-z0-9_-]+")


def is_plain(name: str, longest: int) -> bool:
    """Whether a name is its slug: lower-case letters, digits, `-` and `_`, of no more than `longest` characters."""
    return len(name) <= longest and _PLAIN.fullmatch(name) is not None


def slug(name: str, longest: int) -> str:
    """The name itself when it is plain; otherwise what can be kept of it and a digest, so that no two names share one."""
    if is_plain(name, longest):
        return name
    kept = _FOREIGN.sub("-", name.lower())[: longest - _DIGEST - 1].strip("-")
    return f"{kept}-{sha256(name.encode()).hexdigest()[:_DIGEST]}".strip("-")
