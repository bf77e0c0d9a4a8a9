"""The table that decides what an event is, row by row, for spans and metrics alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fournines.slo import CLASSIFYING_KEYS, OPERATIONAL_ROUTES, SLI, SPANS, SLIKind, Verdict, availability
from fournines.slo.classify import counts_for_latency

GOOD, BAD, IGNORED = Verdict.GOOD, Verdict.BAD, Verdict.IGNORED


@pytest.mark.parametrize("key", ["http.response.status_code", "http.status_code"])
@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (101, GOOD), (200, GOOD), (204, GOOD), (302, GOOD), (399, GOOD),
        (400, GOOD), (401, GOOD), (404, GOOD), (418, GOOD), (428, GOOD), (498, GOOD),
        (429, IGNORED), (499, IGNORED),
        (500, BAD), (502, BAD), (503, BAD), (504, BAD), (599, BAD),
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", [int, str])
def test_status_codes(key, code, verdict, form):
    """The status decides, under its new name and its old one, as a number or as a text."""
    assert availability({key: form(code)}) is verdict


@pytest.mark.parametrize(
    "failure",
    [
        {"error.type": "timeout"},
        {"error.type": "ConnectionError"},
        {"otel.status_code": "ERROR"},
        {"error.type": "ValueError", "otel.status_code": "ERROR", "http.response.status_code": 200},
        {"error.type": "ReadTimeout", "http.response.status_code": 404},
    ],
)
def test_failures_without_a_5xx(failure):
    """A span status of error, an error type, an exception or a timeout is bad whatever the status."""
    assert availability(failure) is BAD


@pytest.mark.parametrize("extra", [{}, {"otel.status_code": "ERROR"}])
@given(code=st.one_of(st.sampled_from([399, 400, 429, 499, 500]), st.integers(100, 599)))
def test_a_refusal_repeated_as_error_type_is_good(extra, code):
    """A client's 4xx carries its code as error type by the conventions, and is still a good answer; no other code is."""
    expected = IGNORED if code in (429, 499) else GOOD if 400 <= code < 500 else BAD

    assert availability({"http.response.status_code": code, "error.type": str(code), **extra}) is expected


@pytest.mark.parametrize("status", ["OK", "UNSET", ""])
def test_other_span_statuses(status):
    """A span status that is no error fails nothing, nor does an empty error type."""
    assert availability({"otel.status_code": status, "error.type": ""}) is GOOD


@pytest.mark.parametrize("route", sorted(OPERATIONAL_ROUTES))
def test_operational_routes(route):
    """Health, metrics and documentation are no events, even when they fail."""
    assert availability({"http.route": route, "http.response.status_code": 500}) is IGNORED
    assert availability({"http.route": route + "/"}) is IGNORED


@pytest.mark.parametrize("route", ["/", "/pay", "/health/pay", "/metricsx", "/users/{id}"])
def test_customers_routes(route):
    """Every other route is a customer's."""
    assert availability({"http.route": route}) is GOOD


@pytest.mark.parametrize("key", ["url.scheme", "http.scheme"])
@pytest.mark.parametrize(("scheme", "verdict"), [("ws", IGNORED), ("wss", IGNORED), ("http", GOOD), ("https", GOOD)])
def test_websockets(key, scheme, verdict):
    """WebSockets are no events."""
    assert availability({key: scheme}) is verdict


@pytest.mark.parametrize("failure", [{}, {"error.type": "CancelledError"}, {"http.response.status_code": 500}])
@pytest.mark.parametrize("signs", [True, False])
def test_cancelled_work(signs, failure):
    """Work that was cancelled is no event, whatever else is said of it; work that says it was not is judged like any other."""
    expected = IGNORED if signs else BAD if failure else GOOD

    assert availability({"fournines.cancelled": signs, **failure}) is expected


def test_new_names_come_before_old_ones():
    """Where both names of an attribute are set, the stable one counts."""
    assert availability({"http.response.status_code": 200, "http.status_code": 500}) is GOOD


@pytest.mark.parametrize("code", ["", "abc", float("inf"), float("nan")])
def test_what_is_no_status(code):
    """A status that is no number is as none at all."""
    assert availability({"http.response.status_code": code}) is GOOD


ATTRIBUTES = st.fixed_dictionaries(
    {},
    optional={
        "http.response.status_code": st.integers(100, 599),
        "http.route": st.sampled_from(["/pay", "/healthz", "/"]),
        "error.type": st.sampled_from(["", "timeout", "404"]),
        "otel.status_code": st.sampled_from(["OK", "ERROR"]),
        "url.scheme": st.sampled_from(["https", "wss"]),
        "tenant": st.sampled_from(["a", "b"]),
    },
)


@given(ATTRIBUTES)
def test_latency_counts_what_availability_calls_good(attributes):
    """An event is one for latency exactly when it was answered well."""
    assert counts_for_latency(attributes) is (availability(attributes) is GOOD)


@given(ATTRIBUTES)
def test_only_classifying_keys_matter(attributes):
    """What is left after every other attribute is dropped gets the same verdict."""
    kept = {key: value for key, value in attributes.items() if key in CLASSIFYING_KEYS}

    assert availability(kept) is availability(attributes)


@given(ATTRIBUTES)
def test_spans_and_metrics_alike(attributes):
    """The same attributes get the same verdict whichever signal brought them."""
    of_spans = SLI(SLIKind.AVAILABILITY, "payments", signal=SPANS)
    of_metrics = SLI(SLIKind.AVAILABILITY, "payments")

    assert of_spans.verdict(attributes) is of_metrics.verdict(attributes) is availability(attributes)
