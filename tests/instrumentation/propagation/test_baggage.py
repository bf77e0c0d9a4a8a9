"""Baggage, by the words of its specification."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import baggage
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context

from fournines.instrumentation.propagation.baggage import LONGEST, parse_baggage
from fournines.instrumentation.propagation.propagators import propagators

TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
WORST = "\t \"';=asdf!@#$%^&*()"


def read(*headers, context=None):
    return propagators(("baggage",)).extract({"baggage": list(headers)}, context or Context())


def written(context, refused=None, redact=None):
    carrier = {}
    propagators(("baggage",), refused, redact).inject(carrier, context)
    return carrier.get("baggage")


def holding(**values):
    context = Context()
    for name, value in values.items():
        context = baggage.set_baggage(name, value, context)
    return context


@pytest.mark.parametrize(
    ("header", "members"),
    [
        ("SomeKey=SomeValue", {"SomeKey": ("SomeValue", "")}),
        ("SomeKey \t = \t SomeValue \t ", {"SomeKey": ("SomeValue", "")}),
        ("SomeKey=SomeValue=equals", {"SomeKey": ("SomeValue=equals", "")}),
        ("SomeKey=SomeValue;SomeProp", {"SomeKey": ("SomeValue", ";SomeProp")}),
        (
            "SomeKey \t = \t SomeValue \t ; \t SomeProp \t ; \t SecondProp \t = \t PropValue \t , \t Key2 \t =",
            {"SomeKey": ("SomeValue", ";SomeProp;SecondProp=PropValue"), "Key2": ("", "")},
        ),
        ("k=v;p=a=b", {"k": ("v", ";p=a=b")}),
        ("userId=alice,serverNode=DF%2028,isProduction=false",
         {"userId": ("alice", ""), "serverNode": ("DF 28", ""), "isProduction": ("false", "")}),
        ("k=%09%20%22%27%3B%3Dasdf%21%40%23%24%25%5E%26%2A%28%29", {"k": (WORST, "")}),
        ("k=a+b", {"k": ("a+b", "")}),
        ("k=%C3%A9%E2%82%AC", {"k": ("é€", "")}),
        ("k=%ff%41", {"k": ("\ufffdA", "")}),
        ("k=%4", {"k": ("%4", "")}),
        ("a%20b=1", {"a%20b": ("1", "")}),
        (f"{TOKEN}=1", {TOKEN: ("1", "")}),
        ("a=1,a=2", {"a": ("2", "")}),
        ("a=1, ,\t,,b=2,", {"a": ("1", ""), "b": ("2", "")}),
        ("", {}),
    ],
)  # fmt: skip
def test_what_the_specification_allows_is_read(header, members):
    """Keys as they stand, values percent-decoded, properties with them, blanks trimmed, empty members stepped over."""
    assert parse_baggage(header) == (members, True)


@pytest.mark.parametrize("bad", [
    "a", "=1", "a b=1", "(a)=1", "é=1", 'a="1"', "a=1 2", "a=\\", "a=é", "a=1;", "a=1;;b", "a=1;b c", "a=1;=", "a\n=1", "a=1\n",
    ";a=1", "a=1\x0b",
])  # fmt: skip
def test_a_member_that_breaks_the_grammar_is_left_out_alone(bad):
    """It costs itself; the members beside it are read."""
    assert parse_baggage(f"x=1,{bad},y=2") == ({"x": ("1", ""), "y": ("2", "")}, False)


def test_several_headers_are_one():
    """They are combined in their order; what the context had before stays."""
    context = read("userId =   alice", "serverNode = DF%2028, isProduction = false", context=holding(tenant="acme"))

    assert baggage.get_all(context) == {
        "tenant": "acme", "userId": "alice", "serverNode": "DF 28", "isProduction": "false",
    }  # fmt: skip


def test_properties_travel_with_an_unchanged_value():
    """What this service does not touch goes on as it came; a value it changes is its own, without the properties."""
    context = read("a=1; p ; q = 2, b=3;r")
    assert written(context) == "a=1;p;q=2,b=3;r"
    assert written(baggage.set_baggage("b", "4", context)) == "a=1;p;q=2,b=4"
    assert written(baggage.remove_baggage("a", context)) == "b=3;r"


@given(st.dictionaries(st.text(TOKEN, min_size=1, max_size=9), st.text(max_size=20), max_size=20))
def test_any_value_survives_the_way(values):
    """Whatever text a service puts in, the next one reads; only allowed characters are on the wire."""
    header = written(holding(**values))
    assert header is None or (header.isascii() and not any(c in header for c in ' \t"\\;\r\n'))

    assert baggage.get_all(read(header or "")) == values


@given(st.dictionaries(st.text(TOKEN.replace("%", "").replace("+", ""), min_size=1), st.text(max_size=9), max_size=9))
def test_opentelemetry_s_propagator_reads_what_we_write(values):
    """For services of the Python SDK the values are the same, but for `+` and blanks at the ends, which it takes for blanks."""
    header = written(holding(**values)) or ""
    theirs = baggage.get_all(W3CBaggagePropagator().extract({"baggage": header}, Context()))

    assert theirs == {name: value.replace("+", " ").strip() for name, value in values.items()}


def test_a_name_that_is_no_token_is_encoded():
    """The API allows any name; the header does not."""
    assert written(holding(**{"my key": "1", "é": "2"})) == "my%20key=1,%C3%A9=2"


def test_values_of_any_type_are_sent_as_text():
    """As OpenTelemetry does."""
    assert written(holding(a=1, b=True, c="\ud800")) == "a=1,b=True,c=?"


def test_the_least_that_must_be_passed_on_is():
    """64 members, and 8,192 bytes, in one member or in many."""
    many = ",".join(f"key{number}=value" for number in range(64))
    assert written(read(many)) == many
    one = "a=" + "0123456789" * 819
    assert len(one) == 8192
    assert written(read(one)) == one
    full = ",".join(f"{number:03}=0123456789a" for number in range(180)) + "," + "z" * 4000 + "=1"
    assert written(read(full)).split(",") == full.split(",")[:180]


def test_what_is_too_much_is_left_out_whole():
    """No member is ever cut in two, in or out; what is left out is counted."""
    refused = []
    text = ",".join(f"k{number}={'v' * 900}" for number in range(12))
    context = propagators(("baggage",), refused.append).extract({"baggage": text})
    assert list(baggage.get_all(context)) == [f"k{number}" for number in range(9)]
    assert refused == ["baggage"]

    big = holding(huge="v" * 9000, **{f"k{number}": "v" * 900 for number in range(12)})
    header = written(big, refused.append)
    assert len(header) <= LONGEST
    assert [member.partition("=")[0] for member in header.split(",")] == [f"k{number}" for number in range(9)]
    assert refused == ["baggage", "baggage"]


def test_what_is_sent_is_redacted_first():
    """A value the rules find something in goes out without it; properties with a find don't go out at all."""
    context = read("card=4111;p=4111,other=1;q")

    assert written(context, redact=lambda name, text: text.replace("4111", "REDACTED")) == "card=REDACTED,other=1;q"
