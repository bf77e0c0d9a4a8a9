"""Groups of an SLO: what they are called, and which events are theirs."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from fournines.slo import SLI, SLO, InvalidValue, Objective, SLIKind
from fournines.slo.composite import Composite, Member, Rule
from fournines.slo.group import (
    NONE,
    group_names,
    group_of,
    names_begin,
    others_name,
    others_of,
    sum_of_groups,
    value_labels,
    values_of,
)

WORDS = ("acme", "a-b", "b", "a", "ACME", "other", "none", "", "a b", "ä", "x" * 80)
ROUTES = ("/pay", "/pay/", "/a/b", "/a-b", "/", "", "pay", "/users/{id}", "/users/id")


def template(*group_by, name="checkout", **more):
    sli = SLI(SLIKind.AVAILABILITY, "payments")
    return SLO(name, sli, Objective(Decimal("0.99")), group_by=group_by, **more)


@pytest.mark.parametrize(
    ("keys", "values", "name"),
    [
        (("tenant",), ("acme",), "checkout-acme"),
        (("tenant",), ("zeta-bank",), "checkout-zeta-bank"),
        (("tenant",), ("x" * 54,), f"checkout-{'x' * 54}"),
        (("tenant",), ("",), "checkout-none"),
        (("http.route",), ("/pay",), "checkout-pay"),
        (("http.route",), ("/api/v1/pay",), "checkout-api-v1-pay"),
        (("http.route", "tenant"), ("/pay", "acme"), "checkout-pay-acme"),
        (("tenant", "http.route"), ("acme", "/a/b"), "checkout-acme-a-b"),
    ],
)
def test_names_people_can_read(keys, values, name):
    """A group is called after its values: a route by its segments, what is not set `none`."""
    assert name == group_names(template(*keys), values)[0]


@pytest.mark.parametrize(
    ("keys", "values", "start"),
    [
        (("tenant",), ("ACME",), "checkout-acme-"),
        (("tenant",), ("none",), "checkout-none-"),
        (("tenant",), ("other",), "checkout-other-"),
        (("tenant",), ("ä",), "checkout-"),
        (("tenant",), ("x" * 80,), "checkout-xxxxxxxxxxxx"),
        (("http.route",), ("/pay/",), "checkout-pay-"),
        (("http.route",), ("/users/{id}",), "checkout-users-id-"),
        (("tenant", "region"), ("a-b", "c"), "checkout-a-b-c-"),
        (("http.route", "tenant"), ("/a/b", "c"), "checkout-a-b-c-"),
        (("http.route", "tenant"), ("/a/b/c", "d"), "checkout-a-b-c-d-"),
        (("tenant",), ("x" * 55,), f"checkout-{'x' * 47}-"),
    ],
)
def test_names_that_do_not_say_it_all(keys, values, start):
    """Where a word could be that of other values too, or is cut, a digest of the values stands behind it."""
    (name,) = group_names(template(*keys), values)

    assert name.startswith(start)
    assert re.fullmatch(r"[0-9a-f]{6}", name.rpartition("-")[2])


@pytest.mark.parametrize("keys", [("tenant",), ("http.route",), ("tenant", "region"), ("tenant", "http.route")])
def test_no_two_groups_have_one_name(keys):
    """Whatever their values, groups of a template are told apart by their names, and from that of the others."""
    several = [ROUTES if key == "http.route" else WORDS for key in keys]
    one = template(*keys)
    names = [name for values in product(*several) for name in group_names(one, values)]

    assert len(names) == len(set(names))
    assert others_name(one) not in names


@given(st.lists(st.text(), min_size=2, max_size=2), st.lists(st.text(), min_size=2, max_size=2))
def test_any_two_combinations_have_two_names(first, second):
    """Names are short, of letters that every tool takes, and another for other values."""
    assume(first != second)
    one = template("http.route", "tenant")
    names = group_names(one, tuple(first)), group_names(one, tuple(second))

    assert set(names[0]).isdisjoint(names[1])
    assert all(re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", name) for each in names for name in each)


@pytest.mark.parametrize("length", [1, 50, 56, 57, 63])
def test_long_templates_have_groups_too(length):
    """Names of groups, and of the others, are of 63 characters at most, however long that of the template is."""
    one = template("tenant", name="t" * length)
    names = [*group_names(one, ("acme",)), *group_names(one, ("b",)), others_name(one)]

    assert max(map(len, names)) <= 63
    assert len(names) == len(set(names))


@given(
    st.text("ab-", min_size=1, max_size=4).map(lambda text: text * 20),
    st.integers(1, 70),
    st.lists(st.text("a-/ä", max_size=12), min_size=1, max_size=2),
)
@example("a" * 80, 58, ["a"])
@example("a-" * 40, 58, ["ä"])
def test_names_of_groups_begin_as_is_said(text, length, values):
    """Whatever the template is called, also where its name is cut: who looks for its groups overlooks none."""
    one = template(*("tenant", "http.route")[: len(values)], name=text[:length])

    for name in (*group_names(one, tuple(values)), others_name(one)):
        assert name.startswith(names_begin(one))
    assert "checkout-" == names_begin(template("tenant"))


def test_values_are_said_by_labels_that_any_engine_takes():
    """One for each attribute, no two alike, and none that is called as the SLO's own."""
    assert {"http.route": "label_http_route", "http_route": "label_http_route_", "slo": "label_slo"} == value_labels(
        ("http.route", "http_route", "slo")
    )


