"""artefacts: the dashboards and rules the SLO files become, and what promtool thinks of the rules."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Artefacts", "build", "find_promtool"]

BUILD_SECONDS = 60.0


@dataclass(frozen=True)
class Artefacts:
    """What `fournines build` wrote. `accepted` is promtool's word, None where there is no promtool.

    `error` is empty, or says what went wrong in building.
    """

    folder: Path
    dashboards: int = 0
    rule_files: int = 0
    accepted: bool | None = None
    promtool: str = ""
    error: str = ""


def build(slos: Path, folder: Path) -> Artefacts:
    """Runs `fournines build` into `folder` and shows the rules to promtool."""
    command = [sys.executable, "-m", "fournines", "build", "--slos", str(slos), "--out", str(folder)]
    try:
        done = run(command)
    except subprocess.TimeoutExpired:
        return Artefacts(folder, error=f"fournines build took more than {BUILD_SECONDS:g} s")
    if done.returncode != 0:
        return Artefacts(folder, error=f"fournines build ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    rules = sorted(path for path in folder.rglob("*.y*ml") if is_rules(path))
    accepted, said = ask_promtool(rules)
    return Artefacts(folder, len([*folder.rglob("grafana/**/*.json")]), len(rules), accepted, said)


def is_rules(path: Path) -> bool:
    """Whether this is a file of Prometheus rules (Grafana's own also have groups, under an apiVersion)."""
    lines = path.read_text().splitlines()
    return "groups:" in lines and not any(line.startswith("apiVersion:") for line in lines)


def ask_promtool(rules: list[Path]) -> tuple[bool | None, str]:
    """Whether promtool accepts the files, and its words; None without promtool, False for no files."""
    promtool = find_promtool()
    if promtool is None:
        return None, "promtool is neither on PATH nor in .tools"
    if not rules:
        return False, "there are no rule files"
    done = run([promtool, "check", "rules", *map(str, rules)])
    return done.returncode == 0, (done.stdout + done.stderr).strip()


def find_promtool(tools: Path = Path(".tools")) -> str | None:
    """The promtool on PATH or anywhere under `tools`, or None."""
    return shutil.which("promtool") or next(map(str, sorted(tools.resolve().rglob("bin/promtool"))), None)


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Runs a short command of ours or promtool to its end."""
    return subprocess.run(  # noqa: S603 - our own interpreter, or promtool
        command, capture_output=True, text=True, check=False, timeout=BUILD_SECONDS
    )
