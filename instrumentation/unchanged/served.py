"""The application that a server is about to serve, instrumented: one function for each server's seam.

Each stands for a function of the server's own, which it is given as `original`, and does what that does. What goes wrong
here is logged, and the application served as it is.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable
from typing import Any, Final

from ..handles import instrument, living
from ..telemetry import Telemetry

UVICORN_S: Final = ("ProxyHeadersMiddleware", "MessageLoggerMiddleware")
"""What uvicorn puts around an application: it stays outside, so that we see the scheme and the client that the proxy saw."""
GUNICORN_S: Final = "gunicorn.workers."

_made: weakref.WeakSet[Telemetry] = weakref.WeakSet()
_log = logging.getLogger("fournines.instrumentation")


def served(app: Any) -> Any:
    """The application as it is to be served: instrumented, unless the service has seen to that itself."""
    try:
        if isinstance(app, Telemetry) or any(one not in _made for one in living()):
            _log.info("the service calls instrument() itself; it is left as it is")
            return app
        telemetry = instrument(app)
        _made.add(telemetry)
        return telemetry.app
    except Exception:  # noqa: BLE001 - the guard: an application is served whatever becomes of us
        _log.warning("the application could not be instrumented; it is served unmeasured", exc_info=True)
        return app


def uvicorn_load(original: Callable[[Any], None], config: Any) -> None:
    """For `uvicorn.config.Config.load`, which leaves the application, made and wrapped, in `loaded_app`."""
    original(config)
    holder, name = config, "loaded_app"
    while type(getattr(holder, name)).__name__ in UVICORN_S and hasattr(getattr(holder, name), "app"):
        holder, name = getattr(holder, name), "app"
    setattr(holder, name, served(getattr(holder, name)))


def hypercorn_wrap_app(original: Callable[..., Any], app: Any, *args: Any, **kwargs: Any) -> Any:
    """For `hypercorn.utils.wrap_app`, which every way into Hypercorn goes through."""
    wrapper = original(app, *args, **kwargs)
    if type(wrapper).__name__ == "ASGIWrapper":
        wrapper.app = served(wrapper.app)
    else:
        _unmeasured("Hypercorn")
    return wrapper


def gunicorn_load_asgi(original: Callable[[Any], None], worker: Any) -> None:
    """For `load_wsgi` of gunicorn's own ASGI worker."""
    original(worker)
    worker.asgi = served(worker.asgi)


def gunicorn_load_wsgi(original: Callable[[Any], None], worker: Any) -> None:
    """For `load_wsgi` of gunicorn's other workers; uvicorn's is one of them, and comes by here on its way."""
    original(worker)
    if type(worker).__module__.startswith(GUNICORN_S):
        _unmeasured("gunicorn")


def _unmeasured(server: str) -> None:
    _log.warning("%s serves a WSGI application here, and those are not measured: only ASGI applications are", server)
