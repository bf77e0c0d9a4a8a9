"""In which format a page is told, and that the fast way of writing it is the library's, byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.exposition import generate_latest as as_text
from prometheus_client.openmetrics.exposition import generate_latest as as_openmetrics

from fournines.instrumentation.counts.point import Exemplar, Total
from fournines.instrumentation.exposition.durations import durations, written
from fournines.instrumentation.exposition.families import Families
from fournines.instrumentation.exposition.format import Format, chosen, gzip_accepted

OM, TEXT = "application/openmetrics-text", "text/plain"
PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_3_NATIVE = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7," + PROMETHEUS_3
)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(("accept", "expected"), [
    ("", Format()),
    ("*/*", Format()),
    (BROWSER, Format()),
    (PROMETHEUS_2, Format(OM, "1.0.0")),
    (PROMETHEUS_3, Format(OM, "1.0.0", "allow-utf-8")),
    (PROMETHEUS_3_NATIVE, Format(OM, "1.0.0", "allow-utf-8")),
    ("application/openmetrics-text", Format(OM, "1.0.0")),
    ("Application/OpenMetrics-Text; Version=\"1.0.0\" ; Q=0.5", Format(OM, "1.0.0")),
    ("application/openmetrics-text;q=0.4, text/plain;q=0.5", Format()),
    ("application/openmetrics-text;q=0.5, text/plain;version=0.0.4;q=0.5", Format(OM, "1.0.0")),
    ("text/plain;version=0.0.4;q=0.5, application/openmetrics-text;q=0.5", Format()),
    ("application/openmetrics-text;q=0, */*", Format()),
    ("application/openmetrics-text;q=0, application/*", Format()),
    ("application/openmetrics-text;version=0.0.1", Format()),
    ("application/openmetrics-text;version=2.0.0, text/plain;version=1.0.0;q=0.1", Format(TEXT, "1.0.0")),
    ("text/plain;version=1.0.0;escaping=dots", Format(TEXT, "1.0.0", "dots")),
    ("text/plain;escaping=nonsense", Format()),
    ("text/*", Format()),
    ("application/*", Format(OM, "1.0.0")),
    ("*/*;q=1, application/openmetrics-text", Format(OM, "1.0.0")),
    ("application/json", Format()),
    ("application/openmetrics-text;q=nonsense", Format()),
    ("application/openmetrics-text;q=nan, text/plain;q=-1", Format()),
    (",;=,;;q=,=;", Format()),
    ("text/plain" + ",text/plain" * 5000, Format()),
])  # fmt: skip
def test_the_format_follows_the_weights(accept, expected):
    """The greatest weight that we have a format for decides, whatever else is named; never an error."""
    assert chosen(accept) == expected


@pytest.mark.parametrize(("asked", "expected"), [
    ("", False), ("gzip", True), ("GZIP;q=0.1", True), ("gzip;q=0", False), ("gzip;q=0, *", False), ("*", True), ("*;q=0", False),
    ("identity", False), ("deflate, br;q=1.0, gzip;q=0.5", True), ("x-gzip", True), ("gzip;q=x", False), ("gzipped", False),
])  # fmt: skip
def test_compressed_only_where_it_is_wanted(asked, expected):
    """A body is compressed for who says gzip, or anything, with a weight above none."""
    assert gzip_accepted(asked) is expected


@given(st.text(max_size=80))
def test_no_header_is_an_error(text):
    """Whatever a client sends as Accept or Accept-Encoding, there is an answer."""
    assert chosen(text).media in (OM, TEXT)
    assert gzip_accepted(text) in (True, False)


LABEL = st.text(max_size=8).map(lambda text: text.encode("utf-8", "ignore").decode())
SECONDS = st.floats(0, 1e9)
EXEMPLAR = st.none() | st.builds(Exemplar, st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), SECONDS, SECONDS)
TOTAL = st.builds(
    lambda route, error, counts, seconds, exemplars: Total(
        ("GET", "http", route, 200, error, "1.1"), tuple(counts), seconds, tuple(exemplars)
    ),
    st.none() | LABEL,
    st.none() | LABEL,
    st.lists(st.integers(0, 10**12), min_size=3, max_size=3),
    SECONDS,
    st.lists(EXEMPLAR, min_size=3, max_size=3),
)


@settings(max_examples=60)
@given(st.lists(TOTAL, max_size=3))
def test_durations_are_written_as_the_library_writes_them(totals):
    """The page's lines for durations are those of prometheus-client, in both formats, whatever the labels hold."""
    bounds = (0.3, 10.0)
    family = Families([durations(bounds, totals)])

    assert written(bounds, totals, openmetrics=False).encode() == as_text(family)
    assert written(bounds, totals, openmetrics=True).encode() + b"# EOF\n" == as_openmetrics(family)
