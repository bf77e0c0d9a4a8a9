"""users: who the customers are, and the one-time codes they ask for."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import BackgroundTasks, FastAPI, HTTPException

from fournines.instrumentation import instrument

from .calls import Calls
from .lifespan import closing, health
from .store import Store

__all__ = ["create"]

CODES_A_MINUTE = 3

SCHEMA = """
create table if not exists users (id integer primary key, name text not null);
create table if not exists codes (user_id integer not null, asked_at integer not null);
with recursive n(id) as (select 1 union all select id + 1 from n where id < 50)
insert or ignore into users select id, 'Customer ' || id from n;
"""


def create(data: Path, peers: Mapping[str, str]) -> FastAPI:
    """The users service with its store under `data`, telling the neighbours in `peers`."""
    store, calls = Store(data / "users.db", SCHEMA), Calls(peers)
    app = FastAPI(title="users", lifespan=closing(store, calls))
    app.state.telemetry = instrument(app, service="users")
    app.include_router(health)

    @app.get("/users/{user_id}")
    async def read(user_id: int) -> dict[str, Any]:
        user = store.one("select id, name from users where id = ?", user_id)
        if user is None:
            raise HTTPException(404, "no such user")
        return user

    @app.post("/users/{user_id}/codes", status_code=202)
    async def ask_code(user_id: int, later: BackgroundTasks) -> dict[str, Any]:
        user = await read(user_id)
        if too_many(store, user_id):
            raise HTTPException(429, f"at most {CODES_A_MINUTE} codes a minute")
        store.write("insert into codes values (?, strftime('%s', 'now'))", user_id)
        message = {"user_id": user_id, "text": f"{user['name']}, your code is on its way"}
        later.add_task(calls.tell, "notifications", "/notifications", message)
        return {"sent": True}

    return app


def too_many(store: Store, user_id: int) -> bool:
    """Whether the customer has used up the codes of this minute."""
    recent = "select count(*) as codes from codes where user_id = ? and asked_at > strftime('%s', 'now') - 60"
    row = store.one(recent, user_id)
    return row is not None and row["codes"] >= CODES_A_MINUTE
