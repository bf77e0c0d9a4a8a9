"""A small bank as an example: a gateway and six services, each instrumented by one line, and the demo that breaks it.

Read first: `payments.py` (what a service looks like), `slos/payments.yaml` (what it promises), `services.py` (how it is
started). `acts.py` tells the demo's story and `judge.py` says what had to hold.
"""

__all__: list[str] = []
