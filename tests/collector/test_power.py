"""Power loss: what was written but not synced is gone, or half there. What was acknowledged is counted all the same."""

from __future__ import annotations

import contextlib
import os
import pickle
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from fournines.collector.ledger.ledger import Ledger
from fournines.collector.ledger.verify import verify

SECTOR = 512
NOW = 1.79e9 + 400_000

pytestmark = pytest.mark.usefixtures("decoders")  # compiled before a child that has a timeout needs them


def record(tmp_path, way):
    """What a collector wrote, synced and acknowledged under load, in order."""
    command = [sys.executable, Path(__file__).with_name("power.py"), tmp_path / "data", tmp_path / "journal", way]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    if "out of reach" in run.stderr and os.environ.get("CI") != "true":  # a gate that skips is none
        pytest.skip(run.stderr.strip())
    assert run.returncode == 0, run.stderr
    return pickle.loads((tmp_path / "journal").read_bytes())


class Disk:
    """Files as they would be after power loss: what was synced, and what was not and may be lost."""

    def __init__(self):
        self.synced = {}
        self.waiting = {}
        self.deleted = {}

    def follow(self, entry):
        what, name, *rest = entry
        if what == "sync":
            if name not in self.synced and name != "ledger.db":
                self.deleted.clear()  # SQLite syncs the folder together with a log that is new: what was deleted before is
            self.synced[name] = self.image(name, self.waiting.pop(name, []))
            self.deleted.pop(name, None)
        elif what == "delete":
            content = self.synced.pop(name, b"")
            if not rest[0]:
                self.deleted[name] = content
            self.waiting.pop(name, None)
        else:
            self.waiting.setdefault(name, []).append((what, *rest))

    def image(self, name, writes):
        content = bytearray(self.synced.get(name, b""))
        for what, place, *data in writes:
            if what == "truncate":
                del content[place:]
            else:
                content.extend(bytes(max(0, place - len(content))))
                content[place : place + len(data[0])] = data[0]
        return bytes(content)

    def after(self, chance):
        """The files after the power went: of what waited nothing is left without a chance, else some, and some of that half."""
        names = self.synced.keys() | self.waiting.keys() if chance else self.synced.keys()
        files = {name: self.image(name, self.survivors(name, chance)) for name in names}
        if chance and chance.random() < 0.5:
            files |= {name: content for name, content in self.deleted.items() if name not in files}
        return files

    def survivors(self, name, chance):
        if chance is None:
            return
        for what, place, *data in self.waiting.get(name, []):
            fate = chance.random()
            if fate < 0.4:
                yield what, place, *data
            elif fate < 0.6 and what == "write":
                yield what, place, data[0][: chance.randrange(0, len(data[0]) + 1, SECTOR)]


def losses(tmp_path, journal, moments, chance):
    """Power goes at each moment: every ledger that is then there is sound, or the failure said; and events that are missing from it."""
    disk, sent, acknowledged, missing = Disk(), 0, 0, 0
    for number, entry in enumerate(journal):
        if number in moments:
            for number_, files in enumerate((disk.after(None), disk.after(chance))):
                folder = tmp_path / f"{number}-{number_}"
                folder.mkdir()
                for name, content in files.items():
                    (folder / name).write_bytes(content)
                counted = recovered(folder)
                assert counted <= sent
                missing += max(0, acknowledged - counted)
        if entry[0] == "sent":
            sent += entry[1]
        elif entry[0] == "acknowledged":
            acknowledged += entry[1]
        elif entry[0] not in ("refused", "total"):
            disk.follow(entry)
    return missing


def recovered(folder):
    """Events in the ledger as the next start finds it."""
    ledger = Ledger(folder, NOW)
    counted = ledger.writer.execute("SELECT coalesce(sum(total), 0) FROM slo WHERE name = 'all'").fetchone()[0]
    ledger.close()
    verdict = verify(folder)
    assert verdict.sound, str(verdict)
    return counted


def moments(journal, count):
    """Random moments, and the ones right after something was acknowledged: nothing that is still under way hides a loss there."""
    after = [number + 1 for number, entry in enumerate(journal) if entry[0] == "acknowledged"]
    chance = random.Random(4)
    return {
        *chance.sample(after, min(len(after), count)),
        *chance.sample(range(len(journal)), min(len(journal), count)),
    }


@pytest.mark.parametrize("count", [10, pytest.param(2000, marks=[pytest.mark.long, pytest.mark.timeout(1200)])])
def test_power_loss_loses_nothing_acknowledged(tmp_path, count):
    """Whenever the power goes, whatever is lost or torn of what was not synced: what was acknowledged is counted, and the ledger sound."""
    journal = record(tmp_path, "FULL")

    assert losses(tmp_path, journal, moments(journal, count), random.Random(5)) == 0
    assert {"write", "sync", "delete"} <= {entry[0] for entry in journal}


def test_the_simulation_sees_a_missing_sync(tmp_path):
    """With a log that is not synced at every commit the same simulation does find losses: it can tell."""
    journal = record(tmp_path, "NORMAL")

    assert losses(tmp_path, journal, moments(journal, 6), random.Random(5)) > 0


def test_failing_syncs_and_writes_are_refused_and_lose_nothing(tmp_path):
    """A commit whose sync or write fails is refused, comes again and counts once; power loss after it loses nothing acknowledged."""
    journal = record(tmp_path, "faults")
    counts = [entry[1] for entry in journal if entry[0] == "acknowledged"]
    refused = sum(entry[0] == "refused" for entry in journal)

    assert ("total", sum(counts)) in journal
    assert refused == 9
    assert losses(tmp_path, journal, moments(journal, 4), random.Random(6)) == 0
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "ledger.db")) as connection:
        assert sum(counts) == connection.execute("SELECT sum(total) FROM slo WHERE name = 'all'").fetchone()[0]
