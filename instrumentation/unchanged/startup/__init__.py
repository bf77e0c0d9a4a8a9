"""A folder on `PYTHONPATH`, no package: it holds nothing but what Python looks for at its start."""
