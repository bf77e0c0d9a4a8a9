"""Fault: a switch outside the process that makes a service fail, as a broken database would."""

from pathlib import Path

from fastapi import HTTPException

__all__ = ["FaultSwitch"]


class FaultSwitch:
    """While the file `<data>/<service>.fault` exists, every route that depends on this fails with 503.

    A file, because switching it is no request: the outage changes nothing but the answers. Used as a FastAPI dependency.
    """

    def __init__(self, data: Path, service: str) -> None:
        self.file = data / f"{service}.fault"
        self._service = service

    @property
    def on(self) -> bool:
        """Whether the service is to fail now."""
        return self.file.exists()

    def switch_on(self) -> None:
        """Lets the service fail from its next request on."""
        self.file.touch()

    def switch_off(self) -> None:
        """Mends the service; fine if it was not broken."""
        self.file.unlink(missing_ok=True)

    async def __call__(self) -> None:
        """Raises HTTPException 503 while the switch is on."""
        if self.on:
            raise HTTPException(503, f"{self._service} has lost its database")
