"""OpenMetrics text as OpenMetrics 1.0 has it: what must be taken is, with what it says, and what must be refused is refused whole."""

from __future__ import annotations

import math

import pytest

from fournines.collector import BadRequest
from fournines.collector.prometheus.exposition import LATEST, exposed

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TEXT = "text/plain; version=0.0.4"
END = "# EOF\n"


def shown(text, content_type=OPENMETRICS):
    """The samples of a page: name, other labels, value."""
    found = []
    for sample in exposed(text.encode(), content_type):
        labels = dict(sample.labels)
        found.append((labels.pop("__name__"), labels, sample.value))
    return found


def family(kind, *lines, name="orders"):
    """A page of one family."""
    return f"# TYPE {name} {kind}\n" + "".join(f"{line}\n" for line in lines) + END


@pytest.mark.parametrize(
    ("page", "values"),
    [
        (END, []),
        ("# EOF", []),
        ("# HELP orders \n# UNIT orders \n# EOF\n", []),
        ("orders 12\n# EOF", [12]),
        (family("counter", "# HELP orders what was bought", "orders_total 12", "orders_created 1.5e9"), [12]),
        (family("counter", "orders_total{} 12.5 1500000000.25"), [12.5]),
        (family("counter", "orders_total 18446744073709551615"), [2.0**64]),
        (family("counter", "orders_total 0000012e-1"), [1.2]),
        (family("counter", 'orders_total 5 # {trace_id="abc # }"} 0.25 1500000000'), [5]),
        (family("counter", f'orders_total 5 # {{id="{"x" * 126}"}} 1'), [5]),
        (family("gauge", 'orders{shop="a"} +Inf', 'orders{shop="b"} -Inf', 'orders{shop="c"} -1'), [math.inf, -math.inf, -1]),
        (family("unknown", "orders 1"), [1]),
        (family("info", 'orders_info{version="1"} 1'), [1]),
        (family("stateset", 'orders{orders="open"} 1', 'orders{orders="shut"} 0'), [1, 0]),
        (family("summary", 'orders{quantile="0.5"} NaN', "orders_count 3", "orders_sum 2"), None),
        (family("histogram", 'orders_bucket{le="-1"} 1', 'orders_bucket{le="+Inf"} 3'), [1, 3]),
        (
            family("histogram", 'orders_bucket{le="1e-05"} 1', 'orders_bucket{le="+Inf"} 3', "orders_count 3", "orders_sum 7"),
            [1, 3, 3, 7],
        ),
        (
            family("gaugehistogram", 'orders_bucket{le="+Inf"} 3', "orders_gcount 3", "orders_gsum 7"),
            [3, 3, 7],
        ),
        ("# TYPE orders_seconds gauge\n# UNIT orders_seconds seconds\norders_seconds 1\n# EOF\n", [1]),
    ],
)  # fmt: skip
def test_what_is_openmetrics_is_taken(page, values):
    """Every type, with and without what may be left out, and the end of the page without a line's end."""
    found = [value for *_, value in shown(page)]

    assert values is None or values == found


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('a\\"b', 'a"b'),
        ("a\\nb", "a\nb"),
        ("a\\\\nb", "a\\nb"),
        ("a\\tb", "a\\tb"),
        ("} a # {", "} a # {"),
        ("☃", "☃"),
        ("", ""),
    ],
)
def test_labels_mean_what_was_written(written, meant):
    """Three escapes, and nothing else, stand for something; signs of the format within quotes are signs."""
    assert [("orders_total", {"shop": meant}, 3)] == shown(family("counter", f'orders_total{{shop="{written}"}} 3'))


@pytest.mark.parametrize(
    "page",
    [
        "",
        "orders 1\n",
        "orders 1\n# EOF\norders 2\n",
        "orders 1\n# EOF \n",
        "orders 1\n\n# EOF\n",
        "# a remark\n# EOF\n",
        " # HELP orders what\n# EOF\n",
        "# TYPE orders untyped\n# EOF\n",
        "# TYPE orders counter\n# TYPE orders counter\n# EOF\n",
        "# TYPE orders gauge\norders 1\n# HELP orders too late\n# EOF\n",
        "# UNIT orders seconds\n# EOF\n",
        "# TYPE orders_created gauge\n# TYPE orders counter\n# EOF\n",
    ],
)
def test_a_page_that_is_none_is_refused(page):
    """No end, something behind it, empty lines, and metadata that is none, comes twice, or too late."""
    with pytest.raises(BadRequest):
        shown(page)


