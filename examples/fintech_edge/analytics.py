"""analytics: how much each account spends."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, PositiveInt

from fournines.instrumentation import instrument

from .lifespan import closing, health
from .store import Store

__all__ = ["create"]

SCHEMA = "create table if not exists spending (account_id integer primary key, cents integer not null);"


class Spent(BaseModel):
    """An amount that left an account."""

    account_id: int
    cents: PositiveInt


def create(data: Path, _peers: Mapping[str, str]) -> FastAPI:
    """The analytics service with its store under `data`; it asks nobody."""
    store = Store(data / "analytics.db", SCHEMA)
    app = FastAPI(title="analytics", lifespan=closing(store))
    app.state.telemetry = instrument(app, service="analytics")
    app.include_router(health)

    @app.post("/events", status_code=202)
    async def record(spent: Spent) -> dict[str, bool]:
        add = "insert into spending values (?, ?) on conflict do update set cents = cents + excluded.cents"
        store.write(add, spent.account_id, spent.cents)
        return {"recorded": True}

    @app.get("/accounts/{account_id}/spending")
    async def spending(account_id: int) -> dict[str, Any]:
        row = store.one("select account_id, cents from spending where account_id = ?", account_id)
        return row or {"account_id": account_id, "cents": 0}

    return app
