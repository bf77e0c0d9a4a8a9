"""Who sends: since when, how far their clocks are off, and what their silence means."""
