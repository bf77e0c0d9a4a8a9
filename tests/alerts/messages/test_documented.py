"""The examples of the documentation are what goes out."""

from __future__ import annotations

from pathlib import Path

import pytest

from fournines.alerts import Alert, AlertKey, AlertKind, Firing
from fournines.alerts.messages.templates import SUMMARY, VARIABLES, packaged
from fournines.slo import NoData

PAGE = (Path(__file__).parents[3] / "docs" / "messages.md").read_text()
PAYMENTS = "payments-availability"


@pytest.fixture
def examples(status, world, triggered, known, writer, start):
    """The messages of the page: a trigger, its end, and a service's silence."""
    world.failing = {PAYMENTS: 0.01, (PAYMENTS, "30d"): 0.00005}
    noted = status(annotations={"fournines/runbook": "https://run.example/payments"}, no_data=NoData.BAD)
    trigger = triggered(noted, contexts=known)
    alert = Alert(
        AlertKey(AlertKind.PAGE, PAYMENTS),
        PAYMENTS,
        "payments",
        {},
        "",
        trigger.annotations["summary"],
        Firing(start - 720),
    )
    world.silent = {PAYMENTS}
    silent = triggered(status(no_data=NoData.BAD), AlertKind.NO_DATA)
    return trigger, writer(known).resolves(alert, noted, start), silent


def test_the_examples_are_what_goes_out(examples):
    """Summary and description of each, and what Slack and mailboxes show of the first: to the letter."""
    texts = [one.annotations[name] for one in examples for name in ("summary", "description")]
    texts += [packaged().slack(examples[0]), packaged().email_text(examples[0]).partition("\nexplained: ")[0].strip()]

    assert [] == [text for text in texts if f"\n```text\n{text}\n```\n" not in PAGE]


def test_what_a_template_may_say_is_in_the_documentation():
    """Whoever writes one finds every name, and every template."""
    said = {*VARIABLES, *VARIABLES[SUMMARY], *(name for names in VARIABLES.values() for name in names)}

    assert [] == sorted(name for name in said if f"`{name}`" not in PAGE)
