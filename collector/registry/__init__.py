"""Which SLOs there are, and which of them an attribute set feeds."""
