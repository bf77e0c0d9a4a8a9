"""The collector's compiled decoders: made once, before the clock of the demo runs, and kept from one run to the next."""

import os
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

__all__ = ["VARIABLE", "prepare"]

VARIABLE = "FOURNINES_KERNELS"
MOST_SECONDS = 600.0


def prepare(console: Console, default: Path) -> Path:
    """The folder that holds the decoders: as the variable says, else `default`. What is missing is compiled, and said.

    Raises OSError where that fails; its text is what the collector's own command said.
    """
    folder = Path(os.environ.get(VARIABLE) or default)
    command = [sys.executable, "-m", "fournines", "admin", "warmup", "--kernels", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as warming:  # noqa: S603 - ours
        assert warming.stdout is not None, "asked for above"
        for line in warming.stdout:
            if line.startswith("compiling"):
                console.print(Text(f"{line.strip()} ..."))
        _, said = warming.communicate(timeout=MOST_SECONDS)
    if warming.returncode:
        raise OSError(said.strip())
    return folder
