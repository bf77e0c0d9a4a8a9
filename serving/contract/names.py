"""Names in paths: whatever a service calls itself, also with slashes and line feeds, is `{name:anything}`."""

from __future__ import annotations

from typing import Final

from starlette.convertors import Convertor, register_url_convertor

ANYTHING: Final = "anything"
"""What paths call it. Starlette's own `path` ends at a line feed."""


class NameConvertor(Convertor[str]):
    """Takes every text as it is."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        """The text."""
        return value

    def to_string(self, value: str) -> str:
        """The text."""
        return value


register_url_convertor(ANYTHING, NameConvertor())
