"""What a service logs: with its trace, as JSON on consoles, and over OTLP."""
