"""The way out of the process: what is due, sealed, and sent until it is acknowledged."""
