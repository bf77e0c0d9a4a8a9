"""What never leaves the process: card numbers and secrets."""
