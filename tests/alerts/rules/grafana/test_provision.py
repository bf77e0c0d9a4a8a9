"""Grafana's files: what an independent reader makes of them, that nothing in them is expanded, and that what is gone is deleted."""

from __future__ import annotations

import dataclasses
import json
import re
import types
import typing
import warnings
from decimal import Decimal

import pytest
import yaml

from fournines.alerts.rules.grafana.panel_link import PanelLink
from fournines.alerts.rules.grafana.provision import DATASOURCE, FOLDER, RULES_FILE, build_groups, write
from fournines.alerts.rules.receivers import Webhooks
from fournines.slo import WORKBOOK, Method, Severity, Window
from fournines.slo.slices import Slices

HOSTILE = 'pay "ments" $HOME ${PATH} {{ .Fail }} \\' + "x" * 200
PANEL = PanelLink("slo-a", 7)


@pytest.fixture
def bank(slo, latency_slo):
    """A plain one, a latency, one that depends on both, one that only pages, and a name nobody should choose."""
    return [
        slo(annotations={"fournines/runbook": "https://r.example/$HOME"}),
        latency_slo,
        slo("checkout", "checkout", depends_on=("payments-availability", "payments-latency")),
        slo("page-only", rules=WORKBOOK[:1]),
        slo(HOSTILE, HOSTILE, labels={"team": HOSTILE}),
        slo(f"{HOSTILE}y", HOSTILE),
    ]


@pytest.fixture
def files(bank, tmp_path):
    """What is written, by the file's name."""
    paths = write(tmp_path, bank, to=Webhooks("https://p.example/$x"), panels={"payments-availability": PANEL})
    return {path.name: yaml.safe_load(path.read_text()) for path in paths}


def rules_of(document):
    """Its rules by uid."""
    return {rule["uid"]: rule for group in document["groups"] for rule in group["rules"]}


@pytest.fixture(scope="module")
def sdk():
    """Grafana's own models for Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from grafana_foundation_sdk.cog import plugins
        from grafana_foundation_sdk.cog.encoder import JSONEncoder
        from grafana_foundation_sdk.models import alerting
    plugins.register_default_plugins()
    return types.SimpleNamespace(
        alerting=alerting, encode=lambda it: json.loads(JSONEncoder(sort_keys=True).encode(it))
    )


def of_the_api(rule):
    """A rule of a file as the API has it, which the models are of: some names differ, and links are annotations there."""
    moved = {"__dashboardUid__": rule.get("dashboardUid"), "__panelId__": str(rule.get("panelId"))}
    api = {key: value for key, value in rule.items() if key not in ("dashboardUid", "panelId", "keepFiringFor")}
    annotations = {**rule["annotations"], **(moved if "dashboardUid" in rule else {})}
    place = {"orgID": 1, "folderUID": "slo", "ruleGroup": "g"}
    return {**api, **place, "annotations": annotations, "keep_firing_for": rule["keepFiringFor"]}


def conforms(value, kind):
    """Whether a value is what the models' types say: names of states, kinds of contact points, texts and numbers."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Union:
        return any(conforms(value, each) for each in arguments)
    if origin is typing.Literal:
        return value in arguments
    if origin is list:
        return isinstance(value, list) and all(conforms(each, arguments[0]) for each in value)
    if origin is dict:
        return isinstance(value, dict) and all(conforms(each, arguments[1]) for each in value.values())
    if isinstance(kind, type) and hasattr(kind, "to_json"):
        own = typing.get_type_hints(kind)
        return isinstance(value, kind) and all(conforms(each, own[key]) for key, each in vars(value).items())
    return isinstance(value, kind) if isinstance(kind, type) and not hasattr(kind, "_is_protocol") else True


