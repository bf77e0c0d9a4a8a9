"""What is counted: requests and work, their durations, and exemplars."""
