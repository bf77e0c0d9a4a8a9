"""CloudWatch's alarms and objectives, held against botocore's models, cfn-lint, moto and the arithmetic of burn rates."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import botocore.session
import pytest
import yaml
from botocore.validate import ParamValidator
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fournines.alerts.rules.cloudwatch import emf_counts as emf
from fournines.alerts.rules.cloudwatch.cloudformation import PARAMETERS, template_yaml
from fournines.alerts.rules.cloudwatch.limits import LONGEST_RULE
from fournines.alerts.rules.cloudwatch.resource import COMPOSITE_ALARM, METRIC_ALARM, OBJECTIVE
from fournines.alerts.rules.cloudwatch.stack import notes, resources
from fournines.alerts.rules.cloudwatch.terraform import configuration, snake
from fournines.alerts.rules.cloudwatch.write import write
from fournines.instrumentation import names as instrumented
from fournines.instrumentation.emf.export import _SETS
from fournines.slo import SLI, SLO, WORKBOOK, BurnRule, CalendarWindow, NoData, Objective, Severity, SLIKind, Window
from fournines.slo.sli import Condition

URL = "https://slo.example.com"
HOSTILE = 'pay ${var.x} "ments" %{ if }\\ é' + "x" * 200
ACTIONS = {"PageTopicArn": "arn:aws:sns:eu-central-1:1:page", "TicketTopicArn": "arn:aws:sns:eu-central-1:1:ticket"}
VALUES = {**ACTIONS, "MetricNamespace": "fournines"}


@pytest.fixture
def bank(slo, latency_slo):
    """A plain one, a latency, one of a route that depends on both, one over a month, and a name nobody should choose."""
    where = (Condition.parse("http.request.method == POST"), Condition.parse("http.route == /pay/{id}"))
    routed = replace(slo("checkout", "checkout"), depends_on=("payments-availability", "payments-latency"))
    return [
        slo(annotations={"fournines/runbook": "https://r.example/pay"}),
        latency_slo,
        replace(routed, sli=replace(routed.sli, where=where)),
        replace(slo("b-"), window=CalendarWindow(1, "M"), rules=WORKBOOK[:1]),
        slo(
            HOSTILE,
            "payments",
            description=HOSTILE * 5,
            annotations={"fournines/runbook": f"https://r.example/{'y' * 700}"},
        ),
    ]


@pytest.fixture
def made(bank):
    """Everything that is made of them."""
    return resources(bank, URL)


def of_kind(made, kind):
    """Properties by name."""
    return {each.name: each.properties for each in made if each.kind == kind}


def filled(value):
    """With values for the parameters."""
    if isinstance(value, dict):
        return VALUES[value["Ref"]] if "Ref" in value else {key: filled(each) for key, each in value.items()}
    return [filled(each) for each in value] if isinstance(value, list) else value


def within(shape, value, path=""):
    """What a model's lengths, patterns, bounds and lists of words have against a value: ParamValidator looks at names and types."""
    told, found = shape.metadata, []
    size = len(value) if isinstance(value, str | list) else value
    if not isinstance(value, dict | bool):
        if ("min" in told and size < told["min"]) or ("max" in told and size > told["max"]):
            found.append(f"{path}: {size} is not within {told.get('min', '')}..{told.get('max', '')}")
        if "pattern" in told and not re.fullmatch(told["pattern"], value):
            found.append(f"{path}: {value}")
        if getattr(shape, "enum", None) and value not in shape.enum:
            found.append(f"{path}: {value} of {shape.enum}")
    if shape.type_name == "structure":
        return found + [
            line for key, each in value.items() for line in within(shape.members[key], each, f"{path}/{key}")
        ]
    if shape.type_name == "list":
        return found + [line for each in value for line in within(shape.member, each, f"{path}/")]
    return found


def of_the_api(properties):
    """CloudFormation's properties of an objective as the API calls them."""
    sli = properties["RequestBasedSli"]["RequestBasedSliMetric"]
    rest = {key: value for key, value in properties.items() if key != "RequestBasedSli"}
    return {**rest, "RequestBasedSliConfig": {"RequestBasedSliMetricConfig": sli}}


@pytest.mark.parametrize(
    ("kind", "service", "operation"),
    [
        (METRIC_ALARM, "cloudwatch", "PutMetricAlarm"),
        (COMPOSITE_ALARM, "cloudwatch", "PutCompositeAlarm"),
        (OBJECTIVE, "application-signals", "CreateServiceLevelObjective"),
    ],
)
def test_the_api_takes_every_one_of_them(made, kind, service, operation):
    """Names, types, lengths, patterns, bounds and words, by the models that AWS publishes."""
    shape = botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape
    asked = [filled(each) for each in of_kind(made, kind).values()]

    assert len(asked) >= 5
    for each in map(of_the_api, asked) if kind == OBJECTIVE else asked:
        assert "" == ParamValidator().validate(each, shape).generate_report()
        assert [] == within(shape, each)


