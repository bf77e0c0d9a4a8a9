"""The decoders, ready for use."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ..decoders import Decoders
from .cache import load, prepare

_LOCK: Final = threading.Lock()
_LOADED: Final[list[Decoders]] = []


def _silent(_: str) -> None:
    """Whom nothing is told."""


def load_decoders(folder: Path, say: Callable[[str], None] = _silent) -> Decoders:
    """The decoders, compiled in a child process first where `folder` does not hold them yet; `say` is told so before.

    A process loads them once: from then on they are the same, whichever folder is named. Several processes may do this at once.
    Raises CollectorError where the folder can't be written or the decoders can't be compiled.
    """
    with _LOCK:
        if not _LOADED:
            load(prepare(folder, say))
            _LOADED.append(_imported())
    return _LOADED[0]


def warm_up(folder: Path, say: Callable[[str], None] = _silent) -> None:
    """Fills `folder` with the compiled decoders, for an image or a first start. Raises CollectorError as `load_decoders` does."""
    prepare(folder, say)


def _imported() -> Decoders:
    from . import redaction  # noqa: F401 - here rather than at the first request that holds a secret
    from .logs import decode_logs
    from .points import decode_points
    from .spans import decode_spans

    return Decoders(decode_spans, decode_points, decode_logs)
