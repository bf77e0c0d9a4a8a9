"""`fournines import` of other tools' files."""

import pytest

SLOTH = """\
version: prometheus/v1
service: payments
slos:
  - name: availability
    objective: 99.9
    labels: {owner: a}
    sli: {events: {error_query: 'sum(rate(e[{{.window}}]))', total_query: 'sum(rate(t[{{.window}}]))'}}
    alerting: {name: Burns, annotations: {runbook: "https://runbooks.example.com/payments"}}
"""
BROKEN = "  - {name: made, objective: 99, sli: {plugin: {id: a}}}\n"


@pytest.fixture
def foreign(tmp_path):
    """A folder with a file of Sloth's."""
    path = tmp_path / "foreign" / "sloth.yml"
    path.parent.mkdir()
    path.write_text(SLOTH)
    return path


def test_files_become_files_that_check_takes(typed, foreign, tmp_path):
    """A file a service; what is carried over otherwise is said beside, and a second time changes nothing."""
    out = tmp_path / "slos"

    first, again = typed("import", foreign.parent, "--out", out), typed("import", foreign, "--out", out)
    checked = typed("check", out, "--strict")

    assert f"wrote {out / 'payments.yaml'}: payments-availability\n" == first.stdout == again.stdout
    assert f"note: {foreign}:8:16: slos[0].alerting.name: " in first.stderr
    assert (0, "1 SLO valid: payments-availability\n") == (checked.exit_code, checked.stdout)


def test_without_a_folder_they_are_printed(typed, foreign):
    """YAML alone on the standard output."""
    result = typed("import", foreign)

    assert 0 == result.exit_code
    assert result.stdout.startswith("apiVersion: openslo/v1\nkind: SLO\n")


def test_what_is_missing_is_said_and_the_rest_is_written(typed, foreign):
    """The exit code says that something is."""
    foreign.write_text(SLOTH + BROKEN)

    result = typed("import", foreign)

    assert 1 == result.exit_code
    assert "payments-availability" in result.stdout
    assert f"not carried over: {foreign}:9:39: slos[1].sli.plugin: " in result.stderr


def test_somebody_says_what_to_import(typed):
    """Neither a file nor a service is a usage fault."""
    result = typed("import")

    assert (2, True) == (result.exit_code, "say which files, or with --from-service whose SLOs" in result.stderr)
