"""The SDK's own recorder, which its import makes, has a socket that nobody closes."""

from __future__ import annotations

from aws_xray_sdk.core import xray_recorder


def pytest_sessionfinish():
    """Closed when all is over: whoever is still to use the recorder may."""
    xray_recorder.emitter._socket.close()
