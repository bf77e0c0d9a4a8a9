"""Kinds of alerts, and how they stand to each other."""

from __future__ import annotations

import pytest

from fournines.alerts import AlertKey, AlertKind, Subject
from fournines.slo import Severity


@pytest.mark.parametrize("kind", AlertKind)
def test_what_escalates_or_inhibits_is_about_the_same_and_says_more(kind):
    """A ticket becomes a page of the same subject, which inhibits it; nobody is inhibited by themselves, in whatever circle."""
    page = kind.escalates_to
    assert page is None or (Severity.TICKET, Severity.PAGE) == (kind.severity, page.severity)
    assert page is None or page in kind.inhibited_by
    assert {kind.subject} >= {each.subject for each in kind.inhibited_by}
    above = list(kind.inhibited_by)
    for each in above:
        above += [more for more in each.inhibited_by if more not in above]
    assert kind not in above


def test_every_alert_has_a_key_of_its_own_that_says_whose_it_is():
    """An SLO and a service may have the same name."""
    keys = [AlertKey(kind, "pay").dedup for kind in AlertKind]
    assert len(AlertKind) == len(set(keys))
    assert {"slo", "service"} == {key.split("/")[0] for key in keys} == {subject.value for subject in Subject}
    assert {"slo/pay/page", "slo/pay/ticket", "service/pay/no_data"} <= set(keys)
