"""Headers of outgoing requests: what they hold may be a secret, and breaks no request."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, SecretStr


def _name(name: str) -> str:
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
        raise ValueError("is no name of a header")
    return name


def _value(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[\t\x20-\x7e]*", value.get_secret_value()):
        raise ValueError("holds what no header can: a line's end, or a letter outside ASCII")
    return value


Headers = dict[Annotated[str, AfterValidator(_name)], Annotated[SecretStr, AfterValidator(_value)]]
"""Values by name."""
