"""Plants small faults in the modules that plan.toml names, one at a time, and says which of them no test notices.

    run.py [MODULE...]      ends with 1 where a fault survives that explained.toml does not explain, or an explanation is idle

No file is ever changed: a fault lives in the memory of a fork that has the tests collected already, so most cost a tenth of a second.
"""

from __future__ import annotations

import resource
import sys
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mutants import Mutant, mutants
from trial import Fate, Trial

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def say(text: str) -> None:
    """Tells whoever waits, at once: a run is long."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@dataclass
class Verdict:
    """What became of a module's mutants."""

    module: str
    explained: set[tuple[str, str]]
    fates: Counter[Fate] = field(default_factory=Counter)
    survivors: list[Mutant] = field(default_factory=list)
    seconds: float = 0

    def book(self, mutant: Mutant, fate: Fate) -> None:
        """Counts one; a survivor that nothing explains is said at once."""
        self.fates[fate] += 1
        if fate is Fate.SURVIVED:
            self.survivors.append(mutant)
            if mutant.key not in self.explained:
                say(f"{self.module}:{mutant.lines[0]}: survived\n    - {mutant.was}\n    + {mutant.becomes}")

    @property
    def unexplained(self) -> int:
        """Survivors without a reason."""
        return sum(mutant.key not in self.explained for mutant in self.survivors)

    @property
    def idle(self) -> list[tuple[str, str]]:
        """Explanations of what does not survive."""
        return sorted(self.explained - {mutant.key for mutant in self.survivors})

    def __str__(self) -> str:
        """One line, and one for each idle explanation."""
        alive = len(self.survivors)
        head = (
            f"{self.module}: {self.fates.total()} mutants, {self.fates.total() - alive} killed "
            f"({self.fates[Fate.LATE]} by patience), {alive - self.unexplained} explained, {self.unexplained} survived, "
            f"in {self.seconds:.0f} s of computing"
        )
        return "\n".join([head, *(f"    explained in vain: {was} -> {becomes}" for was, becomes in self.idle)])


def found(patterns: Sequence[str]) -> list[Path]:
    """The files of the house that have such names."""
    return [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]


def judge(path: Path, trial: Trial, explained: set[tuple[str, str]]) -> Verdict:
    """Tries every mutant of one module."""
    verdict = Verdict(str(path.relative_to(ROOT)), explained)
    began = _computed()
    for mutant in mutants(path.read_text()):
        verdict.book(mutant, trial.fate(path, mutant))
    verdict.seconds = _computed() - began
    say(str(verdict))
    return verdict


def _computed() -> float:
    """Seconds of computing of this process and of the trials that have ended."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in spent)


def main(asked: set[str]) -> int:
    """Judges the modules asked for, all of the plan's where none is."""
    plan = tomllib.loads((HERE / "plan.toml").read_text())
    reasons = tomllib.loads((HERE / "explained.toml").read_text())
    verdicts: list[Verdict] = []
    for room in plan["room"]:
        modules = [path for path in found(room["modules"]) if not asked or str(path.relative_to(ROOT)) in asked]

        def judged(trial: Trial, modules: list[Path] = modules) -> None:
            for path in modules:
                known = reasons.get(str(path.relative_to(ROOT)), [])
                verdicts.append(
                    judge(path, trial, {(entry["was"], becomes) for entry in known for becomes in entry["becomes"]})
                )

        if modules and Trial(ROOT, modules, judged).run(found(room["tests"])) not in (0, 5):
            return 1
    say(f"{_computed():.0f} s of computing")
    return int(any(verdict.unexplained or verdict.idle for verdict in verdicts) or not verdicts)


if __name__ == "__main__":
    sys.exit(main(set(sys.argv[1:])))
