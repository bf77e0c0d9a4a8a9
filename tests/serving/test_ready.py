"""Who is told that the collector is ready finds its doors open."""

import os
import signal
from pathlib import Path

from fournines import service
from fournines.collector import plane
from fournines.settings import Otlp, Settings, Xray


def test_the_doors_are_open_before_the_pages_say_so(tmp_path, free_port, monkeypatch, decoders):
    """`/readyz` says that data is taken in, so it is answered only once OTLP is received."""
    opened = []

    class Doors:
        http_port = grpc_port = 0

        def __init__(self, *_):
            pass

        async def start(self):
            opened.append("doors")

        async def stop(self):
            pass

        def close(self):
            pass

    class Pages(Doors):
        async def start(self):
            opened.append("pages")
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(plane, "Doors", Doors)
    monkeypatch.setattr(service, "HttpServer", Pages)
    ports = {"port": free_port(), "otlp": Otlp(http_port=free_port(), grpc_port=free_port())}
    kernels = Path(os.environ["FOURNINES_KERNELS"])
    service.run(Settings(data=tmp_path, kernels=kernels, xray=Xray(port=0), **ports))

    assert ["doors", "pages"] == opened
