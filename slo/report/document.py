"""A report as JSON, and read again: what the collector answers, and the command and its readers ask for."""

from __future__ import annotations

from typing import Any, Final, cast

from .codec import Misfit, codec_of
from .report import Report

_REPORTS: Final = codec_of(Report)

SCHEMA: Final[dict[str, Any]] = {"$schema": "https://json-schema.org/draft/2020-12/schema", **_REPORTS.schema}
"""JSON Schema, draft 2020-12, of what `report_as_json` gives."""


class InvalidReport(Exception):
    """That is no report of this version; the text says where."""


def report_as_json(report: Report) -> dict[str, Any]:
    """The JSON object of a report: numbers as numbers, moments as RFC 3339, amounts of money as texts, null for nothing to say."""
    return cast("dict[str, Any]", _REPORTS.write(report))


def read_report(said: object) -> Report:
    """Reads what `report_as_json` gave; numbers are as exact as JSON's. Raises `InvalidReport`."""
    try:
        return cast("Report", _REPORTS.read(said))
    except Misfit as error:
        place = f"{error.place}: " if error.place else ""
        raise InvalidReport(f"that is no report: {place}{error}") from None
