"""Where X-Ray's daemon is stood in for, and what its SDKs are told."""

from __future__ import annotations

from pydantic import Field

from .number import Port
from .section import Section


class XrayRule(Section):
    """A sampling rule that X-Ray's SDKs are told: the first `reservoir` matching requests a second, and the share `rate` beyond."""

    name: str = Field(min_length=1, max_length=32)
    rate: float = Field(ge=0, le=1)
    reservoir: int = Field(ge=0)
    priority: int = Field(default=1000, ge=1, le=9999)
    host: str = "*"
    service: str = "*"
    service_type: str = "*"
    method: str = "*"
    path: str = "*"


class Xray(Section):
    """Where X-Ray's daemon is stood in for, UDP and TCP; 0 is off. Unset it is 2000, unless somebody else listens there."""

    port: Port | None = None
    rules: tuple[XrayRule, ...] = ()
