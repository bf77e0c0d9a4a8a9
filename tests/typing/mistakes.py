"""What a type checker has to say no to. Each line names the error that it has to be; one that is missing, or another, is a fault."""

from __future__ import annotations

from fournines import instrumentation
from fournines.client import Client
from fournines.instrumentation import Objective, Rules, instrument

nonsense = instrumentation.nonsense  # error: attr-defined


async def app(scope: object, receive: object, send: object) -> None:
    """Any ASGI application."""


telemetry = instrument(app)
instrument(app, metrics_port="9464")  # error: arg-type
instrument(app, objectives=["99%"])  # error: list-item
instrument(app, redaction={"keys": ("iban",)})  # error: arg-type
instrument(app, servise="payments")  # error: call-arg
instrument(app, "payments", "1")  # error: call-arg

Objective()  # error: call-arg
Objective(0.999)  # error: arg-type
Objective("99%", routes=[7])  # error: list-item
Objective("99%", route="/a")  # error: call-arg
Objective("99%").name = "other"  # error: misc
Rules(keys=[1])  # error: arg-type

telemetry.slo(99)  # error: arg-type
telemetry.slo("99%", "300ms")  # error: call-arg
telemetry.declare("99%")  # error: arg-type
telemetry.flush("5")  # error: arg-type
telemetry.logs(1)  # error: arg-type
telemetry.nonsense(nonsense)  # error: attr-defined


@telemetry.slo("99%")
def pay(payment: int) -> str:
    """An endpoint keeps its type."""
    return str(payment)


pay("7")  # error: arg-type
telemetry.slo("99%")(7)  # error: type-var


@telemetry.operation("settle")
def settle(account: str) -> int:
    """So does what is measured."""
    return len(account)


settle(7)  # error: arg-type
telemetry.operation()  # error: call-arg
telemetry.consumer("orders", massage={})  # error: call-arg

Client("http://127.0.0.1:8400").slo(7)  # error: arg-type
