"""From columns to the books: what of each signal is an event, of which SLO, and when."""