def test_cfn_lint_finds_nothing_to_say(bank):
    """Not a warning, in the region where all of it is known; nor where a parameter has no use. It sees a property that is none."""
    from cfnlint import lint

    pages_only = template_yaml(resources([replace(bank[1], rules=WORKBOOK[:1])], URL))

    def said(text):
        return [f"{match.rule.id} {match.message}" for match in lint(text, regions=["us-east-1"])]

    assert [] == said(template_yaml(resources(bank[:3], URL)))
    assert [] == said(pages_only)
    assert said(pages_only.replace("ComparisonOperator:", "CompareBy:", 1))


def test_moto_keeps_the_alarms_as_they_were_put(made):
    """As far as it goes: metric alarms, one by one. It knows no composite alarms, no objectives, and no templates with any of these."""
    import boto3
    from moto import mock_aws

    with mock_aws():
        client = boto3.client("cloudwatch", "eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
        put = {name: filled(dict(each)) for name, each in of_kind(made, METRIC_ALARM).items()}
        for each in put.values():
            client.put_metric_alarm(**each)
        pages = client.get_paginator("describe_alarms").paginate()
        kept = {alarm["AlarmName"]: alarm for page in pages for alarm in page["MetricAlarms"]}

    assert set(put) == set(kept)
    for name, each in put.items():
        same = ("Threshold", "ComparisonOperator", "EvaluationPeriods", "TreatMissingData", "AlarmDescription")
        assert {key: each[key] for key in same} == {key: kept[name][key] for key in same}
        assert [query["Id"] for query in each["Metrics"]] == [query["Id"] for query in kept[name]["Metrics"]]


def metric_math(expression, total, part):
    """What CloudWatch makes of an expression for one period."""

    def choose(condition, one, other):
        return one if condition else other

    python = re.sub(r"\bIF\(", "choose(", expression)
    lazy = {"choose": choose, "FILL": lambda value, _: value}
    total = total or float("nan")  # 0 / 0 is computed here, and not chosen
    return eval(python, {"__builtins__": {}}, {**lazy, "total": total, "part": part})


@given(
    total=st.integers(0, 10**7),
    share=st.fractions(0, 1),
    rule=st.sampled_from(WORKBOOK),
    target=st.sampled_from(["0.9999", "0.999", "0.95"]),
    latency=st.booleans(),
)
@example(total=1000, share=Fraction(15, 100), rule=WORKBOOK[0], target="0.9999", latency=False)
@example(total=1000, share=Fraction(10, 100), rule=WORKBOOK[0], target="0.9999", latency=True)
@settings(max_examples=60)
def test_an_alarm_says_what_the_rule_says(total, share, rule, target, latency):
    """Strictly above the factor, and for a page's long window with three failures or more; without traffic nothing burns."""
    sli = SLI(SLIKind.LATENCY, "s", threshold=Decimal("0.25")) if latency else SLI(SLIKind.AVAILABILITY, "s")
    slo = SLO("a", sli, Objective.parse(target), rules=(rule,))
    factor, bad = rule.factor(slo.window), int(total * share / 50)
    limit = factor * slo.objective.allowed * total
    alarms = of_kind(resources([slo], URL), METRIC_ALARM)
    for name, alarm in alarms.items():
        burn = metric_math(alarm["Metrics"][0]["Expression"], total, total - bad if latency else bad)
        guarded = rule.severity is Severity.PAGE and "-long-" in name
        if abs(bad - limit) > Fraction(1, 10**6):
            assert (bad > limit and (bad >= 3 or not guarded)) == (burn > alarm["Threshold"]), name


def test_a_page_is_both_windows_of_any_pair(made):
    """And its actions are the only ones: alarms of single windows tell nobody."""
    page = of_kind(made, COMPOSITE_ALARM)["slo-payments-availability-page"]
    stem, both = "slo-payments-availability-page", '(ALARM("{}-{}") AND ALARM("{}-{}"))'
    fast = both.format(stem, "1h-long-14.4x", stem, "5m-short-14.4x")
    slow = both.format(stem, "6h-long-6x", stem, "30m-short-6x")

    assert f"{fast} OR {slow}" == page["AlarmRule"]
    told = [name for name, alarm in of_kind(made, METRIC_ALARM).items() if alarm["ActionsEnabled"]]
    assert [] == told
    long, short = (of_kind(made, METRIC_ALARM)[f"{stem}-{end}"] for end in ("1h-long-14.4x", "5m-short-14.4x"))
    periods = [[query["MetricStat"]["Period"] for query in alarm["Metrics"][1:]] for alarm in (long, short)]
    assert [[3600, 3600], [300, 300]] == periods
    assert 1 == long["EvaluationPeriods"]


def test_rules_name_alarms_that_are_made_before(made):
    """A composite alarm of alarms that are not there is refused."""
    known = set()
    for each in made:
        named = set(re.findall(r'ALARM\("([^"]+)"\)', each.properties.get("AlarmRule", "")))
        named |= {each.properties[key] for key in ("ActionsSuppressor",) if key in each.properties}
        assert named <= set(each.after)
        known.add(each.name)
    assert all(set(each.after) <= known for each in made)
    assert all(len(alarm["AlarmRule"]) <= LONGEST_RULE for alarm in of_kind(made, COMPOSITE_ALARM).values())


def test_a_page_suppresses_its_ticket_and_the_pages_of_what_depends_on_it(made):
    """A ticket waits for its page; a page waits for nothing."""
    alarms = of_kind(made, COMPOSITE_ALARM)
    ticket, page, held = (
        alarms[f"slo-{name}"] for name in ("payments-availability-ticket", "checkout-page", "checkout-held")
    )

    assert ("slo-payments-availability-page", 120) == (
        ticket["ActionsSuppressor"],
        ticket["ActionsSuppressorWaitPeriod"],
    )
    assert ("slo-checkout-held", 0) == (page["ActionsSuppressor"], page["ActionsSuppressorWaitPeriod"])
    assert 'ALARM("slo-payments-availability-page") OR ALARM("slo-payments-latency-page")' == held["AlarmRule"]
    assert "ActionsSuppressor" not in alarms["slo-payments-availability-page"]


def test_what_to_do_is_never_cut(made):
    """A description is short; the runbook stands first."""
    alarms = of_kind(made, COMPOSITE_ALARM)
    plain = alarms["slo-payments-availability-page"]["AlarmDescription"]
    long = next(
        alarm["AlarmDescription"] for name, alarm in alarms.items() if name.startswith("slo-pay-var") and "page" in name
    )

    assert "Runbook: https://r.example/pay\n" in plain
    assert f"Page: {URL}/slo/payments-availability\n" in plain
    assert f"Runbook: https://r.example/{'y' * 700}\n" in long


def test_objectives_have_a_burn_rate_for_each_window(made):
    """Of the same metrics, over the same window, months among them."""
    found = of_kind(made, OBJECTIVE)
    plain, month = (
        found["slo-payments-availability"],
        next(each for name, each in found.items() if name.startswith("slo-b-")),
    )

    looks = [each["LookBackWindowMinutes"] for each in plain["BurnRateConfigurations"]]
    assert [5, 30, 60, 120, 360, 1440, 4320] == looks
    assert ({"RollingInterval": {"DurationUnit": "DAY", "Duration": 30}}, 99.99) == (
        plain["Goal"]["Interval"],
        plain["Goal"]["AttainmentGoal"],
    )
    assert {"StartTime": 978307200, "DurationUnit": "MONTH", "Duration": 1} == month["Goal"]["Interval"][
        "CalendarInterval"
    ]


def test_the_metrics_are_those_that_services_write(bank, made):
    """Their names and sets of dimensions are the instrumentation's."""
    assert (instrumented.EMF_REQUESTS, instrumented.EMF_ERRORS, instrumented.REQUEST_DURATION) == (
        emf.REQUESTS,
        emf.ERRORS,
        emf.DURATION,
    )
    asked = {tuple(name for name, _ in emf.emf_counts(slo).dimensions) for slo in bank}
    assert {(emf.SERVICE,), (emf.SERVICE, emf.METHOD, emf.ROUTE)} == asked
    assert asked <= set(_SETS)
    latency = of_kind(made, METRIC_ALARM)["slo-payments-latency-page-1h-long-14.4x"]["Metrics"]
    assert ["SampleCount", "TC(:0.25)"] == [query["MetricStat"]["Stat"] for query in latency[1:]]


def pascal(value, known):
    """Terraform's JSON as CloudFormation has it: the way back, by the words that it was made of."""
    if isinstance(value, dict):
        return {known[key]: pascal(each, known) for key, each in value.items()}
    if isinstance(value, list):
        return [pascal(each, known) for each in value]
    if not isinstance(value, str):
        return value
    reference = re.fullmatch(r"\$\{var\.(\w+)\}", value)
    return {"Ref": known[reference[1]]} if reference else value.replace("$${", "${").replace("%%{", "%{")


def words(value):
    """Every key of a document."""
    if isinstance(value, dict):
        return set(value) | {word for each in value.values() for word in words(each)}
    return {word for each in value for word in words(each)} if isinstance(value, list) else set()


def test_terraform_says_the_same(made):
    """Each resource, read back, is CloudFormation's: nothing lost, nothing added, no text that would be taken for a template."""
    document = configuration(made)
    known = {snake(word): word for each in made for word in words(each.properties)} | {snake(p): p for p in PARAMETERS}
    back = {}
    for kind, found in document["resource"].items():
        for own in found.values():
            plain = {
                key: value
                for key, value in own.items()
                if key not in ("depends_on", "metric_query", "actions_suppressor")
            }
            properties = pascal(plain, known)
            if "metric_query" in own:
                properties["Metrics"] = [query_back(query, known) for query in own["metric_query"]]
            for block in own.get("actions_suppressor", ()):
                properties |= {"ActionsSuppressor": block["alarm"]}
                properties |= {f"ActionsSuppressor{known_as}": block[key] for key, known_as in SUPPRESSOR.items()}
            back[kind, properties.get("AlarmName", properties.get("Name"))] = properties

    ours = {
        (KINDS[each.kind], each.properties.get("AlarmName", each.properties.get("Name"))): dict(each.properties)
        for each in made
    }
    assert ours == back
    written = json.dumps(document).replace("$${", "").replace("%%{", "")
    assert not re.search(r"%\{|\$\{(?!var\.(page_topic_arn|ticket_topic_arn|metric_namespace)\})", written)
    assert {"page_topic_arn", "ticket_topic_arn", "metric_namespace"} == set(document["variable"])
    references = {
        name for found in document["resource"].values() for own in found.values() for name in own.get("depends_on", ())
    }
    labels = {f"{kind}.{label}" for kind, found in document["resource"].items() for label in found}
    assert references <= labels
    assert all(re.fullmatch(r"[a-z_.]+\.[A-Za-z_][\w-]*", label) for label in labels)


KINDS = {
    METRIC_ALARM: "aws_cloudwatch_metric_alarm",
    COMPOSITE_ALARM: "aws_cloudwatch_composite_alarm",
    OBJECTIVE: "awscc_applicationsignals_service_level_objective",
}
SUPPRESSOR = {"wait_period": "WaitPeriod", "extension_period": "ExtensionPeriod"}


def query_back(query, known):
    """A block of Terraform as the API has it: a metric within, its dimensions a list."""
    [metric] = query.get("metric", [None])
    rest = pascal({key: value for key, value in query.items() if key != "metric"}, known)
    if metric is None:
        return rest
    identity = {
        "Namespace": pascal(metric["namespace"], known),
        "MetricName": metric["metric_name"],
        "Dimensions": [{"Name": key, "Value": pascal(value, known)} for key, value in metric["dimensions"].items()],
    }
    return {**rest, "MetricStat": {"Metric": identity, "Period": metric["period"], "Stat": metric["stat"]}}


def test_the_same_slos_give_the_same_bytes(bank, tmp_path):
    """In whatever order; and both files can be read."""
    one, two = write(tmp_path / "a", bank, URL), write(tmp_path / "b", bank[::-1], URL)

    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]
    assert {"fournines.template.yaml", "fournines.tf.json"} == {path.name for path in one}
    assert set(PARAMETERS) == set(yaml.safe_load(one[0].read_text())["Parameters"])
    assert json.loads(one[1].read_text())["resource"]


