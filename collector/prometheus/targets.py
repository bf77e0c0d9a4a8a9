"""What is scraped: jobs with the targets of the configuration, and those of files that are read again when they change.

Source of the files' form: Prometheus, "file_sd_config".
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

METRICS_PATH: Final = "__metrics_path__"
SCHEME: Final = "__scheme__"
MOST_TARGETS: Final = 10_000

_LOG: Final = logging.getLogger("fournines.collector")


@dataclass(frozen=True, slots=True)
class ScrapeJob:
    """One job: who is scraped, how often (seconds) and how. `files` are paths or patterns; `headers` may hold secrets.

    `limit` bounds a scrape's bytes. `timeout` is at most the interval.
    """

    job: str
    targets: tuple[str, ...] = ()
    interval: float = 15.0
    timeout: float = 10.0
    path: str = "/metrics"
    scheme: str = "http"
    files: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    verify: bool = True
    limit: int = 64 * 1024 * 1024


class Target(NamedTuple):
    """One address that is asked. Its labels are laid over those it shows."""

    job: ScrapeJob
    address: str
    url: str
    labels: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """The job it is scraped as."""
        return dict(self.labels)["job"]

    @property
    def instance(self) -> str:
        """Which of the job's instances it is."""
        return dict(self.labels)["instance"]


class TargetDiscovery:
    """The targets of all jobs. A file that can't be read leaves what it said before in force; `failed` is told each time."""

    def __init__(self, jobs: Iterable[ScrapeJob], failed: Callable[[str], None]) -> None:
        self._jobs = tuple(jobs)
        self._failed = failed
        self._known: dict[Path, list[Mapping[str, Any]]] = {}
        self._faults: dict[Path, str] = {}

    def targets(self) -> frozenset[Target]:
        """All targets as of now; reads files."""
        found = {target for job in self._jobs for target in self._of(job)}
        return frozenset(sorted(found, key=lambda target: target.url)[:MOST_TARGETS])

    def _of(self, job: ScrapeJob) -> Iterable[Target]:
        yield from (_target(job, address, {}) for address in job.targets)
        for path in sorted({path for pattern in job.files for path in _matching(pattern)}):
            for group in self._groups(path):
                yield from (_target(job, address, group.get("labels") or {}) for address in group["targets"])

    def _groups(self, path: Path) -> list[Mapping[str, Any]]:
        try:
            self._known[path] = _read(path)
            self._faults.pop(path, None)
        except (OSError, ValueError, yaml.YAMLError) as error:
            self._failed(path.name)
            if self._faults.get(path) != str(error):
                self._faults[path] = str(error)
                _LOG.error("the targets in %s can't be read, those known stay: %s", path, error)
        return self._known.get(path, [])


def offset(target: Target) -> float:
    """Seconds within its interval at which a target is scraped: others at others, the same one always at the same."""
    digest = hashlib.blake2b(target.url.encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64 * target.job.interval


def _target(job: ScrapeJob, address: str, labels: Mapping[str, Any]) -> Target:
    texts = {str(name): str(value) for name, value in labels.items()}
    scheme, path = texts.get(SCHEME, job.scheme), texts.get(METRICS_PATH, job.path)
    shown = {name: value for name, value in texts.items() if not name.startswith("__")}
    return Target(
        job,
        address,
        f"{scheme}://{address}/{path.lstrip('/')}",
        tuple(sorted(({"job": job.job, "instance": address} | shown).items())),
    )


def _matching(pattern: str) -> list[Path]:
    path = Path(pattern)
    return sorted(path.parent.glob(path.name)) if "*" in path.name else [path]


def _read(path: Path) -> list[Mapping[str, Any]]:
    text = path.read_text(encoding="utf-8")
    groups = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    if groups is None:
        return []
    if not isinstance(groups, list) or not all(map(_is_group, groups)):
        raise ValueError("needs a list of {targets: [...], labels: {...}}")
    return groups


def _is_group(group: Any) -> bool:
    if not isinstance(group, dict) or not isinstance(group.get("labels") or {}, dict):
        return False
    targets = group.get("targets")
    return isinstance(targets, list) and all(isinstance(target, str) for target in targets)
