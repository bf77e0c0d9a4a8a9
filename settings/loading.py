"""From what was written and typed to the settings in force."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from ..slo.errors import Fault
from ..slo.openslo.document import Steps
from .errors import SettingsError
from .explanation import explained
from .file import NO_FILE, SettingsFile, read
from .flags import PLACES, PREFIX, Flags, said_in, spelled
from .settings import Settings

DEFAULT_FILE: Final = Path("fournines.yaml")


def load(config: Path | None, flags: Flags, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in force. Raises `SettingsError`.

    `config` None reads `fournines.yaml` of the working directory where there is one. A relative path in a file counts
    from that file's folder, on the command line and in the environment from the working directory.
    """
    environ = os.environ if environ is None else environ
    path = config or _default_file(environ)
    file = read(path, environ) if path else NO_FILE
    said: dict[str, Any] = {}
    for source in (said_in(environ), flags.said()):  # the later, the stronger
        said |= source
    return _meant(file, list(_typed(said, file.values.get("notify") or [])))


def _default_file(environ: Mapping[str, str]) -> Path | None:
    if named := environ.get(PREFIX + "CONFIG"):
        return Path(named)
    return DEFAULT_FILE if DEFAULT_FILE.is_file() else None


class _Typed(NamedTuple):
    """A value that a flag or a variable gives, and where it would stand in the file."""

    flag: str
    place: Steps
    value: object


def _typed(said: Mapping[str, Any], receivers: object) -> Iterator[_Typed]:
    """Everything said goes in place of what is written; receivers are added to those written, where they are a list."""
    for flag, place in PLACES.items():
        if flag in said:
            yield _Typed(flag, place, said[flag])
    if isinstance(receivers, list):
        for number, url in enumerate(said.get("webhook", ()), start=len(receivers)):
            yield _Typed("webhook", ("notify", number), {"type": "webhook", "url": url})


def _put(values: object, place: Steps, value: object) -> object:
    """A copy with the value at that place, whatever stood there; at the end of a list where the place is a number."""
    if not place:
        return value
    key, *below = place
    if isinstance(key, int):
        return [*(values if isinstance(values, list) else []), value]
    kept = values if isinstance(values, Mapping) else {}
    return {**kept, key: _put(kept.get(key), tuple(below), value)}


def _meant(file: SettingsFile, typed: Sequence[_Typed]) -> Settings:
    """What all of it means. Raises `SettingsError` with every fault, of reading and of meaning, in the file's order."""
    values: object = file.values
    for one in typed:
        values = _put(values, one.place, one.value)
    faults = list(file.faults)
    try:
        settings = Settings.model_validate(values, context=file.folder)
    except ValidationError as error:
        known = {fault.path for fault in faults}
        found = (_fault(file, typed, steps, message) for steps, message in explained(error))
        faults += [fault for fault in found if fault.path not in known]
    if faults:
        raise SettingsError(sorted(faults, key=lambda fault: fault.line))
    return settings


def _fault(file: SettingsFile, typed: Sequence[_Typed], steps: Steps, message: str) -> Fault:
    """A fault of the flag that gave the value, or of the file."""
    for flag, place, _ in typed:
        if steps[: len(place)] == place:
            return Fault(spelled(flag), 0, "", message)
    return file.source.fault(steps, message)
