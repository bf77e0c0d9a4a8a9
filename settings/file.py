"""The configuration file: its values with every `${NAME}` filled in, and where each of them stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ..slo.errors import Fault
from ..slo.openslo.document import Document, Steps
from ..slo.openslo.yaml_reader import read_file
from .errors import SettingsError

_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """What a file says, and what is wrong with it however its values are meant. `folder` is the one its paths count from."""

    source: Document
    folder: Path | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()


NO_FILE: Final = SettingsFile(Document("the command line or environment", 0, {}, {}))
"""What is wrong without a file, the command line or the environment said."""


def read(path: Path, environ: Mapping[str, str]) -> SettingsFile:
    """Raises `SettingsError` where it holds no mapping, or nothing that can be read."""
    reading = read_file(path)
    if not reading.complete:
        raise SettingsError(reading.faults)
    if len(reading.documents) > 1:
        raise SettingsError(reading.faults or [Fault(str(path), 0, "", "holds more than one document")])
    source = reading.documents[0] if reading.documents else Document(str(path), 1, {}, {})
    faults = (*reading.faults, *_unset(source, environ))
    if not isinstance(source.data, dict):
        raise SettingsError([*faults, Fault(str(path), 1, "", "holds no mapping of keys to values")])
    return SettingsFile(source, path.parent, _filled(source.data, environ), faults)


def _unset(source: Document, environ: Mapping[str, str]) -> Iterator[Fault]:
    """A fault for each variable that is named and not set: an unset secret is never an empty one."""
    for steps, text in _texts(source.data, ()):
        for name in _VARIABLE.findall(text):
            if name not in environ:
                yield source.fault(steps, f"the environment variable {name} is not set")


def _texts(value: Any, steps: Steps) -> Iterator[tuple[Steps, str]]:
    match value:
        case str():
            yield steps, value
        case dict() | list():
            for step, child in value.items() if isinstance(value, dict) else enumerate(value):
                yield from _texts(child, (*steps, step))


def _filled(value: Any, environ: Mapping[str, str]) -> Any:
    match value:
        case str():
            return _VARIABLE.sub(lambda name: environ.get(name[1], ""), value)
        case dict():
            return {key: _filled(child, environ) for key, child in value.items()}
        case list():
            return [_filled(child, environ) for child in value]
    return value
