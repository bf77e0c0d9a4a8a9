"""The environment that `fournines instrument` hands on to its command."""

from __future__ import annotations

import os
from collections.abc import Mapping


def environment() -> Mapping[str, str]:
    """The environment of this process, as it is now."""
    return dict(os.environ)
