"""The kernels, compiled once and read from a folder from then on.

numba compiles a kernel when its module is imported, unless its cache holds it. That takes seconds and 70 MB, so it is done in child
processes, into a folder of its own; what it wrote is listed with its digests and takes the folder's place in one step. So a folder holds
all or nothing, whoever was killed. A folder belongs to one version of the sources, of Python, of numba and of the processor; where its
files are not what the list says, it is made anew; and the next one that is made removes those that nobody used for a month.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from ..errors import CollectorError

SECONDS: Final = 30
"""About how long compiling takes, for whoever waits."""

UNUSED: Final = 30 * 86_400
"""Seconds after which kernels of other versions are removed: who goes back to one within a month starts at once."""

MODULES: Final = (("spans", "logs"), ("point_rows",), ("redaction", "samples"))
"""The modules that hold kernels, by the child that compiles them: on two cores they are done in little more than half the time."""

_LIST: Final = "kernels.json"
_MAKING: Final = "making-"
_CHILD: Final = """
import sys
from numba import config
config.CACHE_DIR = sys.argv[1]
import importlib
for name in sys.argv[3:]:
    importlib.import_module(f"{sys.argv[2]}.{name}")
"""


def prepare(folder: Path, say: Callable[[str], None]) -> Path:
    """The folder in `folder` that holds the compiled kernels, made where it is not there. Raises CollectorError."""
    kept = folder / _name()
    _note_use(kept)
    if _is_whole(kept):
        return _writable(kept)
    with _locked(folder):
        if not _is_whole(kept):
            say(f"compiling the decoders, once: about {SECONDS} s")
            _make(kept)
            _remove_others(kept)
    return kept


def load(kept: Path) -> None:
    """Lets this process read its kernels from `kept`; to be called before a module of kernels is imported."""
    from numba import config

    config.CACHE_DIR = str(kept)  # type: ignore[attr-defined]


def _name() -> str:
    """What a compiled kernel depends on, as one word: numba looks at the time a source was changed, we at what it says too."""
    from llvmlite import binding
    from numba import __version__ as numba

    digest = hashlib.blake2b(digest_size=12)
    facts = (sys.version, numba, binding.get_host_cpu_name(), str(sorted(binding.get_host_cpu_features().items())))
    digest.update("\0".join(facts).encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(f"{source}\0{source.stat().st_mtime_ns}\0".encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _is_whole(kept: Path) -> bool:
    """Whether all files are there, and are what was written."""
    try:
        listed = json.loads((kept / _LIST).read_text())
        return bool(listed == _digests(kept))
    except (OSError, ValueError):
        return False


def _digests(kept: Path) -> dict[str, str]:
    files = sorted(path for path in kept.rglob("*") if path.is_file() and path.name != _LIST)
    return {
        str(path.relative_to(kept)): hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest() for path in files
    }


def _writable(kept: Path) -> Path:
    """`kept`, or a copy of it for this process where it can't be written: numba takes no other cache, even a filled one."""
    if _can_write(kept):
        return kept
    try:
        copy = Path(tempfile.mkdtemp(prefix="fournines-kernels-"))
        shutil.copytree(kept, copy, dirs_exist_ok=True, copy_function=shutil.copyfile)
    except OSError as error:
        raise _cannot_write(kept, error) from error
    atexit.register(shutil.rmtree, copy, ignore_errors=True)
    return copy


def _can_write(kept: Path) -> bool:
    return all(os.access(path, os.W_OK) for path in (kept, *kept.iterdir()) if path.is_dir())


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """The only process that compiles into `folder`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise _cannot_write(folder, error) from error


def _make(kept: Path) -> None:
    """Compiles into a folder beside, and puts that in its place."""
    with tempfile.TemporaryDirectory(prefix=_MAKING, dir=kept.parent) as making:
        made = Path(making) / "kernels"
        made.mkdir()  # of the usual mode: who compiles for an image is not who serves
        _compile(made)
        (made / _LIST).write_text(json.dumps(_digests(made)))
        shutil.rmtree(kept, ignore_errors=True)
        made.rename(kept)


def _note_use(kept: Path) -> None:
    """Dates a folder by its last use. What is not there, or can't be written, has no date to be removed by."""
    with contextlib.suppress(OSError):
        os.utime(kept)


def _remove_others(kept: Path) -> None:
    """Removes what was not used for long before `kept` was made, and what was being made by who was killed. Its caller holds the lock."""
    made = kept.stat().st_mtime
    for other in sorted(kept.parent.iterdir()):
        unused = (other / _LIST).exists() and made - other.stat().st_mtime > UNUSED
        if unused or other.name.startswith(_MAKING):
            shutil.rmtree(other, ignore_errors=True)


def _compile(made: Path) -> None:
    """Compiles in children, which take their memory along when they end."""
    commands = [[sys.executable, "-c", _CHILD, str(made), __package__, *modules] for modules in MODULES]
    with ThreadPoolExecutor(len(commands)) as side_by_side:
        children = list(side_by_side.map(_run, commands))
    for child in children:
        if child.returncode:
            raise CollectorError(f"the decoders can't be compiled:\n{child.stderr.strip()[-2000:]}")


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - this interpreter, our words


def _cannot_write(folder: Path, error: OSError) -> CollectorError:
    return CollectorError(
        f"the decoders need a folder that can be written, and {folder} can't ({error.strerror}): set another one as "
        "`kernels` (FOURNINES_KERNELS), and fill it with `fournines admin warmup`"
    )
