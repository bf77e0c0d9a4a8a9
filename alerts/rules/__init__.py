"""Rules as code: what other systems need to page as the collector does, written from the SLO files."""

__all__: list[str] = []