def test_a_group_is_its_template_narrowed():
    """Conditions and labels are added, groups have no groups; all else is the template's."""
    one = template("http.route", "tenant", labels={"team": "pay"}, max_groups=7, min_bad_events=9)
    group = group_of(one, "checkout-pay-none", ("/pay", ""))

    assert {"team": "pay", "http.route": "/pay", "tenant": NONE} == dict(group.labels)
    assert ("checkout-pay-none", "checkout", (), 9) == (
        group.name,
        group.group_of,
        group.group_by,
        group.min_bad_events,
    )
    assert (one.objective, one.window, one.rules) == (group.objective, group.window, group.rules)
    assert "checkout: /pay, none" == group.display_name
    assert "checkout: other" == others_of(one).display_name
    shown = replace(one, display_name="Checkout")
    assert ("Checkout: a, b", "Checkout: other") == (
        group_of(shown, "group", ("a", "b")).display_name,
        others_of(shown).display_name,
    )


@pytest.mark.parametrize("value", ["acme", "a, b", "", 'it"s', "1", "true", " a"])
@pytest.mark.parametrize(
    "attributes", [{"tenant": "acme"}, {"tenant": 1}, {"tenant": True}, {"tenant": ""}, {}, {"tenant": "a, b"}]
)
def test_events_of_a_group_are_those_with_its_values(value, attributes):
    """An event passes a group's conditions if and only if these are its values: an attribute that is not set is as an empty one."""
    one = template("tenant")
    conditions = group_of(one, "group", (value,)).sli.where

    assert (values_of(one, attributes) == (value,)) == all(condition.holds(attributes) for condition in conditions)


def test_who_alerts():
    """Groups do, and the others, as their template says; the template itself, which counts the same events again, does not."""
    one = template("tenant")

    assert () == sum_of_groups(one).rules
    assert one.rules == others_of(one).rules == group_of(one, "group", ("acme",)).rules != ()


def test_what_has_no_events_has_no_groups():
    """A composite counts other SLOs."""
    sli = SLI(SLIKind.AVAILABILITY, "a", "slos", composite=Composite(Rule.WEIGHTED, (Member("x"), Member("y"))))

    with pytest.raises(InvalidValue, match="groups are of events that come in"):
        SLO("all", sli, Objective(Decimal("0.9")), group_by=("tenant",))


@pytest.mark.parametrize(("length", "begins"), [(1, "x-"), (56, "x" * 56 + "-"), (57, "x" * 56), (63, "x" * 56)])
def test_what_names_begin_with_is_as_long_as_it_can_be(length, begins):
    """The whole name and what divides it from values, unless a digest may stand where it is cut."""
    one = template("tenant", name="x" * length)

    assert names_begin(one) == begins
    assert all(name.startswith(begins) for word in WORDS for name in group_names(one, (word,)))
