"""`report` as somebody types it on the first of a month."""

from __future__ import annotations

import copy
import json
from datetime import date
from decimal import Decimal
from urllib.parse import parse_qs

import boto3
import httpx
import promql_parser
import pytest
from botocore.stub import Stubber

from fournines.answers import REPORT
from fournines.cli.aws_costs import aws_costs
from fournines.cli.durations import durations_in
from fournines.collector.promql.engine import Engine
from fournines.slo import InvalidValue
from fournines.slo.report import Period

OCTOBER = Period.parse("2026-10")


@pytest.fixture
def told(monkeypatch):
    """Has a collector, and nobody else, answer as it is told; gives the requests it gets."""
    made, requests = httpx.Client, []

    def answers(said):
        def handle(request):
            requests.append(request)
            return httpx.Response(200, json=said)

        def client(**options):
            elsewhere = options.get("transport")
            return made(transport=elsewhere or httpx.MockTransport(handle), base_url=options["base_url"])

        monkeypatch.setattr(httpx, "Client", client)
        return requests

    return answers


def test_the_last_month_is_written_as_markdown_unless_it_is_said_otherwise(typed, told):
    """The collector's clock says which month that is."""
    requests = told(REPORT)
    done = typed("report")

    assert (0, "# SLO report, October 2026") == (done.exit_code, done.output.splitlines()[0])
    assert [{"period": "", "zone": "UTC", "service": ""}] == [dict(each.url.params) for each in requests]


@pytest.mark.parametrize(
    ("output", "begins"), [("html", b"<!doctype html>"), ("md", b"# SLO report"), ("json", b"{"), ("pdf", b"%PDF-")]
)
def test_each_format_goes_into_a_file(typed, told, tmp_path, output, begins):
    """JSON is what the API gave."""
    requests = told(REPORT)
    out = tmp_path / "report"
    done = typed("report", "--period", "2026-10", "--format", output, "--out", out, "--service", "payments")

    assert (0, "") == (done.exit_code, done.output)
    assert out.read_bytes().startswith(begins)
    assert ("2026-10", "payments") == (requests[0].url.params["period"], requests[0].url.params["service"])
    if output == "json":
        assert REPORT == json.loads(out.read_bytes())


def test_costs_of_a_table_are_in_the_scorecard(typed, told, tmp_path):
    """With a byte order mark, as spreadsheets write it."""
    told(REPORT)
    table = tmp_path / "costs.csv"
    table.write_text("period,service,amount,currency\n2026-10,payments,1204.505,EUR\n2026-10,,5,EUR\n", "utf-8-sig")
    done = typed("report", "--costs", table)

    assert "| monthly cost | 1,209.51 EUR |  |" in done.output
    assert "Of all costs 5 EUR are of no service of this report." in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--period", "October"], "is no period"),
        (["--zone", "Mars/Olympus"], "is no time zone"),
        (["--format", "docx"], "docx"),
        (["--costs", "nowhere.csv"], "nowhere.csv can't be read"),
        (["--out", "/nowhere/report.md"], "/nowhere/report.md can't be written"),
        (["--format", "pdf", "--out", "x.pdf", "--font", "/nowhere.ttf"], "the font /nowhere.ttf can't be read"),
        (["--prometheus", "http://127.0.0.1:1"], "the Prometheus at http://127.0.0.1:1 can't be asked"),
    ],
)
def test_what_can_not_be_done_is_said_in_a_sentence(typed, told, words, said):
    """And no traceback."""
    told(REPORT)
    done = typed("report", *words)

    assert done.exit_code in (1, 2)
    assert said in " ".join(done.output.split())
    assert "Traceback" not in done.output


def test_a_collector_of_another_version_is_told_from_one_that_refuses(typed, told):
    """The place that does not fit is named."""
    wrong = copy.deepcopy(REPORT)
    wrong["services"][0]["slos"][0]["outcome"]["good"] = "many"
    told(wrong)
    done = typed("report")

    assert 1 == done.exit_code
    assert "that is no report: services.0.slos.0.outcome.good: no whole number" in done.output


def groups(estimated=False, **costs):
    """A month of the Cost Explorer."""
    named = [
        {"Keys": [f"service${name}"], "Metrics": {"UnblendedCost": {"Amount": amount, "Unit": "USD"}}}
        for name, amount in costs.items()
    ]
    return {
        "TimePeriod": {"Start": "2026-10-01", "End": "2026-11-01"},
        "Total": {},
        "Groups": named,
        "Estimated": estimated,
    }


