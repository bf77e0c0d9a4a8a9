"""Backtest: what an alert policy would have said about counts that are known already, and what it would have been worth.

    HistorySource -> History (cumulative counts) -> Replay of each Policy -> Verdict against Incidents -> Report (text, JSON, SVG)

The comparison is the engine's (`slo.arithmetic.compare`), and so are the windows and the state machine; only that all moments are
judged at once instead of one after the other.
"""

__all__: list[str] = []
