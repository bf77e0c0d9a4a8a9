"""The ledger's tables, as the steps that lead to them: a ledger of any older version is brought forward, one of a newer is refused.

Rows of `bucket` are keyed by time first: a commit that touches a thousand SLOs then writes neighbouring rows (measured: 25 kB of
write-ahead log and 3.4 ms, against 4,120 kB and 17 ms with the SLO first). What is remembered for a while (`digest`, `delta`) is
keyed by when it was seen, so that writing appends and forgetting cuts off a range.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from ..errors import LedgerError

APPLICATION_ID: Final = 0x34_4E_49_4E  # "4NIN", what file(1) can tell a ledger by

_FIRST: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE bucket (
    width INTEGER NOT NULL, t INTEGER NOT NULL, slo INTEGER NOT NULL,
    good INTEGER NOT NULL, total INTEGER NOT NULL, estimated INTEGER NOT NULL,
    PRIMARY KEY (width, t, slo)
) STRICT, WITHOUT ROWID;

CREATE TABLE slo (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, candidate TEXT NOT NULL DEFAULT '', since INTEGER,
    good INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT 0, estimated INTEGER NOT NULL DEFAULT 0,
    UNIQUE (name, candidate)
) STRICT;

CREATE TABLE service (
    name TEXT PRIMARY KEY, first REAL NOT NULL, counted REAL, metrics INTEGER NOT NULL, spans INTEGER NOT NULL, pinned TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE sender (
    service TEXT NOT NULL, instance TEXT NOT NULL, first REAL NOT NULL, last REAL NOT NULL, exports INTEGER NOT NULL,
    gap REAL NOT NULL, heartbeat INTEGER NOT NULL, goodbye INTEGER NOT NULL, said INTEGER NOT NULL,
    PRIMARY KEY (service, instance)
) STRICT, WITHOUT ROWID;

CREATE TABLE digest (
    seen REAL NOT NULL, digest BLOB NOT NULL, accepted INTEGER NOT NULL, rejected INTEGER NOT NULL, reason TEXT NOT NULL,
    PRIMARY KEY (seen, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE delta (
    seen REAL NOT NULL, stream BLOB NOT NULL, "start" INTEGER NOT NULL, "end" INTEGER NOT NULL,
    PRIMARY KEY (seen, stream, "start", "end")
) STRICT, WITHOUT ROWID;

CREATE TABLE cumulative (
    stream BLOB NOT NULL, "start" INTEGER NOT NULL, time INTEGER NOT NULL, seen REAL NOT NULL, count INTEGER NOT NULL,
    bounds BLOB NOT NULL, buckets BLOB NOT NULL,
    PRIMARY KEY (stream, "start")
) STRICT, WITHOUT ROWID;

CREATE TABLE family (digest BLOB PRIMARY KEY, first REAL NOT NULL, received REAL NOT NULL, time INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE tracked (name TEXT PRIMARY KEY, since REAL NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE silence (
    slo INTEGER PRIMARY KEY, "start" INTEGER NOT NULL, events INTEGER NOT NULL, seconds INTEGER NOT NULL, booked INTEGER NOT NULL
) STRICT;
"""

