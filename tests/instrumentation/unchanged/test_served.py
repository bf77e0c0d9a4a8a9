"""What a server is about to serve, at each server's seam, instrumented in this very process."""

from __future__ import annotations

import gc
import logging
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from hypercorn.utils import wrap_app
from uvicorn.config import Config

from fournines.instrumentation import instrument
from fournines.instrumentation.handles import living
from fournines.instrumentation.requests.outermost import Outermost
from fournines.instrumentation.unchanged import served


@pytest.fixture(autouse=True)
def nobody_else(monkeypatch):
    """No exporter, and no handle that another test of this process may have left."""
    monkeypatch.setenv("OTEL_METRICS_EXPORTER", "none")
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    gc.collect()
    before = set(living())
    monkeypatch.setattr(served, "living", lambda: [one for one in living() if one not in before])


async def bare(scope, receive, send):
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


def wsgi(environ, start_response):
    start_response("204 No Content", [])
    return [b""]


def loaded(app, **settings):
    config = Config(app, log_level="warning", **settings)
    served.uvicorn_load(Config.load, config)
    return config


def measured(app):
    """Whether what a server calls goes through us."""
    return any(isinstance(getattr(one, "__self__", one), Outermost) for one in (app, app.__call__))


def test_uvicorn_s_application_is_measured_inside_its_proxy_headers():
    """The proxy's word on scheme and client is known where we stand, and the application is changed in place."""
    app = FastAPI()
    config = loaded(app)

    assert config.loaded_app.app is app
    assert measured(app)


def test_uvicorn_s_other_applications_are_wrapped():
    """What is no Starlette application, an ASGI 2 one, or a WSGI one behind uvicorn's bridge: each is served by the handle."""
    plain = loaded(bare)
    without_proxy = loaded(bare, proxy_headers=False)

    assert isinstance(plain.loaded_app.app, Outermost)
    assert isinstance(without_proxy.loaded_app, Outermost)


@pytest.mark.filterwarnings("ignore:Uvicorn's native WSGI")
def test_uvicorn_s_bridges_are_measured_too():
    """An ASGI 2 application and a WSGI one are ASGI applications by the time they are served."""
    old = loaded(lambda scope: None, interface="asgi2")
    bridged = loaded(wsgi, interface="wsgi")

    assert isinstance(old.loaded_app.app, Outermost)
    assert isinstance(bridged.loaded_app.app, Outermost)


def test_hypercorn_s_application_is_measured(caplog):
    """Of its two kinds of wrapper the one for ASGI is; the other is said to be not."""
    app = FastAPI()
    wrapper = served.hypercorn_wrap_app(wrap_app, app, 100, None)
    with caplog.at_level(logging.WARNING):
        other = served.hypercorn_wrap_app(wrap_app, wsgi, 100, mode="wsgi")

    assert wrapper.app is app
    assert measured(app)
    assert other.app is wsgi
    assert "Hypercorn serves a WSGI application" in caplog.text


def test_gunicorn_s_workers_are_told_apart(caplog):
    """Its own ASGI worker's application is measured; of its WSGI workers it is said that theirs is not; uvicorn's says nothing."""
    asgi, theirs = SimpleNamespace(asgi=bare), SimpleNamespace()
    sync = type("SyncWorker", (), {"__module__": "gunicorn.workers.sync"})()
    with caplog.at_level(logging.WARNING):
        served.gunicorn_load_asgi(lambda worker: None, asgi)
        served.gunicorn_load_wsgi(lambda worker: None, theirs)
        quiet = caplog.text
        served.gunicorn_load_wsgi(lambda worker: None, sync)

    assert isinstance(asgi.asgi, Outermost)
    assert quiet == ""
    assert "gunicorn serves a WSGI application" in caplog.text


def test_a_second_server_of_the_process_is_measured_too():
    """What we instrumented ourselves is no reason to leave the next application alone."""
    first, second = FastAPI(), FastAPI()

    assert measured(served.served(first))
    assert measured(served.served(second))


def test_a_service_that_does_it_itself_is_left_as_it_is():
    """Instrumented by its own code, wrapped or not: what is served is what it gave."""
    own = instrument(bare, service="own")
    wrapping = FastAPI()

    assert served.served(own.app) is own.app
    assert served.served(wrapping) is wrapping
    assert not measured(wrapping)


def test_a_fault_of_ours_serves_the_application_as_it_is(monkeypatch, caplog):
    """Whatever instrument() raises is logged; the service runs."""
    app = FastAPI()
    monkeypatch.setattr(served, "instrument", lambda app: 1 / 0)
    with caplog.at_level(logging.WARNING):
        assert served.served(app) is app

    assert "served unmeasured" in caplog.text
