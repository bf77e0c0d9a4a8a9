"""leash: runs a command that ends when its starter ends, however that ended.

`python leash.py PID COMMAND...`, started by the process PID, asks the kernel (Linux) for SIGTERM when its parent dies,
then becomes COMMAND. Even `kill -9` of the demo leaves nothing running. Elsewhere it only becomes COMMAND.
"""

import ctypes
import os
import signal
import sys

__all__ = ["main"]

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Becomes the command given in the arguments, the first of them being the parent's process id."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the kernel knew
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 - that is what a leash is for


if __name__ == "__main__":
    main()
