"""accounts: balances in cents; never below zero."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, PositiveInt

from fournines.instrumentation import instrument

from .calls import Calls
from .lifespan import closing, health
from .store import Store

__all__ = ["create"]


SCHEMA = """
create table if not exists accounts (id integer primary key, user_id integer not null, cents integer not null);
with recursive n(id) as (select 1 union all select id + 1 from n where id < 50)
insert or ignore into accounts select id, id, 10000 * id * id from n;
"""


class Debit(BaseModel):
    """An amount to be taken off an account."""

    cents: PositiveInt


def create(data: Path, peers: Mapping[str, str]) -> FastAPI:
    """The accounts service with its store under `data`, asking the neighbours in `peers`."""
    store, calls = Store(data / "accounts.db", SCHEMA), Calls(peers)
    app = FastAPI(title="accounts", lifespan=closing(store, calls))
    app.state.telemetry = instrument(app, service="accounts")
    app.include_router(health)

    def find(account_id: int) -> dict[str, Any]:
        account = store.one("select id, user_id, cents from accounts where id = ?", account_id)
        if account is None:
            raise HTTPException(404, "no such account")
        return account

    @app.get("/accounts/{account_id}")
    async def read(account_id: int) -> dict[str, Any]:
        account = find(account_id)
        owner = await calls.ask("users", "GET", f"/users/{account['user_id']}")
        return {**account, "owner": owner["name"]}

    @app.post("/accounts/{account_id}/debits", status_code=201)
    async def debit(account_id: int, debit: Debit) -> dict[str, Any]:
        take = "update accounts set cents = cents - ? where id = ? and cents >= ?"
        if not store.write(take, debit.cents, account_id, debit.cents):
            raise HTTPException(409, f"account {find(account_id)['id']} has not enough on it")
        return find(account_id)

    return app
