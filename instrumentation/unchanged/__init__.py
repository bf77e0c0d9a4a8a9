"""`fournines instrument -- CMD`: a service whose code knows nothing of us, run instrumented.

The command's environment gets one folder on `PYTHONPATH` (`startup/`, whose `sitecustomize` every Python finds at its
start), and the command takes this process's place. In each Python that it starts, the seam at which a server takes its
application is watched for (`startup/sitecustomize.py`), and what the server is about to serve is instrumented there
(`served.py`): outermost, after factories, in the process that serves it.
"""

from __future__ import annotations

from .launch import CannotRun, launch

__all__ = ["CannotRun", "launch"]
