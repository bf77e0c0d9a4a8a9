"""The SDK's own recorder, which its import makes, has a socket that nobody closes."""

from __future__ import annotations

import pytest
from aws_xray_sdk.core import xray_recorder


@pytest.fixture(scope="session", autouse=True)
def socket_closed():
    """Closed when all is over: whoever is still to use the recorder may."""
    yield
    xray_recorder.emitter._socket.close()
