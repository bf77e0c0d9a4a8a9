"""What `fournines build` writes for others: each target's files, and the words beside them."""

from __future__ import annotations

import pytest
import yaml


def test_receivers_are_placeholders_until_they_are_named(typed, slo_file, tmp_path):
    """Where pages go is no matter of SLO files: it is said when they are built, or put into the file."""

    def urls(*more):
        typed("build", "--slos", slo_file, "--out", tmp_path, "--target", "alertmanager", *more)
        written = yaml.safe_load((tmp_path / "alertmanager" / "alertmanager.yml").read_text())
        return {each["name"]: each["webhook_configs"][0]["url"] for each in written["receivers"]}

    assert {"pages", "tickets", "heartbeats"} == set(urls())
    named = urls("--pages-to", "https://call.example/p", "--heartbeats-to", "https://dead.example/h")
    assert ("https://call.example/p", "https://dead.example/h") == (named["pages"], named["heartbeats"])
    assert urls()["tickets"] == named["tickets"]


def rules_of(folder):
    """The rules of Grafana that were built there."""
    written = yaml.safe_load((folder / "grafana" / "provisioning" / "alerting" / "fournines-rules.yaml").read_text())
    return {rule["uid"]: rule for group in written["groups"] for rule in group["rules"]}, written.get("deleteRules", [])


def test_grafanas_rules_lead_to_the_dashboards_of_the_same_build(typed, slo_file, tmp_path):
    """And ask the data source that was named."""
    result = typed("build", "--slos", slo_file, "--out", tmp_path, "--target", "grafana", "--datasource", "mimir")

    assert 0 == result.exit_code, result.output
    page = rules_of(tmp_path)[0]["payments-availability-page"]
    [board] = (tmp_path / "grafana").glob("slo-*.json")
    assert page["dashboardUid"] in board.read_text()
    assert {"mimir", "__expr__"} == {entry["datasourceUid"] for entry in page["data"]}


def test_grafana_is_told_who_keeps_traces_and_where_services_live(typed, slo_file, tmp_path):
    """Exemplars lead there, and a service's dashboard asks CloudWatch; who is nobody's is refused."""

    def built(*more):
        result = typed("build", "--slos", slo_file, "--out", tmp_path, "--target", "grafana", *more)
        folder = tmp_path / "grafana"
        assert 0 == result.exit_code, result.output
        return (
            yaml.safe_load((folder / "provisioning" / "datasources" / "fournines.yaml").read_text())["datasources"][0],
            (folder / "service-payments.json").read_text(),
        )

    source, board = built("--url", "https://slo.example.com")
    [leads] = source["jsonData"]["exemplarTraceIdDestinations"]
    assert "https://slo.example.com/traces/$${__value.raw}" == leads["url"]
    assert "cloudwatch" not in board
    source, board = built("--traces", "tempo:t1", "--cloudwatch", "eu-central-1")
    assert [{"name": "trace_id", "datasourceUid": "t1"}] == source["jsonData"]["exemplarTraceIdDestinations"]
    assert '"region": "eu-central-1"' in board
    refused = typed("build", "--slos", slo_file, "--out", tmp_path, "--traces", "zipkin:z")
    assert 2 == refused.exit_code
    assert "keeps no traces" in refused.output


@pytest.mark.parametrize(
    ("form", "file"), [("kubernetes", "fournines-overview.json"), ("terraform", "fournines.tf.json")]
)
def test_grafana_s_files_come_in_other_forms_too(typed, slo_file, tmp_path, form, file):
    """Beside the plain ones, and only where they are asked for."""
    words = ("build", "--slos", slo_file, "--out", tmp_path, "--target", "grafana")
    assert 0 == typed(*words).exit_code
    assert ["grafana"] == [path.name for path in tmp_path.iterdir() if path.name.startswith("grafana")]
    result = typed(*words, "--grafana-as", form)
    assert 0 == result.exit_code, result.output
    assert (tmp_path / f"grafana-{form}" / file).is_file()
    assert str(tmp_path / f"grafana-{form}" / file) in result.output


def test_a_rule_file_of_somebody_else_is_a_fault_in_a_sentence(typed, slo_file, tmp_path):
    """Not a traceback; and it stays as it was."""
    path = tmp_path / "grafana" / "provisioning" / "alerting" / "fournines-rules.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("- 1\n")

    result = typed("build", "--slos", slo_file, "--out", tmp_path, "--target", "grafana")

    assert 1 == result.exit_code
    assert f"{path} is no rule file of Grafana" in result.stderr.replace("\n", " ")
    assert "- 1\n" == path.read_text()


def test_what_cloudwatch_cannot_say_is_said_on_stderr(typed, slo_file, tmp_path):
    """Beside the files, which have alarms for the others."""
    text = slo_file.read_text()
    queues = text.replace("payments-availability", "queues").replace("http.server.request", "messaging.process")
    (slo_file.parent / "queues.yaml").write_text(queues)

    result = typed("build", "--slos", slo_file.parent, "--out", tmp_path / "out", "--target", "cloudwatch")

    assert 0 == result.exit_code, result.output
    assert (
        "note: queues: no alarms in CloudWatch, because services write embedded metrics of the requests"
        in result.stderr
    )
    assert "slo-payments-availability-page" in (tmp_path / "out" / "cloudwatch" / "fournines.tf.json").read_text()


def test_what_goes_with_our_own_rules_alone_is_said(typed, slo_file, tmp_path):
    """Whoever has Sloth's or Pyrra's rules and routes them by these files would hear of a page as of a ticket."""

    def notes(dialect):
        result = typed("build", "--slos", slo_file, "--out", tmp_path, "--dialect", dialect)
        assert 0 == result.exit_code, result.output
        return [line for line in result.stderr.splitlines() if "does not go with" in line]

    assert [] == notes("fournines")
    for dialect in ("sloth", "pyrra"):
        assert [
            f"note: {each} does not go with the rules of {dialect}: its r" for each in ("Alertmanager", "Grafana")
        ] == [line[: line.index(": its r") + 7] for line in notes(dialect)]


@pytest.mark.parametrize("option", ["--url", "--pages-to", "--tickets-to", "--heartbeats-to"])
def test_an_address_that_is_none_is_refused_before_anything_is_written(typed, slo_file, tmp_path, option):
    """Alertmanager would refuse the whole file for it, on the day when it is loaded."""
    out = tmp_path / "out"
    result = typed("build", "--slos", slo_file, "--out", out, "--target", "alertmanager", option, "call.example/p")

    assert 2 == result.exit_code
    assert "'call.example/p' is no address" in result.stderr
    assert not out.exists()
