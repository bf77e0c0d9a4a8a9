"""`check` and `build` as a newcomer types them: every fault is named, and what is built can be committed."""

import json

import pytest

COMPOSITE = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: all}
spec:
  service: bank
  indicator:
    metadata: {name: all}
    spec:
      ratioMetric:
        rawType: success
        raw: {metricSource: {type: fournines, spec: {signal: slos, rule: all, of: [{slo: payments-availability}]}}}
  budgetingMethod: Timeslices
  objectives: [{target: 0.999}]
"""


def changed(path, before, after):
    """Makes a newcomer's mistake in a file."""
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def test_valid_files_are_said_to_be_valid(typed, slo_file):
    """`check` exits 0 and names what it found."""
    result = typed("check", slo_file.parent)

    assert (0, "1 SLO valid: payments-availability\n") == (result.exit_code, result.stdout)


def test_advice_is_no_fault_unless_it_is_wanted_to_be_one(typed, slo_file):
    """What could be better is said, and the exit code stays 0; with `--strict` it is 1."""
    changed(slo_file, "duration: 30d", "duration: 1d")
    lenient, strict = typed("check", slo_file), typed("check", "--strict", slo_file)

    assert (0, 1) == (lenient.exit_code, strict.exit_code)
    assert "advice: " in lenient.stdout
    assert lenient.stdout == strict.stdout


def test_whoever_pages_says_what_to_do(typed, slo_file):
    """An SLO that wakes somebody without a runbook is valid, and told what it requires: place and annotation; a fault to `--strict`."""
    changed(slo_file, "  annotations: {fournines/runbook: https://runbooks.example.com/payments}\n", "")

    lenient, strict = typed("check", slo_file), typed("check", "--strict", slo_file)

    assert (0, 1) == (lenient.exit_code, strict.exit_code)
    assert (
        f"required: {slo_file}:4:3: payments-availability: pages somebody without saying what to do" in lenient.stdout
    )
    assert "fournines/runbook" in lenient.stdout


def test_the_schema_is_for_editors(typed):
    """It is printed as JSON, and nothing is checked."""
    result = typed("check", "--schema")

    assert 0 == result.exit_code
    assert "https://json-schema.org/draft/2020-12/schema" == json.loads(result.stdout)["$schema"]


@pytest.mark.parametrize("command", ["check", "fmt"])
def test_a_command_without_files_was_mistyped(typed, command):
    """There is no folder that is meant by itself."""
    assert 2 == typed(command).exit_code


def test_canonical_form_is_written_once(typed, slo_file):
    """`fmt` changes what is not in order and says so, `--check` only says so, and what is in order stays as it is."""
    before = slo_file.read_text()
    wanted = typed("fmt", "--check", slo_file.parent)
    assert (1, f"would change {slo_file}\n", before) == (wanted.exit_code, wanted.stdout, slo_file.read_text())

    written = typed("fmt", slo_file)
    assert (0, f"changed {slo_file}\n") == (written.exit_code, written.stdout)
    assert slo_file.read_text() != before

    again = typed("fmt", "--check", slo_file)
    assert (0, "") == (again.exit_code, again.stdout)


def test_what_cannot_be_put_in_order_is_named_and_left_alone(typed, slo_file):
    """Faults end the command with 1; other files are put in order all the same."""
    other = slo_file.with_name("broken.yaml")
    other.write_text("a: [\n")
    result = typed("fmt", slo_file.parent)

    assert 1 == result.exit_code
    assert f"{other}:2:" in result.stderr
    assert f"changed {slo_file}\n" == result.stdout
    assert "a: [\n" == other.read_text()


def test_a_file_that_cannot_be_written_is_named(typed, slo_file, monkeypatch):
    """Whoever may read it need not be allowed to write it."""

    def refuse(*_args, **_words):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.write_text", refuse)
    result = typed("fmt", slo_file)

    assert 1 == result.exit_code
    assert f"can't write {slo_file}: Permission denied" in result.stderr


def test_every_fault_is_named_and_the_exit_code_is_one(typed, slo_file):
    """File, line, path and remedy for each of them."""
    changed(slo_file, "target: 0.9999", "target: 1.5")
    changed(slo_file, "30d", "30x")

    result = typed("check", slo_file)

    assert 1 == result.exit_code
    assert f"{slo_file}:15:17: spec.timeWindow[0].duration: " in result.stderr
    assert f"{slo_file}:17:" in result.stderr
    assert "2 faults found" in result.stderr


