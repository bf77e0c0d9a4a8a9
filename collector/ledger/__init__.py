"""The ledger: counts on disk, durable, exact, and checked."""
