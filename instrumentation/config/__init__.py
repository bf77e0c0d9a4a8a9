"""What the environment says, read once and typed."""
