"""lifespan: what a service opens with its process it closes with its process."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import APIRouter, FastAPI

from .calls import Calls
from .store import Store

__all__ = ["closing", "health"]

health = APIRouter()


@health.get("/healthz", include_in_schema=False)
async def healthz() -> dict[str, str]:
    """Says that the process answers; no SLO counts it."""
    return {"status": "ok"}


def closing(store: Store, calls: Calls | None = None) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """A FastAPI lifespan that closes the store and the calls when the service ends."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            store.close()
            if calls is not None:
                await calls.close()

    return lifespan