def test_an_independent_reader_loses_and_changes_nothing(files, sdk):
    """Rules, contact points and policies, read by Grafana's models and written again, are as they were and of the types they should be."""
    api = [of_the_api(rule) for rule in rules_of(files[RULES_FILE]).values()]
    points = [
        {"name": point["name"], **receiver}
        for point in files["fournines-contact-points.yaml"]["contactPoints"]
        for receiver in point["receivers"]
    ]
    [tree] = files["fournines-policies.yaml"]["policies"]
    tree = {key: value for key, value in tree.items() if key != "orgId"}
    read = [
        *((written, sdk.alerting.Rule) for written in api),
        *((written, sdk.alerting.ContactPoint) for written in points),
        (tree, sdk.alerting.NotificationPolicy),
    ]

    assert len(read) > 8
    for written, model in read:
        back = model.from_json(written)
        assert written == kept(written, sdk.encode(back))
        assert conforms(back, model), written


def kept(ours, theirs):
    """Of what the reader wrote only what we had said: it adds defaults of its own."""
    if isinstance(ours, dict):
        return {key: kept(value, theirs[key]) for key, value in ours.items() if key in theirs}
    if isinstance(ours, list) and isinstance(theirs, list):
        return [kept(*pair) for pair in zip(ours, theirs, strict=True)]
    return theirs


def test_a_state_of_another_time_is_no_state(files, sdk):
    """What grafanalib calls `No Data` is refused: the types of the reader see it."""
    rule = of_the_api(next(iter(rules_of(files[RULES_FILE]).values())))

    assert not conforms(sdk.alerting.Rule.from_json({**rule, "noDataState": "No Data"}), sdk.alerting.Rule)


def test_identities_are_short_and_nobody_elses(files):
    """Up to 40 characters, titles up to 190, and both unique in the folder."""
    groups = files[RULES_FILE]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]

    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", rule["uid"]) for rule in rules)
    assert all(len(rule["title"].replace("$$", "$")) <= 190 for rule in rules)
    assert len(rules) == len({rule["uid"] for rule in rules}) == len({rule["title"] for rule in rules})
    assert len(groups) == len({group["name"] for group in groups})
    assert all(len(group["name"].replace("$$", "$")) <= 190 for group in groups)


def expanded(value):
    """What Grafana makes of a text when it reads the file, in an environment where nothing is set."""
    parts = (re.sub(r"\$(\w+|\{[^}]*\})", "", part) for part in value.split("$$"))
    return "$".join(parts)


def test_nothing_that_somebody_wrote_is_expanded(bank, files):
    """Titles, names and addresses double a dollar sign; templates, which are read raw by some versions, have none at all."""
    hostile = next(rule for rule in rules_of(files[RULES_FILE]).values() if "ments" in rule["title"])
    group = next(group for group in files[RULES_FILE]["groups"] if hostile in group["rules"])
    point = files["fournines-contact-points.yaml"]["contactPoints"][0]["receivers"][0]

    assert expanded(group["name"]).startswith(HOSTILE[:150])
    assert expanded(hostile["title"]).startswith(HOSTILE[:140])
    assert "https://p.example/$x" == expanded(point["settings"]["url"])
    for rule in rules_of(files[RULES_FILE]).values():
        texts = [*rule["labels"].values(), *rule["annotations"].values()]
        assert not [text for text in texts if "$" in text]
        assert all(text.count("{{") == text.count("}}") for text in texts if "Fail" not in text)
    assert r"{{ " + '"{{" }} .Fail }}' in hostile["labels"]["team"]
    assert r'{{ "\u0024" }}HOME' in hostile["labels"]["team"]


