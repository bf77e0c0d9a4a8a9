"""What `fournines build` writes for others: each target's files, and the words beside them."""

from __future__ import annotations

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
