"""Words to calls: a file a command. Each imports what it needs when it runs, so that the base install answers too, with what to install.

`program.app` is all of them.
"""

__all__: list[str] = []