def test_pages_are_asked_as_often_as_grafana_can_and_wait_for_nothing(files):
    """No `for`: at 99.99 % a month allows 259 seconds. Calm for five minutes ends it, and who can't be asked changes nothing."""
    groups = {group["name"]: group for group in files[RULES_FILE]["groups"]}
    rules = rules_of(files[RULES_FILE])
    page = rules["payments-availability-page"]
    [route] = files["fournines-policies.yaml"]["policies"][0]["routes"]

    assert "10s" == groups["payments-availability page"]["interval"]
    assert ("0s", "5m", "KeepLast", "KeepLast") == tuple(
        page[key] for key in ("for", "keepFiringFor", "noDataState", "execErrState")
    )
    assert ("0s", [["severity", "=", "page"]]) == (route["group_wait"], route["object_matchers"])
    assert {"Alerting"} == {rules[f"fournines-{uid}"]["noDataState"] for uid in ("no-data", "not-recorded")}
    assert "page-only-page" in rules
    assert "page-only-ticket" not in rules


def test_alerts_lead_to_the_panel_and_the_runbook(files):
    """The dashboard that the same build writes; where there is none, only the page."""
    rules = rules_of(files[RULES_FILE])
    page = rules["payments-availability-page"]

    assert PANEL == (page["dashboardUid"], page["panelId"])
    assert r'https://r.example/{{ "\u0024" }}HOME' == page["annotations"]["runbook_url"]
    assert "dashboardUid" not in rules["payments-latency-page"]


def test_what_is_gone_is_deleted_and_stays_so(bank, tmp_path):
    """Grafana keeps a rule that is only left out: the file found in the folder says what has to go, and what came back does not."""
    path = tmp_path / FOLDER / RULES_FILE

    def built(slos):
        write(tmp_path, slos)
        document = yaml.safe_load(path.read_text())
        return {entry["uid"] for entry in document.get("deleteRules", ())}

    both = {f"page-only-{Severity.PAGE.value}"}
    assert set() == built(bank)
    assert both == built([slo for slo in bank if slo.name != "page-only"])
    once = path.read_bytes()
    assert both == built([slo for slo in bank[::-1] if slo.name != "page-only"])
    assert once == path.read_bytes()
    assert set() == built(bank)


@pytest.mark.parametrize("text", ["a: [", "- 1", "groups: 3", "groups: [{}]"])
def test_a_file_that_is_none_of_ours_is_not_written_over(bank, tmp_path, text):
    """What it had would stay in Grafana, and nobody would know."""
    path = tmp_path / FOLDER / RULES_FILE
    path.parent.mkdir(parents=True)
    path.write_text(text)

    with pytest.raises(ValueError, match=re.escape(str(path))):
        write(tmp_path, bank)
    assert text == path.read_text()


def test_a_ticket_says_nothing_beside_its_page_nor_a_page_beside_those_it_depends_on(files):
    """Grafana has no inhibitions in files: what holds back is part of the condition."""
    rules = rules_of(files[RULES_FILE])

    def asked(uid):
        return [entry["model"]["expr"] for entry in rules[uid]["data"] if entry["datasourceUid"] == DATASOURCE]

    def condition(uid):
        return rules[uid]["data"][-1]["model"]["expression"]

    own = 'max(slo_alert_firing{slo="payments-availability", severity="page"}) or vector(0)'
    parents = 'max(slo_alert_firing{slo=~"payments-availability|payments-latency", severity="page"}) or vector(0)'
    assert own in asked("payments-availability-ticket")
    assert parents in asked("checkout-page")
    assert condition("checkout-page").endswith(") && $held == 0")
    assert "held" not in condition("payments-availability-page")


def test_slices_need_enough_of_them_for_a_page(slo):
    """A share of slices above which there are at least so many; and no counter is asked for any."""
    sliced = dataclasses.replace(
        slo("a"), method=Method.TIMESLICES, slices=Slices(Decimal("0.95"), Window(60)), min_bad_events=3
    )
    rules = rules_of({"groups": build_groups([sliced])})
    condition = rules["a-page"]["data"][-1]["model"]["expression"]

    assert condition.startswith("($R1 > 0.04166666666666666")  # 2.5 of 60
    assert "slo_events_total" not in json.dumps(rules["a-page"])
