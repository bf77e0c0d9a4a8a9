"""SLOs beside the code: what a service promises for its routes, declared where these are, and said to the collector.

Objective (checked at once) -> Declarations (finds the routes) -> plain values in the metrics' exports
"""
