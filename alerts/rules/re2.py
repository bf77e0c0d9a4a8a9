"""Go's regular expressions, which Prometheus and Alertmanager match labels by."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_SPECIAL: Final = re.compile(r"[\\.+*?()|\[\]{}^$]")
"""What means something in them; anything else that is escaped is refused."""


def any_of(texts: Iterable[str]) -> str:
    """What matches exactly these texts, in the order of the alphabet."""
    return "|".join(_SPECIAL.sub(r"\\\g<0>", text) for text in sorted(texts))
