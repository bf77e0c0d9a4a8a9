"""What an operator should know."""

from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from fournines.serving import Notices
from fournines.slo import SLI, SLO, Objective, SLIKind
from fournines.slo.group import group_of, others_of

DATA = Path("/var/lib/fournines")


@pytest.fixture
def collector():
    """One with which all is well."""
    ledger = SimpleNamespace(inspection=None, damaged=(), path=DATA / "ledger.db")
    return SimpleNamespace(
        healthy=True, ledger=ledger, off_boundary={}, catalogue=SimpleNamespace(declared={}, slos=())
    )


@pytest.fixture
def files():
    """SLO files without a fault."""
    return SimpleNamespace(fault="", slos=())


@pytest.fixture
def notices(collector, files):
    """What is said of both."""
    return Notices(collector, SimpleNamespace(trouble=lambda: ""), files, DATA)


def declared(name, ways):
    """What a service declares, in so many ways."""
    return SimpleNamespace(slo=SimpleNamespace(name=name, service="shop"), version="7", ways=ways)


def test_nothing_is_said_where_all_is_well(notices):
    """A page without notices is the usual one."""
    assert ("", []) == (notices.trouble(), notices.notices())


def test_what_keeps_data_out_comes_first(notices, collector, files):
    """The most urgent stands on top, and readiness says the same."""
    collector.healthy = False
    files.fault = "slos.yaml:1: spec: is missing"

    assert [notices.trouble(), files.fault] == notices.notices()
    assert "/var/lib/fournines can't be written" in notices.trouble()


@pytest.mark.parametrize(("number", "more"), [(1, ""), (5, ""), (7, " and 2 more")])
def test_whoever_pages_without_a_runbook_is_named(notices, files, number, more):
    """The collector starts with such SLOs; whoever looks at its pages hears of them."""
    sli = SLI(SLIKind.AVAILABILITY, "shop")
    files.slos = [SLO(f"slo-{each}", sli, Objective(Decimal("0.99"))) for each in range(number)]
    (notice,) = notices.notices()

    names = ", ".join(f"slo-{each}" for each in range(min(number, 5)))
    assert f"{names}{more}: pages without saying what to do; add the annotation fournines/runbook" == notice


def test_damage_is_told_with_what_to_do(notices, collector):
    """One that is there now, or else those that were set aside."""
    collector.ledger.damaged = (DATA / "ledger.db.damaged-1",)
    (aside,) = notices.notices()
    collector.ledger.inspection = SimpleNamespace(damage="page 7")
    (now,) = notices.notices()

    assert "ledger.db.damaged-1 in /var/lib/fournines" in aside
    assert "is damaged (page 7): copy it, and put a backup in its place" in now


def test_a_threshold_between_boundaries_is_told(notices, collector):
    """With the boundary that is used instead, where there is one."""
    collector.off_boundary = {"b": None, "a": 0.2}
    first, second = notices.notices()

    assert first.startswith("a: ")
    assert first.endswith("the next one below is used: 0.2 s")
    assert second.startswith("b: ")
    assert second.endswith("no request can be told to be quick")


@pytest.mark.parametrize(("number", "more"), [(1, None), (5, None), (6, 1), (9, 4)])
def test_five_contested_slos_are_named_and_the_others_counted(notices, collector, number, more):
    """A deployment that declares everything anew does not fill the page; who declares in one way is not named."""
    names = [f"slo-{index}" for index in range(number)]
    collector.catalogue.declared = {name: declared(name, 2) for name in names} | {"sure": declared("sure", 1)}
    said = notices.notices()

    assert min(number, 5) == sum(
        "declared in 2 ways at the moment; what shop 7 declared last holds" in line for line in said
    )
    assert ([f"... and {more} more are declared in several ways"] if more else []) == said[5:]
    assert "sure" not in " ".join(said)


def test_a_template_without_room_is_told(notices, collector):
    """With the SLO that counts what is left; that of a group's threshold is told once, by its template."""
    sli = SLI(SLIKind.LATENCY, "shop", threshold=Decimal("0.3"))
    template = SLO("quick", sli, Objective(Decimal("0.99")), group_by=("http.route",), max_groups=7)
    collector.catalogue.slos = [template, others_of(template), group_of(template, "quick-pay", ("/pay",))]
    collector.off_boundary = {slo.name: 0.25 for slo in collector.catalogue.slos}
    threshold, crowded = notices.notices()

    assert threshold.startswith("quick: ")
    assert "quick: there was no room for some of its groups (7, fournines/max-groups)" in crowded
    assert crowded.endswith("they count in quick-other")
