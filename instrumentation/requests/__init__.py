"""One pass around each request."""
