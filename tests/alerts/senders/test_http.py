"""What all senders over HTTP share, where the world is not as it should be."""

from __future__ import annotations

import asyncio

import pytest

from fournines.alerts import InvalidReceiver, Outcome
from fournines.alerts.senders import HttpSender
from fournines.alerts.senders.http import judge, origin


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALL_PROXY", "socks5://ann:s3cret@127.0.0.1:1080"),
        ("HTTPS_PROXY", "http://ann:s3cret@proxy:s3cret"),
        ("NO_PROXY", "fd00::/8"),
        ("SSL_CERT_FILE", "/nowhere/s3cret.pem"),
    ],
)
def test_an_environment_that_can_not_be_used_is_a_fault_with_words(monkeypatch, name, value):
    """At the start, with the variables that it may be; a proxy's password is not shown."""
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidReceiver, match=f"senders can't use what the environment says in .*{name}") as refused:
        HttpSender()
    assert "s3cret" not in str(refused.value)


def test_a_proxy_of_the_environment_is_asked(service, monkeypatch):
    """Where receivers are reached through one, pages go through it."""
    proxy = service(lambda asked: (202, {}))
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    async def main():
        sender = HttpSender()
        answer = await sender.post("http://pages.example/in", {}, 1.0)
        await sender.close()
        return answer

    assert 202 == asyncio.run(main()).status
    assert ["http://pages.example/in"] == [asked.path for asked in proxy.asked]


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("30", 30.0),
        ("9" * 40, 999_999_999.0),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", None),
        ("1 Jan 2026 99999999999999999999:0:0 GMT", None),
        ("-5", None),
        ("soon", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
    ],
)
def test_whatever_retry_after_says_it_is_a_time_or_nothing(said, seconds):
    """A receiver's nonsense costs no message."""
    attempt = judge(503, said, 1_000.0)
    assert (Outcome.RETRY, seconds) == (attempt.outcome, attempt.retry_after)


def test_what_may_be_shown_of_an_address():
    """Scheme, host and port, as one would write them."""
    assert "http://[::1]:9093" == origin("http://ann:s3cret@[::1]:9093/token")
    assert "https://pages.example" == origin("https://pages.example/token")
