"""Who sent it: service and instance of a resource, and digests that tell resources, streams and requests apart."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import xxhash

from ...slo import Attributes
from ..columns import Signal
from ..names import SERVICE_INSTANCE, SERVICE_NAME, SERVICE_VERSION, UNKNOWN_SERVICE
from .senders import SenderKey
from .service_version import ServiceVersion

LONGEST_NAME: Final = 200
"""Characters of an instance's or a version's name that are kept: thousands of senders are remembered."""

MOST_KNOWN: Final = 2_000
"""Resources whose origins are remembered at most."""


class SenderOrigin(NamedTuple):
    """One resource: who sends, a digest of all its attributes, and the version it says it is of."""

    sender: SenderKey
    digest: bytes
    version: ServiceVersion

    @property
    def service(self) -> str:
        """The service it belongs to."""
        return self.sender.service


def origin_of(resource: Attributes) -> SenderOrigin:
    """The origin of a resource. Without an instance id, all its attributes together stand for one; a long one is told by its digest."""
    digest = digest_of(resource)
    service = str(resource.get(SERVICE_NAME) or UNKNOWN_SERVICE)
    instance = str(resource.get(SERVICE_INSTANCE) or digest.hex())
    if len(instance) > LONGEST_NAME:
        instance = xxhash.xxh3_128_hexdigest(instance.encode("utf-8", "surrogatepass"))
    version = ServiceVersion(service, str(resource.get(SERVICE_VERSION) or "")[:LONGEST_NAME])
    return SenderOrigin(SenderKey(service, instance), digest, version)


def digest_of(attributes: Attributes) -> bytes:
    """128 bits that tell attribute sets apart, whatever their order."""
    return xxhash.xxh3_128_digest(repr(sorted(attributes.items())).encode("utf-8", "surrogatepass"))


@lru_cache(10_000)
def identity_of(digest: bytes, name: str) -> bytes:
    """128 bits that all streams of one metric of one resource share; `digest` is the resource's."""
    return xxhash.xxh3_128_digest(digest + name.encode("utf-8", "surrogatepass"))


def digest_of_request(signal: Signal, body: bytes, secret: int) -> bytes:
    """128 bits that tell requests apart, under a secret of the ledger."""
    return xxhash.xxh3_128_digest(body, secret ^ signal)
