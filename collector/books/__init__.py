"""The books: everything that one transaction changes together, and the one thread that changes it."""
