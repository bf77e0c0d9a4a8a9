"""The watch: who tells that the collector itself is in trouble, or gone, without what it watches."""

from .direct import Direct
from .heartbeat import Beat, FakeBeat, Heartbeat, UrlBeat, WatchdogBeat
from .memory import Memory
from .vitals import Trouble, Vital, VitalSigns, troubles
from .watch import Patient, Watch
from .watchman import Watchman

__all__ = [
    "Beat",
    "Direct",
    "FakeBeat",
    "Heartbeat",
    "Memory",
    "Patient",
    "Trouble",
    "UrlBeat",
    "Vital",
    "VitalSigns",
    "Watch",
    "WatchdogBeat",
    "Watchman",
    "troubles",
]
