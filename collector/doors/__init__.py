"""Where OTLP comes in: from a socket to one request with its body, whichever protocol it came by."""
