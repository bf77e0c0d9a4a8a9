"""notifications: messages to customers, kept until they are fetched."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from fournines.instrumentation import instrument

from .lifespan import closing, health
from .store import Store

__all__ = ["create"]

SCHEMA = "create table if not exists messages (id integer primary key, user_id integer not null, text text not null);"


class Message(BaseModel):
    """A line for one customer."""

    user_id: int
    text: str


def create(data: Path, _peers: Mapping[str, str]) -> FastAPI:
    """The notifications service with its store under `data`; it asks nobody."""
    store = Store(data / "notifications.db", SCHEMA)
    app = FastAPI(title="notifications", lifespan=closing(store))
    app.state.telemetry = instrument(app, service="notifications")
    app.include_router(health)

    @app.post("/notifications", status_code=202)
    async def notify(message: Message) -> dict[str, Any] | None:
        insert = "insert into messages (user_id, text) values (?, ?) returning id"
        return store.one(insert, message.user_id, message.text)

    @app.get("/users/{user_id}/notifications")
    async def latest(user_id: int) -> list[dict[str, Any]]:
        return store.all("select id, text from messages where user_id = ? order by id desc limit 20", user_id)

    return app
