"""transactions: what was booked on which account."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import BackgroundTasks, FastAPI
from pydantic import BaseModel, PositiveInt

from fournines.instrumentation import instrument

from .calls import Calls
from .lifespan import closing, health
from .store import Store

__all__ = ["create"]

SCHEMA = """
create table if not exists transactions (id integer primary key, account_id integer not null, cents integer not null);
create index if not exists transactions_by_account on transactions (account_id, id);
"""


class Booking(BaseModel):
    """An amount that left an account."""

    account_id: int
    cents: PositiveInt


def create(data: Path, peers: Mapping[str, str]) -> FastAPI:
    """The transactions service with its store under `data`, telling the neighbours in `peers`."""
    store, calls = Store(data / "transactions.db", SCHEMA), Calls(peers)
    app = FastAPI(title="transactions", lifespan=closing(store, calls))
    app.state.telemetry = instrument(app, service="transactions")
    app.include_router(health)

    @app.post("/transactions", status_code=201)
    async def book(booking: Booking, later: BackgroundTasks) -> dict[str, Any] | None:
        later.add_task(calls.tell, "analytics", "/events", booking.model_dump())
        insert = "insert into transactions (account_id, cents) values (?, ?) returning id, account_id, cents"
        return store.one(insert, booking.account_id, booking.cents)

    @app.get("/accounts/{account_id}/transactions")
    async def latest(account_id: int) -> list[dict[str, Any]]:
        newest = "select id, cents from transactions where account_id = ? order by id desc limit 20"
        return store.all(newest, account_id)

    return app
