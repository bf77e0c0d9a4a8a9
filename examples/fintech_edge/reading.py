"""Reading: one SLO as the collector's API gave it at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

__all__ = ["CollectorReader", "Reading", "Readings"]

TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True)
class Reading:
    """What the ledger says of one SLO. Ratios and burn rates are None where there was no traffic to say anything."""

    name: str
    service: str
    state: str
    good: int
    total: int
    estimated_bad: int
    remaining_ratio: float | None
    remaining_seconds: float | None
    burn_rates: Mapping[str, float | None]
    paging: bool
    raw: Mapping[str, Any]

    @property
    def bad(self) -> int:
        """Events that broke the promise."""
        return self.total - self.good

    @property
    def spent_ratio(self) -> float | None:
        """Share of the budget that is gone; 1 and more when it is all gone."""
        return None if self.remaining_ratio is None else 1 - self.remaining_ratio

    @classmethod
    def from_api(cls, answer: Mapping[str, Any]) -> "Reading":
        """Reads one object of `/api/v1/slos`."""
        events, budget = answer["events"], answer["budget"]
        return cls(
            name=answer["name"],
            service=answer["service"],
            state=answer["state"],
            good=events["good"],
            total=events["total"],
            estimated_bad=events.get("estimated_bad") or 0,
            remaining_ratio=budget["remaining_ratio"],
            remaining_seconds=budget["remaining_seconds"],
            burn_rates=answer["burn_rates"],
            paging=any(a["severity"] == "page" and a["state"] == "firing" for a in answer["alerts"]),
            raw=answer,
        )


Readings = Mapping[str, Reading]


class CollectorReader:
    """Asks a running collector by its API."""

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._http = httpx.AsyncClient(base_url=url, timeout=TIMEOUT_SECONDS, transport=transport, trust_env=False)

    async def all(self) -> Readings:
        """Every SLO by name, in one question; httpx.HTTPError when there is no answer."""
        answer = (await self._http.get("/api/v1/slos")).raise_for_status().json()
        return {reading.name: reading for reading in map(Reading.from_api, answer["slos"])}

    async def one(self, name: str) -> Reading:
        """One SLO by name; httpx.HTTPError when there is none."""
        answer = await self._http.get(f"/api/v1/slos/{name}")
        return Reading.from_api(answer.raise_for_status().json())

    async def close(self) -> None:
        """Closes the connection."""
        await self._http.aclose()
