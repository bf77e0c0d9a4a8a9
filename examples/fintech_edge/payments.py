"""payments: takes the money, books it, tells the customer. The service the demo breaks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException
from pydantic import BaseModel, PositiveInt

from fournines.instrumentation import instrument

from .calls import Calls
from .faults import FaultSwitch
from .lifespan import closing, health
from .store import Store

__all__ = ["create"]

SCHEMA = """
create table if not exists payments
    (id integer primary key, account_id integer not null, cents integer not null, payee text not null);
"""


class NewPayment(BaseModel):
    """A payment as the customer asks for it."""

    account_id: int
    cents: PositiveInt
    payee: str


def create(data: Path, peers: Mapping[str, str]) -> FastAPI:
    """The payments service with its store under `data`, asking the neighbours in `peers`."""
    store, calls = Store(data / "payments.db", SCHEMA), Calls(peers)
    app = FastAPI(title="payments", lifespan=closing(store, calls))
    app.state.telemetry = instrument(app, service="payments")
    app.include_router(health)
    working = Depends(FaultSwitch(data, "payments"))

    @app.post("/payments", status_code=201, dependencies=[working])
    async def pay(payment: NewPayment, later: BackgroundTasks) -> dict[str, Any] | None:
        money = {"cents": payment.cents}
        account = await calls.ask("accounts", "POST", f"/accounts/{payment.account_id}/debits", money)
        await calls.ask("transactions", "POST", "/transactions", {**money, "account_id": payment.account_id})
        message = {"user_id": account["user_id"], "text": f"{payment.cents} cents went to {payment.payee}"}
        later.add_task(calls.tell, "notifications", "/notifications", message)
        insert = "insert into payments (account_id, cents, payee) values (?, ?, ?) returning id, cents, payee"
        return store.one(insert, payment.account_id, payment.cents, payment.payee)

    @app.get("/payments/{payment_id}", dependencies=[working])
    async def read(payment_id: int) -> dict[str, Any]:
        payment = store.one("select id, account_id, cents, payee from payments where id = ?", payment_id)
        if payment is None:
            raise HTTPException(404, "no such payment")
        return payment

    return app
