"""The gate: may this version start, or go on? Budget, burn, and the version's failures and durations held against the others'.

    Evidence -> judge -> Judgement (pass, fail or wait, the reasons, the numbers)

Stateless: the same counts have the same answer, and nobody need remember that they asked before. Counts are judged in whole buckets,
in the order of their time, and a version that was stopped once stays stopped.
"""

__all__: list[str] = []
