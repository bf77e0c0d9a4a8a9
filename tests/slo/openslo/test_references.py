"""What the objects of one load say of each other: every mistake is one fault, and what is right is none."""

from __future__ import annotations

import pytest
import yaml

from fournines.slo import SpecError
from fournines.slo.openslo.load import read_declarations

EVENTS = {"metricSource": {"type": "fournines", "spec": {"signal": "spans"}}}
RATIO = {"ratioMetric": {"good": EVENTS, "total": EVENTS}}


def an_object(kind, name, spec, **more):
    return {"apiVersion": "openslo/v1", "kind": kind, "metadata": {"name": name}, "spec": spec, **more}


def an_slo(name, metric=RATIO, **spec):
    """An SLO object."""
    inline = {"indicator": {"metadata": {"name": name}, "spec": metric}}
    usual = {"service": "web", **inline, "budgetingMethod": "Occurrences", "objectives": [{"target": 0.99}]}
    return an_object("SLO", name, usual | spec)


def of(*members, **more):
    """An SLO made of others."""
    listed = [{"slo": member, **more} for member in members]
    raw = {"metricSource": {"type": "fournines", "spec": {"signal": "slos", "rule": "weighted", "of": listed}}}
    return an_slo("everything", {"ratioMetric": {"rawType": "success", "raw": raw}})


def asking(reference):
    """An SLO that asks a source by its name."""
    source = {"metricSource": {"metricSourceRef": reference, "spec": {"signal": "spans"}}}
    return an_slo("web", {"ratioMetric": {"good": source, "total": source}})


FAULTY = an_slo("pay", service=5)
GOOD = an_slo("web")


@pytest.fixture
def said(tmp_path):
    """The faults of objects, or what is remarked of them where there is none."""

    def messages(*objects, **files):
        texts = {"slos": yaml.safe_dump_all(objects)} | files
        for name, text in texts.items():
            (tmp_path / f"{name}.yaml").write_text(text)
        try:
            found = read_declarations([tmp_path]).remarks
        except SpecError as error:
            found = error.faults
        return [each.message.partition(";")[0] for each in found]

    return messages


@pytest.mark.parametrize(
    ("kind", "spec"), [("AlertNotificationTarget", {"target": "chat"}), ("Service", {}), ("SLI", RATIO)]
)
def test_a_data_source_is_none_of_the_others_of_its_name(said, kind, spec):
    """What it is of is its own word."""
    theirs = an_object("DataSource", "theirs", {"type": "Datadog"})
    (*faults,) = said(asking("theirs"), theirs, an_object(kind, "theirs", spec))

    assert len(faults) == 2
    assert all(each.startswith("numbers of type `Datadog` can't be asked for") for each in faults)


def test_what_nobody_knows_has_names_of_no_kind(said):
    """Two that are called alike are two mistakes, not three."""
    unknown = an_object("Promise", "x", {})

    assert [each.partition(" ")[0] for each in said(GOOD, unknown, unknown)] == ["is", "is"]


@pytest.mark.parametrize("kind", ["Service", "SLI", "AlertNotificationTarget"])
def test_a_member_is_an_slo(said, kind):
    """Whatever else has its name."""
    spec = {"Service": {}, "SLI": RATIO, "AlertNotificationTarget": {"target": "chat"}}[kind]

    assert said(of("web", "payments"), GOOD, an_object(kind, "payments", spec)) == [
        "no SLO named `payments` is in these files"
    ]


@pytest.mark.parametrize("members", [("web", "pay"), ("web", "pay-2")])
def test_a_member_with_faults_of_its_own_is_there(said, members):
    """So is what its objectives would have made, and whatever a good one is called."""
    assert said(of(*members), FAULTY, GOOD, an_slo("payments")) == ["needs a text, not the number 5"]


@pytest.mark.parametrize("gone", ["0", "pa", "pay2", "z9"])
def test_a_member_that_nobody_declares_is_a_fault(said, gone):
    """Though another SLO holds faults: before it in the alphabet, or after it."""
    assert said(of("web", gone), FAULTY, GOOD) == [
        f"no SLO named `{gone}` is in these files",
        "needs a text, not the number 5",
    ]


def test_what_counts_once_its_service_is_heard(said):
    """Is remarked where it is in no file, and not where it is."""
    assert said(of("web-availability", "api-latency"), an_slo("web-availability")) == [
        "`api-latency` is in no file: it counts once its service is heard"
    ]


def test_what_a_broken_file_may_hold_is_not_missing(said):
    """Neither members nor references are."""
    faults = said(of("web", "payments"), GOOD, an_slo("b", alertPolicies=["p"]), broken="x: [\n")

    assert [each.partition(":")[0] for each in faults] == ["no valid YAML"]


@pytest.mark.parametrize(
    "wrong",
    [
        an_slo("b", alertPolicies=5),
        an_slo("b", alertPolicies="abc"),
        an_slo("b", aa=["x"]),
        an_slo("b", slo="x"),
        an_slo("b", **{"fournines/runbook": "x"}),
        of("web", note="x"),
        of("web", weight="x"),
    ],
    ids=lambda wrong: yaml.safe_dump(wrong["spec"], default_flow_style=True)[:60],
)
def test_what_is_no_reference_is_one_mistake(said, wrong):
    """It is where it stands that makes a text a name, and a list one of names."""
    assert len(said(wrong, GOOD)) == 1


@pytest.mark.parametrize("reference", ["indicatorRef", "slo", "alertPolicies"])
def test_what_is_free_refers_to_nothing(said, reference):
    """Labels and the details of a connection may be called as references are."""
    labelled = an_slo("b")
    labelled["metadata"]["labels"] = {reference: ["x"]}
    source = an_object("DataSource", "theirs", {"type": "prometheus", "connectionDetails": {reference: "x"}})

    assert said(labelled, source) == []


@pytest.mark.parametrize(
    ("kind", "spec"), [("AlertCondition", {"severity": "page"}), ("SLI", RATIO), ("DataSource", {"type": "prometheus"})]
)
def test_only_one_of_its_kind_is_meant(said, kind, spec):
    """What is nearly called so and is something else does not help."""
    faults = said(an_slo("b", alertPolicies=["pagr"]), an_object(kind, "pager", spec))

    assert "no AlertPolicy named `pagr` is in these files" in faults


@pytest.mark.parametrize(
    "wrong",
    [
        an_slo("b", indicator={"metadata": {"name": "b", "annotations": {"fournines/owner": "x"}}, "spec": RATIO}),
        an_object("SLI", "b", RATIO) | {"metadata": {"name": "b", "annotations": {"fournines/owner": "x"}}},
        an_object("SLO", "b", an_slo("b")["spec"], annotations={"fournines/owner": "x"}),
    ],
    ids=["indicator", "sli", "above"],
)
def test_our_annotations_are_an_slos(said, wrong):
    """Nobody reads them elsewhere: within an SLO, in another kind, or above its metadata."""
    assert "annotations under fournines/ are read in the metadata of an SLO only" in said(wrong, GOOD)
