"""`python -m fournines`: the command line, or a sentence that says what to install for it."""

from __future__ import annotations

from .cli import app


def main() -> None:
    """Runs the command line; exits with its code."""
    app()


if __name__ == "__main__":
    main()
