"""Files of several tools, and of none."""

from __future__ import annotations

from fournines.slo.imported.load import import_files

SLOTH = (
    "version: prometheus/v1\nservice: a\nslos:\n"
    "  - {name: b, objective: 99, sli: {events: {error_query: 'x[{{.window}}]', total_query: 'y[{{.window}}]'}}}\n"
)


def test_whose_a_document_is_stands_in_it(imported):
    """Our own stay as they are, a configuration declares nothing, and anything else is a fault."""
    ours = "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: a}\n"
    config = "backends: {prometheus: {url: x}}\nexporters: {}\n"
    slos, remarks, faults = imported(f"{ours}---\n{config}---\nkind: Pod\n---\n- 1\n---\n{SLOTH}")

    assert ["a-b"] == [slo.name for slo in slos]
    assert ["is OpenSLO already", "is a configuration"] == [
        remark.message.split(",")[0].split(":")[0] for remark in remarks
    ]
    assert {"is no SLO of Sloth, Pyrra or slo-generator"} == {fault.message for fault in faults}
    assert 2 == len(faults)


def test_a_name_twice_is_a_fault_of_the_second(tmp_path):
    """Two files that make one name: the first in order keeps it."""
    (tmp_path / "a.yaml").write_text(SLOTH)
    (tmp_path / "b.yml").write_text(SLOTH.replace("99", "95"))

    slos, _, (fault,) = import_files([tmp_path])

    assert ["0.99"] == [str(slo.objective) for slo in slos]
    assert (str(tmp_path / "b.yml"), "makes another SLO named `a-b`") == (fault.file, fault.message)


def test_what_can_not_be_read_is_said(tmp_path):
    """A folder without files, a file that is none, YAML that is none."""
    (tmp_path / "bad.yaml").write_text("a: [")
    (tmp_path / "empty").mkdir()

    slos, remarks, faults = import_files([tmp_path / "bad.yaml", tmp_path / "empty", tmp_path / "none.yaml"])

    assert ((), ()) == (slos, remarks)
    assert 3 == len(faults)


def test_names_and_descriptions_are_made_to_fit(imported):
    """Both are said; labels that can be none are left out."""
    text = SLOTH.replace("name: b", f"name: B_b, description: {'x' * 2000}, labels: {{'k8s.io/a': c}}")

    (slo,), remarks, _ = imported(text)

    assert ("a-b-b", 1050, {}) == (slo.name, len(slo.description), dict(slo.labels))
    assert ["is cut to 1050 characters", "the label 'k8s.io/a' is left out", "'a-B_b' is called 'a-b-b' here"] == [
        remark.message.partition(":")[0] for remark in remarks
    ]