def test_what_cloudwatch_cannot_say_is_said(slo, latency_slo):
    """By name: what has no metric there, and what its alarms know less of."""
    long = BurnRule(Severity.TICKET, Fraction(1, 2), Window.parse("14d"), Window.parse("30s"))
    said = {
        "g": replace(slo("g"), provider="billing"),
        "w": replace(slo("w"), sli=replace(slo("w").sli, where=(Condition.parse("http.route =~ /v2/.*"),))),
        "s": slo("s", "zahlungen-é"),
        "r": slo("r", rules=(*WORKBOOK, long)),
        "n": slo("n", no_data=NoData.BAD),
        "t": slo("t", group_by=("tenant",)),
        "payments-latency": latency_slo,
    }
    found = {note.split(":")[0]: note for note in notes([slo("plain"), *said.values()])}

    assert set(said) == set(found)
    assert "that they answer" in found["g"]
    assert "14d and 30s" in found["r"]
    assert "all groups together" in found["t"]
    assert [] == resources([said["g"], said["w"], said["s"]], URL)
    assert 8 == sum(each.kind == METRIC_ALARM for each in resources([said["r"]], URL))


def test_what_holds_for_many_is_said_once(latency_slo):
    """With the names of the first few."""
    [note] = notes([replace(latency_slo, name=f"l{n}") for n in range(7)])

    assert "l0, l1, l2, l3, l4 and 2 more: CloudWatch counts the durations of failed requests as well" == note


def test_more_than_a_template_may_have_is_said(slo):
    """Five hundred resources are forty-five SLOs."""
    assert [] == list(notes([slo(f"slo-{n}") for n in range(45)]))
    assert ["CloudFormation takes 500"] == [
        note[note.index("Cloud") :][:24] for note in notes([slo(f"slo-{n}") for n in range(46)])
    ]
