"""The texts of messages as templates: ours, and the user's."""

from __future__ import annotations

import dataclasses
import html
import re

import pytest

from fournines.alerts import AlertKey, AlertKind, Firing
from fournines.alerts.errors import InvalidTemplates
from fournines.alerts.messages.templates import SLACK_MOST, Templates, packaged

PAYMENTS = "payments-availability"
HOSTILE = [
    "{{ 7 * 7 }}{% for _ in range(9) %}",
    "<script>alert(1)</script>",
    "<!channel> & <https://evil.example|here>",
    "two\nlines\r\nand\x00\x1b[31m\u202e\u2028more",
    "\"'><img src=x onerror=alert(1)>",
    "x" * 10_000,
    "&" * 10_000,
    "\ud800 alone",
]


@pytest.fixture
def burning(status, world, triggered, known):
    """The trigger of a page of which all is known."""
    world.failing = {PAYMENTS: 0.01, (PAYMENTS, "30d"): 0.00005}
    return triggered(status(annotations={"fournines/runbook": "https://run.example/pay?a=1&b=2"}), contexts=known)


@pytest.fixture
def own(tmp_path):
    """Writes one template into a folder of the user's."""

    def write(name, text):
        (tmp_path / name).write_text(text)
        return tmp_path

    return write


def test_slack_has_every_fact_on_a_line_of_its_own_and_the_links_below(burning):
    """In the order of all receivers; an address is escaped as Slack asks."""
    lines = packaged().slack(burning).splitlines()

    assert [f"*{name}*: {text}" for name, text in burning.details.items()] == lines[: len(burning.details)]
    assert lines[-1].startswith(
        "<https://run.example/pay?a=1&amp;b=2|Runbook> · <http://slo.example/slo/payments-availability|Dashboard>"
    )


def test_mail_has_every_fact_and_link_in_both_of_its_parts(burning):
    """Whoever reads the plain part misses nothing."""
    plain, rich = packaged().email_text(burning), packaged().email_html(burning)

    for name, text in burning.details.items():
        assert f"{name}: {text}" in plain
        assert html.escape(text, quote=False) in rich.replace("&#39;", "'").replace("&#34;", '"')
    for link in burning.links:
        assert f"{link.text}: {link.href}" in plain
        assert f'<a href="{html.escape(link.href)}">{link.text}</a>' in rich


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_never_mark_up(burning, name):
    """Whatever a service calls itself: no template runs, nobody is mentioned, no tag begins, and every text keeps its length."""
    hostile = dataclasses.replace(
        burning,
        annotations={"summary": f"{name} burns", "description": name},
        details={"promise": name, name: "49 is not here", "fails": f"{name}; {name}"},
    )
    slack, plain, rich = packaged().slack(hostile), packaged().email_text(hostile), packaged().email_html(hostile)

    assert "49" not in (slack + plain + rich).replace("49 is not here", "")
    assert set(re.findall(r"<([^|>]*)", slack)) == {link.href.replace("&", "&amp;") for link in hostile.links}
    assert len(slack) <= SLACK_MOST
    assert not re.findall(r"<(script|img|https|!channel)", rich)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\u202e\u2028\ud800]", slack + plain + rich)
    assert (slack + plain + rich).encode()


def test_a_message_too_long_for_slack_says_less_of_each_fact(burning):
    """Facts are cut, each with a sign of it; no link and no escape is."""
    long = dataclasses.replace(burning, details={f"fact {number}": "& " * 400 for number in range(12)})
    text = packaged().slack(long)

    assert len(text) <= SLACK_MOST
    assert [f"*fact {number}*" in text for number in range(12)] == [True] * 12
    assert text.count("<") == text.count(">") == len(long.links)
    assert not re.search(r"&(?!amp;)", text)


def test_a_template_of_the_users_takes_the_place_of_ours(own, status, world, writer, start):
    """Only that one: all others stay."""
    world.failing = {PAYMENTS: 0.01}
    templates = Templates(own("summary.txt.j2", "{{ service | upper }}:\n{% if rate %}{{ rate }}{% endif %}\n"))
    told = writer(templates=templates)
    alert = told.opened(AlertKey(AlertKind.PAGE, PAYMENTS), status(), Firing(start))

    assert "PAYMENTS: 100x" == alert.summary
    assert told.triggers(alert, status()).annotations["description"].startswith("The promise: ")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("summary.txt.j2", "fine\n{{ slo ", "summary.txt.j2:2: "),
        (
            "summary.txt.j2",
            "fine\n\n{% if severty == 'page' %}x{% endif %}",
            "summary.txt.j2:3: nothing is called 'severty' here; there are ",
        ),
        (
            "slack.mrkdwn.j2",
            "{{ burn }}",
            "slack.mrkdwn.j2:1: nothing is called 'burn' here; there are action, description, ",
        ),
        ("summary.txt.j2", "{{ slo | shout }}", "summary.txt.j2:1: No filter named 'shout'"),
        ("sumary.txt.j2", "", "sumary.txt.j2: no message has this template; there are description.txt.j2, "),
    ],
)
def test_a_template_that_cannot_be_used_is_refused_at_the_start(own, name, text, said):
    """File, line, and what would do: nobody finds out at night."""
    folder = own(name, text)
    with pytest.raises(InvalidTemplates) as refused:
        Templates(folder)

    assert str(refused.value).startswith(f"{folder}/{said}")


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    """A mistyped one does not silently mean ours."""
    with pytest.raises(InvalidTemplates, match="no such folder of templates"):
        Templates(tmp_path / "gone")


@pytest.mark.parametrize(
    "text", ["{{ 1 // details.size }}", "{{ labels.nobody.knows }}", "{{ ''.__class__.mro() }}", "{{ 1 / 0 }}"]
)
def test_a_template_that_fails_at_night_does_not_hold_the_page_back(own, burning, caplog, text):
    """Ours is taken, and the log says which failed and why."""
    templates = Templates(own("slack.mrkdwn.j2", text))

    assert packaged().slack(burning) == templates.slack(burning)
    assert "slack.mrkdwn.j2 failed, and ours was taken" in caplog.text


def test_templates_may_share_parts(own, burning):
    """A file that begins with an underscore is a part of others."""
    own("_foot.j2", "-- {{ summary }}")
    templates = Templates(own("email.txt.j2", "{% include '_foot.j2' %}"))

    assert f"-- {burning.annotations['summary']}\n" == templates.email_text(burning)
