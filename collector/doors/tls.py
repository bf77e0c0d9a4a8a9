"""TLS of the doors: who we are, and who must show a certificate of theirs."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import NamedTuple

from ..errors import CollectorError


class Tls(NamedTuple):
    """Files in PEM: our certificate with its chain, its key, and the authorities that senders' certificates must come from.

    With `client_ca` TLS is mutual: a sender without such a certificate gets no connection.
    """

    certificate: Path
    key: Path
    client_ca: Path | None = None

    def context(self, *protocols: str) -> ssl.SSLContext:
        """For serving `protocols` (ALPN), TLS 1.2 and later. Raises CollectorError naming the file that can't be used."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(list(protocols))
        try:
            context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            raise CollectorError(f"TLS can't use {self.certificate} with {self.key}: {_why(error)}") from error
        if self.client_ca is not None:
            try:
                context.load_verify_locations(self.client_ca)
            except (OSError, ssl.SSLError) as error:
                raise CollectorError(f"TLS can't use {self.client_ca}: {_why(error)}") from error
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def _why(error: OSError) -> str:
    return error.strerror or str(error)
