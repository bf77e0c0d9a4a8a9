"""Load: customers at the gateway, the same ones for the same seed, and a count of what they were answered."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Self

import httpx

from .tally import Count

__all__ = ["Load", "Visit", "visits"]

PATIENCE_SECONDS = 30.0
CUSTOMERS = 50
STRANGER = 999  # nobody's number: answered 404, which keeps the promise
IMPATIENT = 7  # asks for code after code: answered 429, which is no event

# what customers come for, and how often in a hundred visits; half of them pay, so half of them notice an outage
ERRANDS = (
    ("pay", 46),
    ("payment", 4),
    ("account", 20),
    ("transactions", 10),
    ("user", 10),
    ("spending", 6),
    ("code", 4),
)


@dataclass(frozen=True)
class Visit:
    """One request a customer will make, `at` seconds after the load began."""

    at: float
    method: str
    path: str
    body: dict[str, object] | None = None


def visits(seed: int, rps: float) -> Iterator[Visit]:
    """Customers without end, arriving at random (a Poisson process of `rps` a second), always the same for one seed."""
    draw = random.Random(seed)
    errands, weights = zip(*ERRANDS, strict=True)
    at = 0.0
    for number in count(1):
        at += draw.expovariate(rps)
        customer = STRANGER if draw.random() < 0.01 else draw.randint(1, CUSTOMERS)
        method, path, body = errand(draw.choices(errands, weights)[0], customer, number, draw)
        yield Visit(at, method, path, body)


def errand(name: str, customer: int, number: int, draw: random.Random) -> tuple[str, str, dict[str, object] | None]:
    """Method, path and body of what this customer wants."""
    match name:
        case "pay":
            body: dict[str, object] = {
                "account_id": customer,
                "cents": draw.randint(100, 5000),
                "payee": f"shop {number}",
            }
            return "POST", "/payments", body
        case "payment":
            return "GET", f"/payments/{draw.randint(1, number)}", None
        case "code":
            return "POST", f"/users/{IMPATIENT}/codes", None
        case "user":
            return "GET", f"/users/{customer}", None
        case "account":
            return "GET", f"/accounts/{customer}", None
        case _:
            return "GET", f"/accounts/{customer}/{name}", None


class Load:
    """Sends each visit when it is due, whether or not earlier ones were answered, and counts the answers.

    An open loop: a slow bank gets as many customers as a quick one. `unanswered` counts visits that got no answer at
    all (no connection, or none within 30 s); what the gateway made of those nobody outside can know.
    """

    def __init__(
        self,
        url: str,
        seed: int,
        rps: float,
        clock: Callable[[], float] = time.time,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.count = Count()
        self.sent = 0
        self.unanswered = 0
        self._visits = visits(seed, rps)
        self._clock = clock
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
        wire = transport or httpx.AsyncHTTPTransport(limits=limits, trust_env=False)
        self._http = httpx.AsyncClient(base_url=url, timeout=PATIENCE_SECONDS, transport=wire, trust_env=False)
        self._waiting: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Sends until cancelled."""
        began = self._clock()
        for visit in self._visits:
            await asyncio.sleep(max(0.0, began + visit.at - self._clock()))
            task = asyncio.create_task(self._visit(visit))
            self._waiting.add(task)
            task.add_done_callback(self._waiting.discard)

    async def __aenter__(self) -> Self:
        """Ready to send."""
        return self

    async def __aexit__(
        self, failure: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Waits for the answers still due (or their 30 s); after a failure gives them up at once."""
        if failure is not None:
            for task in self._waiting:
                task.cancel()
        await asyncio.gather(*self._waiting, return_exceptions=True)
        await self._http.aclose()

    async def _visit(self, visit: Visit) -> None:
        self.sent += 1
        left_at = self._clock()
        try:
            answer = await self._http.request(visit.method, visit.path, json=visit.body)
        except httpx.HTTPError:
            self.unanswered += 1
        else:
            self.count.add(answer.status_code, left_at)
