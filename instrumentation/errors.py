"""Everything the instrumentation raises. None of it is ever raised into a request.

InstrumentationError         the root: catch this to catch all of ours
 ├─ NotAnApplication         `instrument()` was given something that no ASGI server could call
 ├─ NoSuchClient             `instrument(clients=...)` names a library that is not known
 ├─ NoSuchEngine             `instrument(engine=...)` names none, or one that is not installed
 ├─ BadObjective             an objective that can't be promised: a target, time, window, route or name that is none
 └─ BadRule                  a rule of redaction that can't be followed

Between rooms, and caught by who asked:

NoAnswer                     resources.asking: nobody answered, or something else than was asked for
Unreadable  (ValueError)     multiprocess.snapshot: a file is none of ours
Busy        (OSError)        multiprocess.folder: it stayed locked
TooLarge    (OSError)        emf.way: a line that no datagram takes
CannotRun                    unchanged.launch: told to who gave the command, with a shell's exit code
"""

from __future__ import annotations


class InstrumentationError(Exception):
    """Root of the instrumentation's errors: mistakes in the call of `instrument()`, told at once and only there."""


class NotAnApplication(InstrumentationError, TypeError):
    """`instrument()` was given something that is no ASGI application; the text says what it was."""


class BadRule(InstrumentationError, ValueError):
    """A rule of redaction can't be followed: a pattern that is none or is found in every text, or an empty key."""


class BadObjective(InstrumentationError, ValueError):
    """An objective can't be promised; the text says what was found and what is allowed."""


class NoSuchClient(InstrumentationError, ValueError):
    """`instrument(clients=...)` names a library whose calls can't be followed; the text says which can."""


class NoSuchEngine(InstrumentationError, ValueError):
    """`instrument(engine=...)` asked for an engine that does not exist, or whose package is not installed."""