def test_the_same_slo_twice_is_a_fault(typed, slo_file):
    """Two files that promise under one name are both named."""
    slo_file.with_name("copy.yaml").write_text(slo_file.read_text())

    result = typed("check", slo_file.parent)

    assert 1 == result.exit_code
    assert "payments.yaml" in result.stderr
    assert "copy.yaml" in result.stderr


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        ("all", {"prometheus", "alertmanager", "grafana", "cloudwatch"}),
        ("prometheus", {"prometheus"}),
        ("promtool", {"prometheus"}),
        ("alertmanager", {"alertmanager"}),
        ("grafana", {"grafana"}),
        ("cloudwatch", {"cloudwatch"}),
    ],
)
def test_build_writes_what_was_asked_for(typed, slo_file, tmp_path, target, wanted):
    """Each target has a folder of its own; nothing else is written."""
    out = tmp_path / "out"

    result = typed("build", "--slos", slo_file.parent, "--out", out, "--target", target)

    assert 0 == result.exit_code, result.output
    assert wanted == {path.name for path in out.iterdir()}
    assert all(str(out) in line for line in result.stdout.splitlines())


@pytest.mark.parametrize(("dialect", "file"), [("sloth", "payments.yml"), ("pyrra", "payments-availability.yaml")])
def test_a_dialect_writes_another_tool_s_rules(typed, slo_file, tmp_path, dialect, file):
    """In a folder of its name, and none of ours; what these rules do not know is said."""
    result = typed(
        "build", "--slos", slo_file, "--out", tmp_path / "out", "--target", "prometheus", "--dialect", dialect
    )

    assert 0 == result.exit_code, result.output
    assert [tmp_path / "out" / dialect / file] == [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert f"note: {dialect.title()}'s rules of payments-availability do not know the guard" in result.output


def test_building_twice_writes_the_same_bytes(typed, slo_file, tmp_path):
    """What is built can be committed: no clock, no randomness."""
    contents = []
    for name in ("first", "second"):
        typed("build", "--slos", slo_file, "--out", tmp_path / name)
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        contents.append({path.relative_to(tmp_path / name): path.read_bytes() for path in files})

    assert contents[0] == contents[1]
    assert contents[0]


def test_links_of_alerts_lead_where_people_reach_the_pages(typed, slo_file, tmp_path):
    """Behind a proxy the address listened on is of no use at three in the morning."""
    typed("build", "--slos", slo_file, "--out", tmp_path, "--target", "prometheus", "--url", "https://slo.example.com/")

    rules = (tmp_path / "prometheus" / "rules.yml").read_text()
    assert "https://slo.example.com/slo/payments-availability" in rules
    assert "127.0.0.1" not in rules


def test_what_rules_cannot_judge_is_said(typed, slo_file, tmp_path):
    """Nobody counts shares of slices for Prometheus; slices and composites are as the collector judges them."""
    changed(slo_file, "Occurrences", "RatioTimeslices")
    changed(slo_file, "target: 0.9999}", "target: 0.999, timeSliceWindow: 1m}")
    (slo_file.parent / "all.yaml").write_text(COMPOSITE)

    result = typed("build", "--slos", slo_file.parent, "--out", tmp_path / "out", "--target", "prometheus")
    grafana = typed("build", "--slos", slo_file.parent, "--out", tmp_path / "out", "--target", "grafana")

    assert [
        "note: all pages somebody without saying what to do; add the annotation fournines/runbook",
        "note: payments-availability pages when 1 slice of 1m was bad, which its rules can't know: they page for less as well",
    ] == sorted(line.partition("; the collector's own alerts")[0] for line in result.stderr.splitlines())
    assert result.stderr == grafana.stderr


def test_building_from_a_faulty_file_writes_nothing(typed, slo_file, tmp_path):
    """No half of a promise reaches an alert rule."""
    slo_file.write_text("kind: SLO\n")

    result = typed("build", "--slos", slo_file, "--out", tmp_path / "out")

    assert 1 == result.exit_code
    assert not (tmp_path / "out").exists()


def test_building_where_nothing_can_be_written_says_so(typed, slo_file, tmp_path):
    """The folder is named, without a traceback."""
    (tmp_path / "out").write_text("a file, no folder")

    result = typed("build", "--slos", slo_file, "--out", tmp_path / "out")

    assert 1 == result.exit_code
    assert "can't write to" in result.stderr


def test_whether_a_file_can_be_read_is_for_reading_to_say(typed, slo_file, monkeypatch):
    """It is a fault of the file, with exit code 1, and no mistyped command: nothing is asked before."""
    monkeypatch.setattr("os.access", lambda *_, **__: False)

    assert 0 == typed("check", slo_file).exit_code


def test_a_path_nobody_can_look_at_is_said_by_check(typed, tmp_path):
    """A link that leads round in a circle is a fault with exit code 1, and nothing else."""
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    result = typed("check", tmp_path / "loop.yaml")

    assert 1 == result.exit_code
    assert "can't be read" in result.output
