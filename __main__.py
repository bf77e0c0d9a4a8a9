"""`python -m fournines`: the command line, or a sentence that says what to install for it."""

from __future__ import annotations

from .cli.interrupt import ended_by_interrupt


def main() -> None:
    """Runs the command line; exits with its code."""
    with ended_by_interrupt():
        from .cli.program import app
    app()


if __name__ == "__main__":
    main()
