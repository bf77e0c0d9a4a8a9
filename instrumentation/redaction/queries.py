"""Query strings of addresses: values of keys that are secrets by the conventions."""

from __future__ import annotations

import re
from typing import Final

SECRET_KEYS: Final = (
    "X-Amz-Signature",
    "X-Amz-Credential",
    "X-Amz-Security-Token",
    "AWSAccessKeyId",
    "Signature",
    "sig",
    "X-Goog-Signature",
)
"""Keys whose values are secrets by the conventions for `url.query` and `url.full`; case counts."""

_SECRET = re.compile(f"(^|&)({'|'.join(map(re.escape, SECRET_KEYS))})=[^&]*")


def redacted(query: str) -> str:
    """The query string with the values of secret keys replaced by REDACTED."""
    return _SECRET.sub(r"\1\2=REDACTED", query)
