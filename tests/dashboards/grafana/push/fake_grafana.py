"""A fake Grafana: no Grafana server can be had here. It speaks the documented routes of its HTTP API that pushing uses, on loopback.

It keeps what it is given and adds what Grafana adds: ids, versions with their messages and authors, provenance. It refuses without the
token (401), a version that is not the newest (412), a dashboard in a folder that is not there (400). It renders and evaluates nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "glsa_not-a-real-one"
Json = Any


class FakeGrafana:
    """What it keeps, and every request that was made."""

    def __init__(self) -> None:
        self.folders: dict[str, Json] = {}
        self.boards: dict[str, Json] = {}
        self.versions: dict[str, list[Json]] = {}
        self.groups: dict[str, Json] = {}
        self.sources: dict[str, Json] = {}
        self.annotations: list[Json] = []
        self.provisioned: set[str] = set()
        self.asked: list[tuple[str, str]] = []

    @property
    def written(self) -> list[tuple[str, str]]:
        """The requests that change something."""
        return [(method, path) for method, path in self.asked if method != "GET"]

    def saved(self, board: Json, by: str, message: str) -> int:
        """Keeps a dashboard as somebody saved it; its version."""
        versions = self.versions.setdefault(board["uid"], [])
        number = len(versions) + 1
        self.boards[board["uid"]] = {**board, "id": len(self.boards) + 1, "version": number}
        versions.insert(0, {"version": number, "createdBy": by, "message": message})
        return number

    def answer(self, method: str, target: str, body: Json) -> tuple[int, Json]:
        """Status and body, as the documentation has them."""
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        self.asked.append((method, unquote(path)))
        for pattern, handle in self._routes(query).items():
            if match := re.fullmatch(pattern, f"{method} {path}"):
                return handle(body, *map(unquote, match.groups()))
        return 404, {"message": "Not found"}

    def _routes(self, query: dict[str, list[str]]) -> dict[str, Callable[..., tuple[int, Json]]]:
        def found(kept: dict[str, Json]) -> Callable[..., tuple[int, Json]]:
            return lambda _, key: (200, kept[key]) if key in kept else (404, {"message": "not found"})

        return {
            r"GET /api/folders/(.+)": found(self.folders),
            r"POST /api/folders": lambda body: (200, self.folders.setdefault(body["uid"], body)),
            r"GET /api/dashboards/uid/([^/]+)": self._board,
            r"GET /api/dashboards/uid/(.+)/versions": lambda _, uid: (
                200,
                {"versions": self.versions[uid][: int(query["limit"][0])]},
            ),
            r"POST /api/dashboards/db": self._save,
            r"GET /api/v1/provisioning/folder/fournines/rule-groups/(.+)": found(self.groups),
            r"PUT /api/v1/provisioning/folder/fournines/rule-groups/(.+)": self._put_group,
            r"GET /api/datasources/uid/(.+)": found(self.sources),
            r"POST /api/datasources": lambda body: (
                200,
                self.sources.setdefault(body["uid"], {**body, "id": 1, "readOnly": False}),
            ),
            r"PUT /api/datasources/uid/(.+)": lambda body, uid: (200, self.sources.update({uid: {**body, "id": 1}})),
            r"GET /api/annotations": lambda _: (
                200,
                [a for a in self.annotations if set(query["tags"]) <= set(a["tags"])],
            ),
            r"POST /api/annotations": self._annotate,
            r"PATCH /api/annotations/(.+)": lambda body, key: (200, self.annotations[int(key)].update(body)),
        }

    def _board(self, _: Json, uid: str) -> tuple[int, Json]:
        if uid not in self.boards:
            return 404, {"message": "Dashboard not found"}
        return 200, {"dashboard": self.boards[uid], "meta": {"provisioned": uid in self.provisioned}}

    def _save(self, body: Json) -> tuple[int, Json]:
        board = body["dashboard"]
        there = self.boards.get(board["uid"])
        if body["folderUid"] not in self.folders:
            return 400, {"message": "folder not found"}
        if there and board.get("version") != there["version"] and not body["overwrite"]:
            return 412, {"status": "version-mismatch", "message": "The dashboard has been changed by someone else"}
        return 200, {"status": "success", "version": self.saved(board, "sa-fournines", body["message"])}

    def _put_group(self, body: Json, name: str) -> tuple[int, Json]:
        self.groups[name] = {**body, "rules": [{**rule, "provenance": "api", "id": 1} for rule in body["rules"]]}
        return 200, self.groups[name]

    def _annotate(self, body: Json) -> tuple[int, Json]:
        self.annotations.append({**body, "id": len(self.annotations)})
        return 200, {"message": "Annotation added", "id": len(self.annotations) - 1}


def serve(fake: FakeGrafana) -> ThreadingHTTPServer:
    """A server that answers as `fake` does, on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                status, said = 401, {"message": "Invalid API key"}
            else:
                status, said = fake.answer(self.command, self.path, body)
            content = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = _answer  # noqa: N815 - the names are the library's

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)