_SECOND: Final = """
-- Who had a part in bad events, per minute and per hour, and their names by number.
CREATE TABLE contributor (
    id INTEGER PRIMARY KEY, breakdown INTEGER NOT NULL, route TEXT NOT NULL, status TEXT NOT NULL, error TEXT NOT NULL,
    version TEXT NOT NULL, instance TEXT NOT NULL, last INTEGER NOT NULL
) STRICT;

CREATE TABLE blame (
    width INTEGER NOT NULL, t INTEGER NOT NULL, slo INTEGER NOT NULL, contributor INTEGER NOT NULL, bad INTEGER NOT NULL,
    PRIMARY KEY (width, t, slo, contributor)
) STRICT, WITHOUT ROWID;

-- Closed days. Of each width: days that begin before `packed` are read from `day`, later ones from `bucket`; what is booked before
-- `open` comes `late`; of the day between the two, `next` is packed next. `folded` counts the times that packed days
-- changed. From `complete` on the width holds every event that wider ones hold.
CREATE TABLE tier (
    width INTEGER PRIMARY KEY, packed INTEGER NOT NULL, open INTEGER NOT NULL, next INTEGER NOT NULL, folded INTEGER NOT NULL,
    complete INTEGER NOT NULL
) STRICT;
INSERT INTO tier SELECT width, 0, 0, 0, 0, CASE WHEN oldest > newest + 172800 - kept THEN 0 ELSE (newest + 172800 - kept) / 3600 * 3600 END
FROM (SELECT 10 AS width, 259200 AS kept UNION SELECT 60, 3024000 UNION SELECT 3600, 34560000)
JOIN (SELECT coalesce(min(t), 1) AS oldest, coalesce(max(t), 0) AS newest FROM bucket WHERE width = 3600);

CREATE TABLE day (
    width INTEGER NOT NULL, day INTEGER NOT NULL, slo INTEGER NOT NULL,
    good INTEGER NOT NULL, total INTEGER NOT NULL, estimated INTEGER NOT NULL, buckets BLOB NOT NULL,
    PRIMARY KEY (width, day, slo)
) STRICT, WITHOUT ROWID;

CREATE TABLE late (
    width INTEGER NOT NULL, t INTEGER NOT NULL, slo INTEGER NOT NULL,
    good INTEGER NOT NULL, total INTEGER NOT NULL, estimated INTEGER NOT NULL,
    PRIMARY KEY (width, t, slo)
) STRICT, WITHOUT ROWID;

CREATE TABLE dropped (slo INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER slo_dropped AFTER DELETE ON slo BEGIN INSERT OR IGNORE INTO dropped VALUES (OLD.id); END;

-- Whether a service ever sent X-Ray segments, which are kept apart from OTLP's spans.
ALTER TABLE service ADD COLUMN segments INTEGER NOT NULL DEFAULT 0;

-- Samples of remote write that wait for the rest of their scrape.
CREATE TABLE prometheus_pending (
    family BLOB NOT NULL, time INTEGER NOT NULL, labels TEXT NOT NULL, native INTEGER NOT NULL, "start" INTEGER NOT NULL,
    value TEXT NOT NULL, since REAL NOT NULL,
    PRIMARY KEY (family, time, labels, native)
) STRICT, WITHOUT ROWID;

-- What cumulative streams said last, as pages of numbers, and their boundaries; which intervals of delta streams were counted, one row
-- a commit. Version 1 knew streams by another digest: of those, nothing that began before their last point counts whole again.
INSERT OR REPLACE INTO meta SELECT 'horizon',
    max(CAST(max(seen) AS INTEGER) + 1, coalesce((SELECT value FROM meta WHERE key = 'horizon'), 0))
FROM cumulative HAVING count(*) > 0;
DROP TABLE cumulative;
DROP TABLE family;
DROP TABLE delta;
CREATE TABLE page_keys (id INTEGER PRIMARY KEY, keys BLOB NOT NULL) STRICT;
CREATE TABLE page_cells (id INTEGER PRIMARY KEY, cells BLOB NOT NULL) STRICT;
CREATE TABLE boundary (id INTEGER PRIMARY KEY, bounds BLOB NOT NULL) STRICT;
CREATE TABLE interval (
    seen REAL NOT NULL, number INTEGER NOT NULL, intervals BLOB NOT NULL, PRIMARY KEY (seen, number)
) STRICT, WITHOUT ROWID;

-- The fraction of an event that weighed spans left over, good and bad, in 2**-62; an SLO with a row here counts sampled spans.
CREATE TABLE fraction (slo INTEGER PRIMARY KEY, good INTEGER NOT NULL, bad INTEGER NOT NULL) STRICT;
CREATE TRIGGER fraction_dropped AFTER DELETE ON slo BEGIN DELETE FROM fraction WHERE slo = OLD.id; END;

-- When a service was heard last, to a day, so that one that is gone goes; 0 is dated when it is looked at.
ALTER TABLE service ADD COLUMN heard REAL NOT NULL DEFAULT 0;
"""

