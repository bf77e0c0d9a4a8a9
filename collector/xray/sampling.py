"""The sampling rules that X-Ray's SDKs ask their daemon for, answered from local ones.

Source: AWS X-Ray API reference, `GetSamplingRules` and `GetSamplingTargets`; developer guide, "Configuring sampling rules".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.types import ASGIApp, Receive, Scope, Send

from .instruments import Instruments

INTERVAL: Final = 10
"""Seconds after which an SDK reports again, and for which a quota holds at least."""

MOST_BYTES: Final = 256 * 1024
"""A report of 25 statistics, the most there may be, has 5 kB."""


@dataclass(frozen=True, slots=True)
class SamplingRule:
    """One rule: each process records `reservoir` matching requests a second, and the share `rate` of those beyond."""

    name: str = "Default"
    rate: float = 0.05
    reservoir: int = 1
    priority: int = 10_000
    host: str = "*"
    service: str = "*"
    service_type: str = "*"
    method: str = "*"
    path: str = "*"

    def record(self, since: float) -> dict[str, Any]:
        """The rule as `GetSamplingRules` tells it."""
        rule = {
            "RuleName": self.name,
            "RuleARN": f"arn:aws:xray:local:000000000000:sampling-rule/{self.name}",
            "ResourceARN": "*",
            "Priority": self.priority,
            "FixedRate": self.rate,
            "ReservoirSize": self.reservoir,
            "ServiceName": self.service,
            "ServiceType": self.service_type,
            "Host": self.host,
            "HTTPMethod": self.method,
            "URLPath": self.path,
            "Version": 1,
            "Attributes": {},
        }
        return {"SamplingRule": rule, "CreatedAt": since, "ModifiedAt": since}

    def target(self, now: float) -> dict[str, Any]:
        """What a process that reported on the rule is to do from now on."""
        return {
            "RuleName": self.name,
            "FixedRate": self.rate,
            "ReservoirQuota": self.reservoir,
            "ReservoirQuotaTTL": int(now) + 2 * INTERVAL,
            "Interval": INTERVAL,
        }


DEFAULT_RULES: Final = (SamplingRule(),)
"""What X-Ray does where nobody wrote a rule: the first request of each second, and 5 % of the others."""


class _Refused(Exception):
    """Answered with a status and X-Ray's name of the fault."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind


class SamplingService:
    """Answers for the SDKs' pollers. `clock` gives epoch seconds."""

    def __init__(self, rules: Sequence[SamplingRule], clock: Callable[[], float], instruments: Instruments) -> None:
        self._rules = {rule.name: rule for rule in rules}
        self._clock = clock
        self._instruments = instruments
        self._since = clock()
        self._operations: Mapping[str, Callable[[Any], dict[str, Any]]] = {
            "/GetSamplingRules": self._get_rules,
            "/SamplingTargets": self._get_targets,
        }

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, str, dict[str, Any]]:
        """Status, X-Ray's name of the fault (empty where there is none) and the answer's JSON."""
        try:
            answered = self._answer(method, path, body)
        except _Refused as refused:
            self._instruments.polls.labels(_known(path, self._operations), "refused").inc()
            return refused.status, refused.kind, {"message": str(refused)}
        self._instruments.polls.labels(path, "answered").inc()
        return 200, "", answered

    def _answer(self, method: str, path: str, body: bytes) -> dict[str, Any]:
        operation = self._operations.get(path)
        if operation is None:
            known = ", ".join(self._operations)
            raise _Refused(404, "ResourceNotFoundException", f"{path[:200]} is not served here; there is {known}")
        if method != "POST":
            raise _Refused(405, "InvalidRequestException", f"{path} takes POST, not {method}")
        try:
            question = json.loads(body or b"{}")
        except (ValueError, RecursionError):
            raise _Refused(400, "InvalidRequestException", "the body is no JSON") from None
        if not isinstance(question, dict):
            raise _Refused(400, "InvalidRequestException", "the body is no JSON object")
        return operation(question)

    def _get_rules(self, question: Mapping[str, Any]) -> dict[str, Any]:
        return {"NextToken": None, "SamplingRuleRecords": [rule.record(self._since) for rule in self._rules.values()]}

    def _get_targets(self, question: Mapping[str, Any]) -> dict[str, Any]:
        documents = question.get("SamplingStatisticsDocuments")
        if not isinstance(documents, list):
            raise _Refused(400, "InvalidRequestException", "SamplingStatisticsDocuments is missing")
        names = [document.get("RuleName") if isinstance(document, dict) else None for document in documents]
        known = [self._rules[name] for name in names if name in self._rules]
        return {
            "SamplingTargetDocuments": [rule.target(self._clock()) for rule in known],
            "LastRuleModification": self._since,
            "UnprocessedStatistics": [
                {"RuleName": name, "ErrorCode": "400", "Message": "there is no such rule"}
                for name in names
                if name not in self._rules
            ],
        }


def _known(path: str, operations: Mapping[str, object]) -> str:
    return path if path in operations else "other"


def sampling_app(sampling: SamplingService) -> ASGIApp:
    """The ASGI application for the TCP side of X-Ray's port."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http", "lifespan and WebSockets are not for this application"
        body = await _read(receive)
        if body is None:
            status, kind, answer = 413, "InvalidRequestException", {"message": f"more than {MOST_BYTES} bytes"}
        else:
            status, kind, answer = sampling.answer(scope["method"], scope["path"], body)
        content = b"" if scope["method"] == "HEAD" else json.dumps(answer).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        if kind:
            headers.append((b"x-amzn-errortype", kind.encode()))
        if status == 405:
            headers.append((b"allow", b"POST"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    return app


async def _read(receive: Receive) -> bytes | None:
    """The body; None where it is too large, or its sender left."""
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MOST_BYTES:
            return None
        more = message.get("more_body", False)
    return b"".join(parts)
