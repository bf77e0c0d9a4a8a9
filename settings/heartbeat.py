"""Who calls when the collector gives no sign of life any more."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, HttpUrl, SecretStr, TypeAdapter, ValidationError

from .number import Seconds
from .section import Section

_URL = TypeAdapter(HttpUrl)


def _address(url: SecretStr) -> SecretStr:
    try:
        _URL.validate_python(url.get_secret_value())
    except ValidationError:
        raise ValueError("is no http:// or https:// address") from None
    return url


class HeartbeatEntry(Section):
    """An address that is asked every `interval` while all is well; a token stands in its path."""

    url: Annotated[SecretStr, AfterValidator(_address)]
    interval: Annotated[Seconds, Field(ge=1)] = 60.0
    method: Literal["GET", "POST"] = "GET"