@pytest.fixture
def explorer(monkeypatch, aws_credentials):
    """A Cost Explorer that answers as it is told, held against AWS's own model of it, both ways."""
    client = boto3.client("ce", region_name="us-east-1")
    monkeypatch.setattr(boto3.session.Session, "client", lambda self, *_, **__: client)
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def test_costs_of_aws_are_read_page_by_page(explorer):
    """By the tag's values; what has none is nobody's alone, and amounts are what they are to the last digit."""
    asked = {
        "TimePeriod": {"Start": "2026-10-01", "End": "2026-11-01"},
        "Granularity": "MONTHLY",
        "Metrics": ["UnblendedCost"],
        "GroupBy": [{"Type": "TAG", "Key": "service"}],
    }
    first = {"ResultsByTime": [groups(payments="0.1000000001")], "NextPageToken": "more"}
    rest = {"ResultsByTime": [groups(payments="0.2", **{"": "7"})]}
    explorer.add_response("get_cost_and_usage", first, asked)
    explorer.add_response("get_cost_and_usage", rest, asked | {"NextPageToken": "more"})
    costs = aws_costs(OCTOBER, "service", date(2026, 11, 5))

    assert {"payments": Decimal("0.3000000001"), "": Decimal(7)} == costs.services
    assert ("USD", False) == (costs.currency, costs.estimated)


def test_costs_of_a_month_that_is_not_over_may_still_change(explorer):
    """Asked for up to today; as may those that AWS calls estimated."""
    explorer.add_response("get_cost_and_usage", {"ResultsByTime": [groups(payments="1")]})
    assert aws_costs(OCTOBER, "service", date(2026, 10, 5)).estimated
    explorer.add_response("get_cost_and_usage", {"ResultsByTime": [groups(estimated=True, payments="1")]})
    assert aws_costs(OCTOBER, "service", date(2026, 11, 1)).estimated


def test_aws_that_refuses_or_knows_nothing_is_said(explorer):
    """Also of a month that is still to come, of which it is not asked."""
    explorer.add_client_error("get_cost_and_usage", "AccessDeniedException", "no")
    with pytest.raises(InvalidValue, match=r"does not answer: .*AccessDenied"):
        aws_costs(OCTOBER, "service", date(2026, 11, 5))
    explorer.add_response("get_cost_and_usage", {"ResultsByTime": [groups()]})
    with pytest.raises(InvalidValue, match="says nothing of October 2026"):
        aws_costs(OCTOBER, "service", date(2026, 11, 5))
    with pytest.raises(InvalidValue, match="still to come"):
        aws_costs(OCTOBER, "service", date(2026, 9, 1))


def test_durations_are_of_services_whatever_their_jobs_are_called():
    """A job is the service that its targets name, two jobs of one service are one; without a name, or with several, it is its own."""

    def found(**values):
        return [
            {"metric": dict(label.split("=") for label in key.split("&")), "value": [0, value]}
            for key, value in values.items()
        ]

    def handle(request):
        (query,) = parse_qs(request.content.decode())["query"]
        promql_parser.parse(query)  # raises for what Prometheus would not take
        assert "[2678400s]" in query
        if "_sum" in query:
            said = found(**{"job=a": "30.5", "job=b": "9.5", "job=c": "1", "job=d": "NaN"})
        elif "_count" in query:
            said = found(**{"job=a": "100", "job=b": "10", "job=c": "1", "job=d": "NaN"})
        else:
            named = ("job=a&service_name=pay", "job=b&service_name=pay", "job=c&service_name=x", "job=c&service_name=y")
            said = found(**dict.fromkeys(named, "1"))
        return httpx.Response(200, json={"status": "success", "data": {"resultType": "vector", "result": said}})

    engine = Engine("http://prometheus", transport=httpx.MockTransport(handle))
    spent = durations_in(engine, OCTOBER.interval("UTC"), OCTOBER.interval("UTC").end + 9)
    engine.close()

    assert {"pay": (40, 110), "c": (1, 1), "d": (0, 0)} == {
        name: (each.seconds, each.requests) for name, each in spent.items()
    }
