"""Who is told when something burns."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, HttpUrl, SecretStr

from .section import Section


class Webhook(Section):
    """A receiver of Alertmanager's webhook bodies, version 4, signed when there is a secret."""

    type: Literal["webhook"]
    url: HttpUrl
    secret: SecretStr | None = Field(default=None, min_length=1)
