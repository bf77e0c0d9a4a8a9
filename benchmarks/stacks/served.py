"""The shop as a service, instrumented as the README says; the environment says where its collector is."""

from fournines.instrumentation import instrument

from .shop import shop

app = shop()
instrument(app, service="shop")
