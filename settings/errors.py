"""What reading settings raises.

slo.SLOError
 └─ SettingsError      the configuration holds faults; `.faults` lists every one of them
ValueError
 └─ Misplaced          a value that does not fit others; becomes one of the faults
"""

from __future__ import annotations

from collections.abc import Sequence

from ..slo.errors import Fault, SLOError
from ..slo.openslo.document import Steps


class SettingsError(SLOError):
    """The configuration holds faults; the text lists all of them, one a line."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class Misplaced(ValueError):
    """A value that does not fit others; `steps` lead to it from where it was noticed."""

    def __init__(self, steps: Steps, message: str) -> None:
        super().__init__(message)
        self.steps = steps
