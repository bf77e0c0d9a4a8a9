"""Identities of dashboards are stable and fit into Grafana."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from fournines.dashboards.grafana.slug import is_plain, slug, uid

NAMES = st.text(min_size=1, max_size=80)


@settings(deadline=None)
@given(NAMES)
def test_a_uid_is_one_grafana_takes(name: str) -> None:
    """At most 40 characters, and none that an address would have to escape."""
    assert 0 < len(uid(name)) <= 40
    assert set(uid(name)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_")


@settings(deadline=None)
@given(st.sets(NAMES, min_size=2, max_size=20))
def test_no_two_names_share_an_identity(names: set[str]) -> None:
    """Also not those that differ in case or in foreign letters alone."""
    assert len({slug(name) for name in names} | {slug(name.upper()) for name in names}) == len(
        names | {n.upper() for n in names}
    )


def test_a_plain_name_is_its_own_slug() -> None:
    """So a link to it can be made of the name."""
    assert is_plain("payments-availability")
    assert uid("payments-availability") == "slo-payments-availability"
    assert not is_plain("Payments")
    assert not is_plain("a" * 37)
