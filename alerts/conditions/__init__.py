"""What an evaluation says about the conditions of alerts: one module a kind of condition, asked one after another."""

__all__: list[str] = []
