"""AWS X-Ray inside a service: its SDK, beside or before us, speaks of the same requests and the same traces."""