_THIRD: Final = """
-- What services declare of themselves: each way in which a name is declared, by whom, and when it was said first and last.
CREATE TABLE declaration (
    name TEXT NOT NULL, service TEXT NOT NULL, text TEXT NOT NULL, version TEXT NOT NULL, since REAL NOT NULL, last REAL NOT NULL,
    PRIMARY KEY (name, service, text)
) STRICT, WITHOUT ROWID;

-- The signal of work that is no request, of a service that sent any before it was pinned.
ALTER TABLE service ADD COLUMN work TEXT;
"""

_FOURTH: Final = """
-- Which objective an SLO had from which second on.
CREATE TABLE objective (
    name TEXT NOT NULL, since INTEGER NOT NULL, target TEXT NOT NULL, PRIMARY KEY (name, since)
) STRICT, WITHOUT ROWID;

-- The versions of services that are counted apart, and what each SLO counted of them, per 10 s and per hour; 0 is all others.
CREATE TABLE version (
    id INTEGER PRIMARY KEY AUTOINCREMENT, service TEXT NOT NULL, version TEXT NOT NULL, since INTEGER NOT NULL, last INTEGER NOT NULL,
    UNIQUE (service, version)
) STRICT;
CREATE TABLE version_count (
    width INTEGER NOT NULL, t INTEGER NOT NULL, slo INTEGER NOT NULL, version INTEGER NOT NULL, good INTEGER NOT NULL,
    total INTEGER NOT NULL,
    PRIMARY KEY (width, t, slo, version)
) STRICT, WITHOUT ROWID;

-- Time that people took out of an SLO, or of all SLOs of a service; one that is taken back stays.
CREATE TABLE correction (
    id INTEGER PRIMARY KEY, slo TEXT NOT NULL, service TEXT NOT NULL, start INTEGER NOT NULL, seconds INTEGER NOT NULL,
    reason TEXT NOT NULL, author TEXT NOT NULL, rule TEXT NOT NULL, zone TEXT NOT NULL, made REAL NOT NULL,
    ended REAL, ended_by TEXT, ended_for TEXT
) STRICT;

-- How long the events of each version took, per 10 s: counts in the bins of boundaries.
CREATE TABLE version_duration (
    t INTEGER NOT NULL, slo INTEGER NOT NULL, version INTEGER NOT NULL, bounds INTEGER NOT NULL, bins BLOB NOT NULL,
    PRIMARY KEY (t, slo, version, bounds)
) STRICT, WITHOUT ROWID;

-- Which version went out when, and versions that the gate lets pass by hand for a while.
CREATE TABLE deployment (
    id INTEGER PRIMARY KEY, service TEXT NOT NULL, version TEXT NOT NULL, started REAL, finished REAL, rolled_back REAL,
    author TEXT NOT NULL, "commit" TEXT NOT NULL, failed_gate REAL
) STRICT;
CREATE TABLE gate_override (
    service TEXT NOT NULL, version TEXT NOT NULL, author TEXT NOT NULL, reason TEXT NOT NULL, at REAL NOT NULL, until REAL NOT NULL,
    PRIMARY KEY (service, version)
) STRICT, WITHOUT ROWID;

-- Who did what by hand; rows are only ever added.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, author TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
    reason TEXT NOT NULL, detail TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_not_replaced BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;
CREATE TRIGGER audit_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;
CREATE TRIGGER audit_not_deleted BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;

-- The groups of SLOs with `group_by`: their values as JSON, by attribute, `{}` for that of the others; heard is 0 until somebody looks.
CREATE TABLE slo_group (
    name TEXT PRIMARY KEY, template TEXT NOT NULL, "values" TEXT NOT NULL, heard REAL NOT NULL
) STRICT, WITHOUT ROWID;
"""

STEPS: Final = (_FIRST, _SECOND, _THIRD, _FOURTH)
"""Step n leads from version n to version n + 1. Released steps are never changed; new ones are added at the end."""


def migrate(connection: sqlite3.Connection, steps: tuple[str, ...] = STEPS) -> None:
    """Brings a ledger to the newest version, one transaction a step. Raises LedgerError for a ledger newer than this program."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(steps):
        raise LedgerError(
            f"the ledger is of version {version}, and this fournines knows versions up to {len(steps)}; use a newer fournines"
        )
    for number, step in enumerate(steps[version:], start=version + 1):
        connection.executescript(
            f"BEGIN IMMEDIATE; {step} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {number}; COMMIT;"
        )
