"""fournines keeps the promise of 99.99 %: one-line instrumentation, an exact collector, budgets, pages and dashboards.

Users import the folders: `from fournines.instrumentation import instrument`, `from fournines.slo import SLO`.
"""

__version__ = "0.1.0"

__all__ = ["__version__"]
