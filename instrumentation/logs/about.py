"""Whose log it is: the service, its version and its deployment, said in every line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .. import names
from ..config.config import read_config

SAID: Final = (
    names.SERVICE_NAME,
    names.SERVICE_VERSION,
    names.DEPLOYMENT_ENVIRONMENT,
    names.DEPLOYMENT_ID,
)
"""Resource attributes that stand in every line, where they are known."""
_OLD_ENVIRONMENT: Final = "deployment.environment"

_speaking: dict[str, str] = {}


def about(attributes: Mapping[str, str | int]) -> dict[str, str]:
    """What a line says of a resource. The old name of the environment counts as the new one."""
    said = {name: str(attributes[name]) for name in SAID if name in attributes}
    if names.DEPLOYMENT_ENVIRONMENT not in said and _OLD_ENVIRONMENT in attributes:
        said[names.DEPLOYMENT_ENVIRONMENT] = str(attributes[_OLD_ENVIRONMENT])
    return said


def speak_for(attributes: Mapping[str, str | int]) -> None:
    """From now on lines whose formatter was not told otherwise are this service's."""
    said = about(attributes)
    _speaking.clear()
    _speaking.update(said)


def speaker() -> Mapping[str, str]:
    """The service that was instrumented last in this process; before that, what the environment says."""
    if not _speaking:
        speak_for(read_config().attributes)
    return _speaking
