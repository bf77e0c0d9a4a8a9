"""A certificate that a probe was shown expires soon, or did: a ticket three weeks before, a page three days before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Final, NamedTuple, Protocol

from ...slo import DAY, Evaluation, figures
from ...slo.annotations import alerts_off
from ..alert import Alert, AlertKey, AlertKind
from ..state import ConditionState
from ..words import Words
from .condition import Judgement
from .stopped_reporting import Services

SWITCH: Final = "certificate"
BEFORE: Final[Mapping[AlertKind, int]] = {AlertKind.CERTIFICATE_PAGE: 3 * DAY, AlertKind.CERTIFICATE: 21 * DAY}
"""Seconds before its end at which each begins. Those who renew by themselves do so 30 days before."""


class Certificate(NamedTuple):
    """What a probe of a service was shown last: `expires` in epoch seconds, None where it has not been shown a sound one yet; `expired`
    that it was refused for its age, be it its own or that of one above it.
    """

    service: str
    probe: str
    expires: float | None
    expired: bool = False

    @property
    def name(self) -> str:
        """What its alerts are known by."""
        return f"{self.service} {self.probe}"


class CertificateSource(Protocol):
    """Whoever looks at certificates."""

    def certificates(self) -> Iterable[Certificate]:
        """Those of all probes that may be shown one."""
        ...


class FakeCertificates:
    """Has those it is given."""

    def __init__(self, *certificates: Certificate) -> None:
        self.known = certificates

    def certificates(self) -> Iterable[Certificate]:
        """Them."""
        return self.known


class ExpiringCertificate:
    """Met while a certificate has three weeks left or less, and for a page three days; and while one is refused for its age."""

    def __init__(self, source: CertificateSource, services: Services | None = None) -> None:
        self._source = source
        self._services = services or Services()

    def judgements(self, evaluation: Evaluation, open_: Mapping[AlertKey, Alert]) -> Iterator[Judgement]:
        """Certificates that expire soon or did, each with its page before its ticket."""
        rows, known = self._services.rows(evaluation.layout), set()
        for certificate in self._source.certificates():
            row = rows.get(certificate.service)
            known.add(certificate.name)
            for kind, before in BEFORE.items():
                key, state = AlertKey(kind, certificate.name), _condition(certificate, before, evaluation.now)
                # Who switched it off is looked for only where there would be something to tell: among all SLOs.
                off = (key in open_ or state is ConditionState.MET) and _is_off(evaluation, certificate.service)
                if key in open_ or (state is ConditionState.MET and not off):
                    told = ConditionState.CLEAR if off else state
                    yield Judgement(key, told, row, _said(certificate, evaluation.now))
        gone = (key for key in open_ if key.kind in BEFORE and key.name not in known)
        yield from (Judgement(key, ConditionState.CLEAR, None) for key in gone)


def _is_off(evaluation: Evaluation, service: str) -> bool:
    return any(SWITCH in alerts_off(slo) for slo in evaluation.slos if slo.sli.service == service and slo.annotations)


def _condition(certificate: Certificate, before: int, now: float) -> ConditionState:
    if certificate.expired:
        return ConditionState.MET
    if certificate.expires is None:
        return ConditionState.UNKNOWN
    return ConditionState.MET if certificate.expires - now <= before else ConditionState.CLEAR


def _said(certificate: Certificate, now: float) -> Callable[[], Words] | None:
    """What is said of one; nothing of one that was not shown yet. When it ended is not known of one that was never sound here."""
    if certificate.expired and (certificate.expires is None or certificate.expires > now):
        return partial(_words_of_expired, certificate)
    return None if certificate.expires is None else partial(_words, certificate, certificate.expires, now)


def _words_of_expired(certificate: Certificate) -> Words:
    return Words(
        summary=f"the certificate of {certificate.probe} ({certificate.service}) has expired",
        description=(
            "Whoever verifies it can't connect: it, or one that it is signed by, was refused for its age."
            " Renew it with its chain, and look why nobody did by itself."
        ),
        reason="it was refused because it has expired",
        over="Another certificate is shown, which is sound.",
    )


def _words(certificate: Certificate, expires: float, now: float) -> Words:
    left, when = expires - now, f"{figures.moment(expires, with_date=True)} UTC"
    what = f"the certificate of {certificate.probe} ({certificate.service})"
    ends = f"expires in {figures.duration(int(left))}" if left > 0 else f"expired {figures.duration(int(-left))} ago"
    return Words(
        summary=f"{what} {ends}",
        description=f"It is valid until {when}; whoever verifies it can't connect after that. Renew it, and look why nobody did by itself.",
        reason=f"valid until {when}",
        details={"expires": when},
        over=f"Another certificate is shown, valid until {when}.",
    )
