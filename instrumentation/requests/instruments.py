"""What the requests of one application are measured with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..counts.red import A_FEW, MOST, Red
from ..tracing.current import Current
from ..tracing.tracing import Tracing
from .route import Routes

if TYPE_CHECKING:
    from ..export.worker import Worker
    from ..work.tracing import WorkTracing


@dataclass(eq=False, kw_only=True)
class Instruments(Current):
    """What a request is measured with. One for each instrumented application; the ways of tracing are set when all else is there.

    `later` says that a sampled span to which nobody said anything may be ended afterwards, and on another thread.
    """

    red: Red
    routes: Routes
    worker: Worker
    tracing: Tracing = field(init=False)
    work: WorkTracing = field(init=False)
    later: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.template = self.routes.template

    def crowded(self, waiting: int) -> None:
        """Many requests wait to be counted: that is the export thread's; where it does not come to it, each request does a few."""
        if waiting > MOST:
            self.red.settle(A_FEW)
        else:
            self.worker.wake()
