"""The way of an alert from its condition to people: a list of stages, each of which answers, and says why.

    condition -> state -> route -> silence -> inhibition -> acknowledgement -> telling

The first that has the last word ends it; what then goes out is in the outbox within the same transaction.
"""

__all__: list[str] = []
