"""From what was written and typed to the settings in force."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from .errors import SettingsError
from .explanation import faults_of
from .file import NO_FILE, File, read
from .flags import PLACES, PREFIX, Flags, said_in
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
    return _meant(file, _overlaid(file.values, said))


def _default_file(environ: Mapping[str, str]) -> Path | None:
    if named := environ.get(PREFIX + "CONFIG"):
        return Path(named)
    return DEFAULT_FILE if DEFAULT_FILE.is_file() else None


def _overlaid(values: Mapping[str, Any], said: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was said in place of what is written; receivers are added to those written."""
    urls = said.get("webhook", ())
    written = values.get("notify") or []
    if urls and isinstance(written, list):
        values = {**values, "notify": [*written, *({"type": "webhook", "url": url} for url in urls)]}
    for name, place in PLACES.items():
        if name in said:
            values = _put(values, place, said[name])
    return values


def _put(values: object, place: Sequence[str], value: object) -> dict[str, Any]:
    """A copy with the value at that place, whatever stood there."""
    key, *below = place
    kept = values if isinstance(values, Mapping) else {}
    return {**kept, key: _put(kept.get(key), below, value) if below else value}


def _meant(file: File, values: Mapping[str, Any]) -> Settings:
    """What the values mean. Raises `SettingsError` with every fault, of reading and of meaning, in the file's order."""
    faults = list(file.faults)
    try:
        settings = Settings.model_validate(values, context=file.folder)
    except ValidationError as error:
        known = {fault.path for fault in faults}
        faults += [fault for fault in faults_of(error, file.source) if fault.path not in known]
    if faults:
        raise SettingsError(sorted(faults, key=lambda fault: fault.line))
    return settings
