"""Local time: clocks on walls, by the rules of the IANA time zone database."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from .errors import InvalidValue


def zone_named(name: str) -> ZoneInfo:
    """The time zone of an IANA name, such as `Europe/Berlin`; `InvalidValue` where there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # of an unknown name, of one that is no name, of one that names a folder
        raise InvalidValue(f"{name!r} is no time zone; write its IANA name, such as Europe/Berlin") from None


def to_epoch(local: datetime, zone: ZoneInfo) -> int:
    """The epoch second at which clocks in `zone` show `local`: the first where they show it twice.

    Where they jump over it, the moment they would have shown it had they not jumped.
    """
    return int(local.replace(tzinfo=zone, fold=0).timestamp())


def to_local(seconds: float, zone: ZoneInfo) -> datetime:
    """What clocks in `zone` show at an epoch second, without its zone."""
    return datetime.fromtimestamp(int(seconds), UTC).astimezone(zone).replace(tzinfo=None)
