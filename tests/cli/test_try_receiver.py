"""`alerts test` as somebody types it before the night."""

import pytest


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """Writes a configuration file into the working directory."""
    monkeypatch.chdir(tmp_path)
    return (tmp_path / "fournines.yaml").write_text


def test_each_receiver_says_what_it_answered(typed, configured, on_loopback):
    """Beginning and end; the exit code says whether all of them took both."""
    asked = []

    def answer(method, path, headers, body):
        asked.append((path, b'"resolved"' in body))
        return (404, b"") if path == "/gone" else (200, b"")

    url = on_loopback(answer)
    configured(f"notify: [{{type: webhook, url: '{url}/here'}}, {{type: webhook, url: '{url}/gone', name: old}}]\n")

    both, one = typed("alerts", "test"), typed("alerts", "test", "--receiver", "webhook-1")

    assert (1, 0) == (both.exit_code, one.exit_code)
    assert (
        "RECEIVER   MESSAGE  OUTCOME    ANSWER\n"
        "webhook-1  trigger  delivered  accepted\n"
        "old        trigger  rejected   answered 404\n"
        "webhook-1  resolve  delivered  accepted\n"
    ) == both.stdout
    assert [("/here", False), ("/here", True)] == asked[-2:]


@pytest.mark.parametrize(
    ("text", "words", "says"),
    [
        ("port: 1\n", (), "there is nobody to tell: the configuration holds no notify"),
        (
            "notify: [{type: webhook, url: 'http://a'}]\n",
            ("--receiver", "chat"),
            "there is no receiver chat; there are webhook-1",
        ),
        (
            "notify: [{type: apprise, url: 'nowhere://x'}]\n",
            (),
            "the address of receiver apprise-1 is none that Apprise knows",
        ),
        ("notify: [{type: pager}]\n", (), "fournines.yaml:1:11: notify[0].type: 'pager' is no type of receiver"),
    ],
)
@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
def test_what_can_not_be_tried_is_said(typed, configured, text, words, says):
    """In a sentence."""
    configured(text)

    ended = typed("alerts", "test", *words)

    assert 1 == ended.exit_code
    assert says in ended.stderr
