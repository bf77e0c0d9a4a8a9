"""A collector under load whose every write and sync is recorded: run by test_power as `python power.py FOLDER JOURNAL WAY`.

SQLite reaches its files through a table of functions (https://www.sqlite.org/vfs.html). The ones that write, cut, sync and delete
are replaced by others that note what they do, in the very library that the collector uses, and then call the first.
"""

from __future__ import annotations

import _sqlite3
import ctypes
import os
import pickle
import sys
from decimal import Decimal
from pathlib import Path

POINTER, INT, LONG, TEXT = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64, ctypes.c_char_p
IOERR_FSYNC, FULL = 1034, 13
OPEN, DELETE = 40, 48  # places in sqlite3_vfs
VFS_BYTES = 168
WRITE, TRUNCATE, SYNC = 24, 32, 40  # places in sqlite3_io_methods
METHODS_BYTES = 152

OPENS = ctypes.CFUNCTYPE(INT, POINTER, POINTER, POINTER, INT, POINTER)  # SQLite keeps the name: its own pointer goes on
DELETES = ctypes.CFUNCTYPE(INT, POINTER, TEXT, INT)
WRITES = ctypes.CFUNCTYPE(INT, POINTER, POINTER, INT, LONG)
TRUNCATES = ctypes.CFUNCTYPE(INT, POINTER, LONG)
SYNCS = ctypes.CFUNCTYPE(INT, POINTER, INT)


class Recorder:
    """Makes the recording functions SQLite's default. `journal` holds what happened, `fail` what is to go wrong: (name, result)."""

    def __init__(self):
        self.journal = []
        self.fail = None
        self.names = {}
        self.kept = []
        self.methods = {}
        library = ctypes.CDLL(_sqlite3.__file__)
        library.sqlite3_vfs_find.restype = POINTER
        self.original = library.sqlite3_vfs_find(None)
        self.vfs = ctypes.create_string_buffer(ctypes.string_at(self.original, VFS_BYTES), VFS_BYTES)
        self.name = ctypes.create_string_buffer(b"recorder")
        POINTER.from_buffer(self.vfs, 24).value = ctypes.addressof(self.name)
        self.opens = self.replace(self.vfs, OPEN, OPENS, self.open)
        self.deletes = self.replace(self.vfs, DELETE, DELETES, self.delete)
        assert library.sqlite3_vfs_register(self.vfs, 1) == 0

    def replace(self, table, place, kind, function):
        """Puts a function into a table and returns the one that was there."""
        old = kind(POINTER.from_buffer(table, place).value)
        new = kind(function)
        self.kept += [new, old]
        POINTER.from_buffer(table, place).value = ctypes.cast(new, POINTER).value
        return old

    def open(self, _vfs, name, file, flags, out):
        result = self.opens(self.original, name, file, flags, out)
        if result == 0 and name:
            self.names[file] = Path(ctypes.string_at(name).decode()).name
            address = POINTER.from_address(file)
            if address.value not in self.methods:
                self.methods[address.value] = self.recording(address.value)
            address.value = ctypes.addressof(self.methods[address.value])
        return result

    def recording(self, methods):
        table = ctypes.create_string_buffer(ctypes.string_at(methods, METHODS_BYTES), METHODS_BYTES)
        writes = self.replace(table, WRITE, WRITES, lambda *a: self.note("write", writes, *a))
        truncates = self.replace(table, TRUNCATE, TRUNCATES, lambda *a: self.note("truncate", truncates, *a))
        syncs = self.replace(table, SYNC, SYNCS, lambda *a: self.note("sync", syncs, *a))
        return table

    def note(self, what, function, file, *rest):
        if self.fail and self.fail[0] == what:
            return self.fail[1]
        if what == "write":
            self.journal.append((what, self.names[file], rest[2], ctypes.string_at(rest[0], rest[1])))
            return function(file, *rest)
        if what == "truncate":
            self.journal.append((what, self.names[file], rest[0]))
            return function(file, *rest)
        result = function(file, *rest)
        self.journal.append((what, self.names[file]))
        return result

    def delete(self, _vfs, name, sync):
        self.journal.append(("delete", Path(name.decode()).name, sync))
        return self.deletes(self.original, name, sync)


def load(folder, recorder, way):
    """Requests one by one, each noted before it is sent and when it is acknowledged; days pass, and the collector restarts once."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    from fournines.collector import Collector, Ledger, Signal, Unavailable
    from fournines.collector.kernels import load_decoders
    from fournines.slo import SLI, SLO, Objective, SLIKind

    slos = [SLO("all", SLI(SLIKind.AVAILABILITY, "payments", "spans"), Objective(Decimal("0.99")))]
    decoders = load_decoders(Path(os.environ["FOURNINES_KERNELS"]))
    now = 1.79e9
    collector = None
    for number in range(90):
        if number % 45 == 0:
            if collector is not None:
                collector.close()
            collector = Collector(Ledger(folder, now), slos, now, decoders)
            collector.ledger.writer.execute("PRAGMA wal_autocheckpoint = 25")
            if way in ("NORMAL", "OFF"):
                collector.ledger.writer.execute(f"PRAGMA synchronous = {way}")
        request = ExportTraceServiceRequest()
        resource = request.resource_spans.add()
        resource.resource.attributes.add(key="service.name").value.string_value = "payments"
        scope = resource.scope_spans.add()
        for index in range(number % 40 + 1):
            end = int((now - index * 700) * 1e9)
            scope.spans.add(
                kind=2,
                span_id=(number * 100 + index).to_bytes(8, "big"),
                end_time_unix_nano=end,
                start_time_unix_nano=end - 1000,
            )
        body = request.SerializeToString()
        recorder.journal.append(("sent", number % 40 + 1))
        if way == "faults" and number % 10 == 5:
            recorder.fail = ("sync", IOERR_FSYNC) if number % 20 == 5 else ("write", FULL)
            try:
                collector.accept(Signal.TRACES, body, now).result()
            except Unavailable:
                recorder.journal.append(("refused", 0))
            recorder.fail = None
        receipt = collector.accept(Signal.TRACES, body, now).result()
        assert not receipt.repeated
        recorder.journal.append(("acknowledged", receipt.accepted))
        if number % 3 == 0:
            collector.tick(now)
        now += 3_000.0
    recorder.journal.append(("total", collector.totals()["all"][1]))
    collector.close()


def main():
    try:
        recorder = Recorder()
    except (AttributeError, OSError) as error:
        sys.exit(f"SQLite's functions are out of reach: {error}")
    load(Path(sys.argv[1]), recorder, sys.argv[3])
    Path(sys.argv[2]).write_bytes(pickle.dumps(recorder.journal))


if __name__ == "__main__":
    main()
