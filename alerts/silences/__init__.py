"""Why nobody is told for now: silences by hand, maintenance, and quiet hours for tickets."""

__all__: list[str] = []
