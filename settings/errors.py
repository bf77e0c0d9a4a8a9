"""What reading settings raises.

slo.SLOError
 └─ SettingsError      the configuration holds faults; `.faults` lists every one of them
"""

from __future__ import annotations

from collections.abc import Sequence

from ..slo.errors import Fault, SLOError


class SettingsError(SLOError):
    """The configuration holds faults; the text lists all of them, one a line."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)
