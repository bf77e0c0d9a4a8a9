"""Examples that run: `fintech_edge` is the bank behind `fournines demo`."""

__all__: list[str] = []
