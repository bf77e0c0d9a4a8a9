"""AWS X-Ray: its daemon's place taken, and segments sent on to it.

in:  datagram -> document -> assembly (each request once) -> OTLP spans -> intake
out: OTLP spans -> segment documents -> PutTraceSegments
"""

from .forwarder import XrayForwarder
from .instruments import Unprocessed
from .receiver import PORT, XrayReceiver
from .sampling import DEFAULT_RULES, SamplingRule

__all__ = ["DEFAULT_RULES", "PORT", "SamplingRule", "Unprocessed", "XrayForwarder", "XrayReceiver"]
