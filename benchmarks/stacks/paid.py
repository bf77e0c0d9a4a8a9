"""A service with one route that fails when it is asked to, instrumented as the README says; the environment names it."""

import os

from fastapi import FastAPI, Response

from fournines.instrumentation import instrument

app = FastAPI()


@app.get("/pay")
async def pay(fail: int = 0) -> Response:
    """A payment; 500 if asked to fail."""
    return Response(status_code=500 if fail else 200)


instrument(app, service=os.environ["OTEL_SERVICE_NAME"])
