"""Who sent it: service and instance of a resource, and digests that tell resources, streams and requests apart."""

from __future__ import annotations

from typing import NamedTuple

import xxhash

from ..slo import Attributes
from .columns import Signal
from .names import SERVICE_INSTANCE, SERVICE_NAME, UNKNOWN_SERVICE
from .senders import SenderKey


class Origin(NamedTuple):
    """One resource: who sends, and a digest of all its attributes."""

    sender: SenderKey
    digest: bytes

    @property
    def service(self) -> str:
        """The service it belongs to."""
        return self.sender.service


def origin_of(resource: Attributes) -> Origin:
    """The origin of a resource. Without an instance id, all its attributes together stand for one."""
    digest = digest_of(resource)
    service = str(resource.get(SERVICE_NAME) or UNKNOWN_SERVICE)
    instance = str(resource.get(SERVICE_INSTANCE) or digest.hex())
    return Origin(SenderKey(service, instance), digest)


def digest_of(attributes: Attributes) -> bytes:
    """128 bits that tell attribute sets apart, whatever their order."""
    return xxhash.xxh3_128_digest(repr(sorted(attributes.items())).encode("utf-8", "surrogatepass"))


def stream_of(origin: Origin, name: str, labels: bytes, stream: int) -> bytes:
    """128 bits that tell metric streams apart; `labels` is a digest, `stream` the decoder's."""
    parts = (origin.digest, labels, stream.to_bytes(8, "little", signed=True), name.encode("utf-8", "surrogatepass"))
    return xxhash.xxh3_128_digest(b"".join(parts))


def digest_of_request(signal: Signal, body: bytes, secret: int) -> bytes:
    """128 bits that tell requests apart, under a secret of the ledger."""
    return xxhash.xxh3_128_digest(body, secret ^ signal)
