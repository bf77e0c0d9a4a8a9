"""Whatever is sent to be kept is answered in words, and no body takes up room."""

import pytest

from fournines.collector.registry.catalogue import Catalogue

PATHS = (
    "/api/v1/corrections",
    "/api/v1/gate",
    "/api/v1/gate/overrides",
    "/api/v1/deployments",
    "/api/v1/silences",
    "/api/v1/alerts/1/acknowledge",
    "/api/v1/alerts/1/notes",
)
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "body", [b'{"service": "\\ud800"}', b'{"\\ud800": 1}', b'{"service": NaN}', b"{}", b"[1e999]", b"", b"\xff", b"{"]
)
def test_what_is_no_text_is_refused_in_words(ask, path, body):
    """With why, and without what was sent: half a character is no text of an answer either."""
    answer = ask(path, "POST", content=body, headers=JSON)

    assert answer.status_code in (400, 422)
    assert answer.json()["detail"]
    assert '"input"' not in answer.text


@pytest.mark.parametrize("text", ["a\x1b[2Jb", "a\x00b", "a\u202eb", "a\u200bb", " \n "])
def test_what_a_terminal_would_obey_is_no_text(ask, text):
    """Nobody clears the screen of whoever lists alerts at night, or writes backwards on it."""
    said = {"service": "shop", "duration": "1h", "author": "ann", "reason": text}

    assert 422 == ask("/api/v1/silences", "POST", json=said).status_code


def test_lines_are_one(ask, slo, sources):
    """What somebody wrote in several lines stands in one, in tables and in logs."""
    sources.catalogue = Catalogue(1, (slo("quick", "shop"),), {}, frozenset())
    said = {"service": "shop", "duration": "1h", "author": " ann\t", "reason": "a new\r\n  database"}
    made = ask("/api/v1/silences", "POST", json=said).json()

    assert ("ann", "a new database") == (made["author"], made["reason"])


@pytest.mark.parametrize("path", PATHS)
def test_a_long_body_is_refused_before_it_is_there(ask, path):
    """Of what has no end no more is taken than an answer needs."""
    taken = []

    async def endless():
        while len(taken) < 1_000:
            taken.append(1)
            yield b" " * 10_000

    answer = ask(path, "POST", content=endless(), headers=JSON)

    assert (413, "close") == (answer.status_code, answer.headers["connection"])
    assert len(taken) < 20
    assert "65536 bytes" in answer.json()["detail"]


def test_a_remote_write_is_bounded_elsewhere(ask):
    """Its receiver knows how long it may be."""
    assert 204 == ask("/api/v1/write", "POST", content=b"x" * 100_000).status_code
