"""The life of one service beside its application: started once, ended with a good-bye, begun anew in a child."""

from __future__ import annotations

from . import process
from .export.exporter import Exporter
from .export.worker import Worker
from .exposition.exposition import Exposition
from .logs.logs import Logs


class Life:
    """What runs for a service: its export thread, its metrics page, the handlers of its logs. Safe from any thread."""

    def __init__(self, worker: Worker, exporter: Exporter, logs: Logs, exposition: Exposition) -> None:
        self._worker, self._exporter, self._logs, self._exposition = worker, exporter, logs, exposition
        self._stopped = False

    def start(self) -> None:
        """Starts what does not run."""
        self._stopped = False
        process.begun(self)
        self._logs.begin()
        self._worker.start(self._exporter)
        self._exposition.start()

    def start_once(self) -> None:
        """As `start`, for who finds that nothing runs: not where it was stopped."""
        if self._worker.thread is None and not self._stopped:
            self.start()

    def flush(self, timeout: float) -> bool:
        """Sends everything so far; True when it was acknowledged."""
        self.start()
        return self._worker.flush(timeout)

    def shutdown(self, timeout: float) -> bool:
        """Ends it with the good-bye, in at most `timeout` seconds; True when it was acknowledged, or nothing ran."""
        if not process.ended(self):
            return True
        self._stopped = True
        self._logs.end()
        self._exposition.stop()
        return self._worker.stop(timeout)

    def part(self, timeout: float) -> None:
        """Has the good-bye said, within `timeout` seconds, and waits for nothing."""
        self._worker.part(timeout)

    def let_go(self) -> None:
        """An application nobody holds any more (tests make one each) leaves neither thread nor port behind."""
        self._logs.end()
        self._exposition.part()
        thread = self._worker.part(process.TIMEOUT)
        if thread is not None and thread.is_alive():
            process.outlives(thread)

    def forget(self) -> None:
        """Begins anew in a forked child."""
        self._stopped = False
