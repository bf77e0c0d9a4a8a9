"""celery's tasks: what their instrumentation leaves out."""

from __future__ import annotations

from typing import Any

from opentelemetry import trace

from ..process import say_goodbyes
from .tracers import CallTracers, say_why


def follow_tasks(tracers: CallTracers) -> None:
    """Has the spans of failed tasks say what they failed with, and workers that end say good-bye."""
    from celery.signals import task_failure, worker_process_shutdown

    task_failure.connect(_failed, weak=False, dispatch_uid="fournines")  # after the one that sets the status
    worker_process_shutdown.connect(_parted, weak=False, dispatch_uid="fournines")


def _failed(exception: BaseException | None = None, **_: Any) -> None:
    if exception is not None:
        say_why(trace.get_current_span(), exception)


def _parted(**_: Any) -> None:
    """Forked workers end without the interpreter's own end."""
    say_goodbyes()
