"""What is read from a request's headers, in one pass over the raw bytes: only the few that are wanted are decoded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .. import names


def read_by(fields: Iterable[str]) -> dict[bytes, str]:
    """Names of headers, as servers give them and as propagators ask for them: those they read, also such as their `fields` leave out."""
    known = {*fields, names.TRACEPARENT, names.TRACESTATE, names.BAGGAGE, names.XRAY}
    return {name.lower().encode("latin-1"): name.lower() for name in known}


def carried(headers: Iterable[tuple[bytes, bytes]], wanted: Mapping[bytes, str]) -> dict[str, str]:
    """Of the headers those that carry a trace: `wanted` has their names in bytes and as text.

    A header sent twice is joined by a comma, as RFC 9110 section 5.3 says.
    """
    carrier: dict[str, str] = {}
    for name, value in headers:
        if name in wanted:
            key, text = wanted[name], value.decode("latin-1")
            carrier[key] = f"{carrier[key]},{text}" if key in carrier else text
    return carrier