@pytest.mark.parametrize(
    "line",
    [
        "orders", "orders ", "orders  1", "orders 1 ", "orders 1\t", "1orders 1", "or-ders 1", "orders one", "orders 1_000",
        "orders 0x10", "orders 1 later", "orders 1 NaN", "orders 1 Inf", "orders 1 1 1", "orders{shop=a} 1", "orders{shop='a'} 1",
        'orders{shop="a} 1', 'orders{shop="a",} 1', 'orders{,shop="a"} 1', 'orders{shop="a"city="b"} 1', 'orders{shop="a",shop="b"} 1',
        'orders{1shop="a"} 1', 'orders{shop="a"}1', 'orders 1 # {id="a"} 1', "orders 1 #",
    ],
)  # fmt: skip
def test_a_line_that_is_no_sample_is_refused(line):
    """Names, labels, numbers and times that are none, spaces too many, and an exemplar where there can be none."""
    with pytest.raises(BadRequest):
        shown(f"{line}\n# EOF\n")


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        ("counter", ["orders_total -1"]),
        ("counter", ["orders_total NaN"]),
        ("counter", ["orders_total 1 # {} 0x1"]),
        ("counter", [f'orders_total 1 # {{id="{"x" * 127}"}} 1']),
        ("counter", ['orders_total 1 # {id="a"} 1 NaN']),
        ("counter", ['orders_created 1 # {id="a"} 1']),
        ("info", ["orders_info 2"]),
        ("stateset", ['orders{orders="open"} 2']),
        ("stateset", ["orders 1"]),
        ("summary", ["orders 1"]),
        ("summary", ['orders{quantile="1.5"} 1']),
        ("summary", ["orders_count 0.5"]),
        ("summary", ["orders_sum -1"]),
        ("histogram", ["orders_bucket 1"]),
        ("histogram", ['orders_bucket{le="+INF"} 1']),
        ("histogram", ['orders_bucket{le="1"} 1']),
        ("histogram", ['orders_bucket{le="+Inf"} 0.5']),
        ("histogram", ['orders_bucket{le="+Inf"} -1']),
        ("histogram", ['orders_bucket{le="2"} 1', 'orders_bucket{le="1"} 1', 'orders_bucket{le="+Inf"} 1']),
        ("histogram", ['orders_bucket{le="1"} 5', 'orders_bucket{le="+Inf"} 4']),
        ("histogram", ['orders_bucket{le="+Inf"} 4', "orders_count 5", "orders_sum 1"]),
        ("histogram", ['orders_bucket{le="+Inf"} 4', "orders_count 4"]),
        ("histogram", ['orders_bucket{le="-1"} 1', 'orders_bucket{le="+Inf"} 4', "orders_sum 1", "orders_count 4"]),
        ("gaugehistogram", ['orders_bucket{le="+Inf"} 1', "orders_gcount 1", "orders_gsum -1"]),
        ("gauge", ["orders 1 20", "orders 2 10"]),
        ("gauge", ["orders 1", "orders 2 10"]),
        ("histogram", ['orders_bucket{shop="a",le="1"} 0', 'orders_bucket{shop="b",le="+Inf"} 0', 'orders_bucket{shop="a",le="+Inf"} 0']),
    ],
)  # fmt: skip
def test_what_its_type_does_not_allow_is_refused(kind, lines):
    """Values, labels, exemplars, order and grouping that the type rules out: one of them, and nothing of the page counts."""
    with pytest.raises(BadRequest):
        shown(family(kind, *lines))


@pytest.mark.parametrize(
    "content_type", ["application/openmetrics-text", "Application/OpenMetrics-Text ;version=0.0.1"]
)
def test_the_form_is_told_by_its_media_type(content_type):
    """In any case of letters, with any parameters: read as Prometheus text, the end of a page would be a remark."""
    assert [("orders", {}, 1)] == shown("orders 1\n# EOF\n", content_type)
    with pytest.raises(BadRequest):
        shown("orders 1\n", content_type)


@pytest.mark.parametrize(
    ("said", "meant"), [("", 0), (" 0", 1), (" -5", 1), (" 1.5", 1500), (" 99999999999999999999", LATEST)]
)
def test_a_time_that_was_said_is_never_taken_for_none(said, meant):
    """Not even that of 1970, and none is larger than what is counted with."""
    (sample,) = exposed(f"orders 1{said}\n# EOF\n".encode(), OPENMETRICS)

    assert meant == sample.time


@pytest.mark.parametrize("time", ["1e400", "NaN"])
def test_a_time_of_prometheus_text_that_is_none_is_refused(time):
    """It is not taken for now."""
    with pytest.raises(BadRequest):
        shown(f"orders 1 {time}\n", TEXT)


def test_what_is_created_is_told_from_a_counter_of_that_name():
    """`_created` says when a counter or histogram of the page began; where there is none it is a metric of its own."""
    began = "orders_total 7\norders_created 1500000000\n"
    (counter,) = exposed(began.encode(), TEXT)

    assert (7, 1_500_000_000_000) == (counter.value, counter.start)
    assert [("orders_created", {}, 7)] == shown("orders_created 7\n", TEXT)
    assert [("orders_created_total", {}, 7)] == shown("# TYPE orders_created counter\norders_created_total 7\n# EOF\n")
