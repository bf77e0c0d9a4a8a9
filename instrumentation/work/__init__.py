"""Work that is no HTTP request: operations and jobs, and messages of queues. Each is a span and a count, as requests are."""
