"""What the sections of the file mean."""

from pathlib import Path

import pytest

from fournines.settings import Flags, load


def test_paths_of_the_receivers_count_from_the_files_folder(folder, write):
    """A certificate named in a file lies beside it, wherever the collector is started from; an absolute path stays."""
    path = write(
        "otlp: {socket: otlp.sock, tls: {certificate: a.pem, key: keys/b.pem, client_ca: /etc/ca.pem}}\nkernels: ./k\n"
    )

    settings = load(path, Flags(), {})

    assert (folder / "otlp.sock", folder / "k") == (settings.otlp.socket, settings.kernels)
    assert [folder / "a.pem", folder / "keys/b.pem", Path("/etc/ca.pem")] == [path for _, path in settings.otlp.tls]


def test_senders_tokens_are_secrets(write, fault):
    """A token shows in no text made of the settings, nor in the complaint about one that is too short."""
    said = load(write("otlp: {tokens: [0123456789abcdef-secret]}"), Flags(), {})

    assert "0123456789abcdef" not in repr(said)
    assert "tooshort" not in str(fault("otlp: {tokens: [tooshort]}"))


def test_a_header_that_is_none_is_a_fault_and_is_not_shown(fault):
    """A line's end in a variable would break every request it is sent with; what it holds may be a secret."""
    text = "probes:\n  - service: a\n    url: http://a/\n    headers: {authorization: '${TOKEN}'}\n"

    (found,) = fault(text, {"TOKEN": "s3cret\n"}).faults

    assert (4, "probes[0].headers.authorization") == (found.line, found.path)
    assert "a line's end" in found.message
    assert "s3cret" not in str(found)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("type: otlp, endpoint: 'http://a'", "type: otlp, endpoint: 'http://a/', redact: false"),
        ("type: remote_write, url: 'http://a'", "type: remote_write, url: 'http://a', interval: 1s"),
        ("type: xray, region: a", "type: xray, region: a, timeout: 1"),
    ],
)
def test_one_destination_has_one_queue(fault, one, other):
    """A destination is told by where it is, whatever else is said of it."""
    (found,) = fault(f"forward: [{{{one}}}, {{{other}}}]\n").faults

    assert "[1] is the same as [0]" == found.message


def test_settings_of_everything_that_comes_in_and_goes_out(folder, write):
    """What the documentation shows is understood as it is meant."""
    path = write(
        "scrape: [{job: a, targets: ['[::1]:9000', host], interval: 500ms}, {job: b, files: ['t/*.json']}]\n"
        "probes: [{service: a, url: 'tcp://db:5432'}, {service: a, url: 'https://u:p@x:8443/h?q', expect: ['200-299', 401]}]\n"
        "forward: [{type: otlp, endpoint: 'http://a'}, {type: otlp, endpoint: 'http://b'}, {type: xray, region: eu-central-1}]\n",
    )

    settings = load(path, Flags(), {})

    assert (0.5, (str(folder / "t/*.json"),)) == (settings.scrape[0].interval, settings.scrape[1].files)
    assert ((200, 299), (401, 401)) == settings.probes[1].expect
    assert ["otlp", "otlp", "xray"] == [one.type for one in settings.forward]


def test_a_heartbeat_s_token_is_a_secret(write, fault):
    """It stands in the address: no text made of the settings shows it, nor a complaint about another key beside it."""
    settings = load(write("heartbeat: {url: 'https://hc-ping.com/s3cret', interval: 30s, method: POST}"), Flags(), {})
    beat = settings.heartbeat

    assert ("https://hc-ping.com/s3cret", 30.0, "POST") == (beat.url.get_secret_value(), beat.interval, beat.method)
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in str(fault("heartbeat: {url: 'https://hc-ping.com/s3cret', every: 1m}"))


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("heartbeat: {url: 'ftp://x/s3cret'}", "heartbeat.url", "is no http:// or https:// address"),
        ("heartbeat: {interval: 1m}", "heartbeat.url", "is missing"),
        ("heartbeat: {url: 'http://a', interval: 500ms}", "heartbeat.interval", "greater than or equal to 1"),
        ("heartbeat: {url: 'http://a', method: PUT}", "heartbeat.method", "'GET' or 'POST'"),
    ],
)
def test_a_heartbeat_that_is_none_is_a_fault(fault, text, path, message):
    """With what is wrong, and without its token."""
    (found,) = fault(text).faults

    assert path == found.path
    assert message in found.message
    assert "s3cret" not in found.message
