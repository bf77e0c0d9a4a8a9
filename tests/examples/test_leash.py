"""Laws of the leash."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fournines.examples.fintech_edge import leash

STARTER = """
import os, subprocess, sys
leash = [sys.executable, "-I", "-S", sys.argv[1], str(os.getpid())]
subprocess.Popen([*leash, "/bin/sh", "-c", "echo $$; exec sleep 60"], start_new_session=True).wait()
"""


def alive(pid):
    """Whether the process is still there, as anything but a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="only the Linux kernel tells a child of its parent's death")
def test_a_child_ends_with_a_parent_that_was_killed():
    """`kill -9` of the starter ends what it started, though that stands in a session of its own."""
    starter = subprocess.Popen([sys.executable, "-c", STARTER, leash.__file__], stdout=subprocess.PIPE, text=True)
    with starter:
        child = int(starter.stdout.readline())
        starter.kill()

    deadline = time.monotonic() + 20
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    ended = not alive(child)
    if not ended:
        os.kill(child, signal.SIGKILL)
    assert ended


@pytest.mark.skipif(sys.platform != "linux", reason="only the Linux kernel tells a child of its parent's death")
def test_a_parent_that_is_gone_already_starts_nothing():
    """Where the parent died before the leash was on, the command is not run."""
    command = [sys.executable, "-I", "-S", leash.__file__, "1", "/bin/echo", "ran"]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (1, "") == (done.returncode, done.stdout)


def test_the_command_keeps_its_exit_code_and_output():
    """The leash becomes the command: same process, same output, same end."""
    command = [sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), "/bin/sh", "-c", "echo ran; exit 7"]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (7, "ran\n") == (done.returncode, done.stdout)
