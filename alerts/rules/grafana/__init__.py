"""Alert rules, contact points and policies of Grafana, as the files that it reads when it starts.

    SLO -> burn_rule, watch_rules (grafanalib's alert classes) -> modernise -> provision (YAML)

Grafana asks a Prometheus that records the generated rules; it judges and sends by itself.
"""

__all__: list[str] = []
