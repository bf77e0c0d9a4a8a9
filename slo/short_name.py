"""Names of SLOs that are made of others: as long as a label's value may be everywhere, and still nobody else's."""

from __future__ import annotations

import hashlib
import json
from typing import Final

LONGEST_NAME: Final = 63

_DIGEST_BYTES: Final = 3


def short_name(name: str) -> str:
    """The name, or as much of it as fits before a digest of the whole."""
    return name if len(name) <= LONGEST_NAME else digested(name, name)


def digested(name: str, *meaning: str) -> str:
    """As much of a name as fits before a digest of what it stands for."""
    digest = hashlib.blake2b(json.dumps(meaning).encode(), digest_size=_DIGEST_BYTES).hexdigest()
    return f"{cut(name)}-{digest}"


def cut(name: str) -> str:
    """As much of a name as `digested` leaves of it."""
    return name[: LONGEST_NAME - 1 - 2 * _DIGEST_BYTES].rstrip("-")
