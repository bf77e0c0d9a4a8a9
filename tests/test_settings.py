"""Settings: flags over environment over file over defaults, and faults that say where they stand."""

from pathlib import Path

import pytest

from fournines.settings import Flags, Settings, SettingsError, load

FILE = """\
data: ./kept
slos: ./slos
port: 8500
otlp: {http_port: 5318}
notify:
  - {type: webhook, url: "http://127.0.0.1:9/hook", secret: "${HOOK_SECRET}"}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, text: str) -> Path:
    path = folder / "fournines.yaml"
    path.write_text(text)
    return path


def fault(folder: Path, text: str, environ: dict[str, str] | None = None):
    with pytest.raises(SettingsError) as caught:
        load(write(folder, text), Flags(), environ or {})
    return caught.value


def test_without_anything_the_defaults_hold(folder):
    """A newcomer who types `fournines serve` gets the documented ports on loopback."""
    settings = load(None, Flags(), {})

    assert Settings() == settings
    assert ("127.0.0.1", 8400, 4318, 4317) == (
        settings.host,
        settings.port,
        settings.otlp.http_port,
        settings.otlp.grpc_port,
    )


def test_a_file_in_the_working_directory_is_found_and_its_paths_count_from_its_folder(folder):
    """`fournines.yaml` needs no flag; relative folders in a file belong to the file."""
    path = write(folder, FILE)

    found = load(None, Flags(), {"HOOK_SECRET": "s3cret"})
    named = load(path, Flags(), {"HOOK_SECRET": "s3cret"})

    assert 8500 == found.port
    assert folder / "kept" == named.data
    assert folder / "slos" == named.slos


def test_flags_win_over_environment_over_file(folder):
    """The nearer to the person who types, the stronger."""
    path = write(folder, FILE)
    environ = {"HOOK_SECRET": "x", "FOURNINES_PORT": "8600", "FOURNINES_OTLP_HTTP_PORT": "6318"}

    settings = load(path, Flags(otlp_http_port=7318, xray_port=0), environ)

    assert (8600, 7318, 4317) == (settings.port, settings.otlp.http_port, settings.otlp.grpc_port)


def test_webhooks_of_the_command_line_join_those_of_the_file(folder):
    """`--webhook` adds a receiver; it does not silence those configured."""
    settings = load(
        write(folder, FILE), Flags(webhook=("http://127.0.0.1:1/a", "http://127.0.0.1:2/b")), {"HOOK_SECRET": "x"}
    )

    assert ["/hook", "/a", "/b"] == [hook.url.path for hook in settings.notify]


def test_secrets_mask_themselves(folder):
    """No text made of settings shows a secret."""
    settings = load(write(folder, FILE), Flags(), {"HOOK_SECRET": "s3cret"})

    assert "s3cret" not in f"{settings!r} {settings}"
    assert "s3cret" == settings.notify[0].secret.get_secret_value()


@pytest.mark.parametrize(
    ("text", "line", "path", "words"),
    [
        ("port: 8400\nprot: 1\n", 2, "prot", "unknown key; the keys are data, forward, host"),
        ("host: 127.0.0.1\nport: many\n", 2, "port", "not 'many'"),
        ("port: 70000\n", 1, "port", "65535"),
        ('host: ""\n', 1, "host", "at least 1 character"),
        ("url: over there\n", 1, "url", "URL"),
        ("otlp:\n  grpc_port: 4317\n  htp_port: 4318\n", 3, "otlp.htp_port", "unknown key"),
        ("notify:\n  - {type: webhook, url: nowhere}\n", 2, "notify[0].url", "URL"),
        ("notify:\n  - type: pager\n    url: http://127.0.0.1/\n", 2, "notify[0].type", "webhook"),
        ("port: 1\nport: 2\n", 2, "port", "twice"),
        ("port: [1\n", 2, "", "no valid YAML"),
        ("- 1\n", 1, "", "no mapping"),
        ("port: 1\n---\nport: 2\n", 0, "", "more than one document"),
        ("port: 1\nhost: !!python/name:os.system x\n", 2, "host", "is not read here"),
        ("port: !!int many\n", 1, "port", "is not read here"),
        ("notify: &hooks [*hooks]\n", 1, "notify[0]", "refers to itself"),
        ("otlp: &otlp {more: *otlp}\n", 1, "otlp.more", "refers to itself"),
        ("[" * 3000 + "]" * 3000, 1, "[0][0][0]", "nests deeper than 40 levels"),
        ("port: true\n", 1, "port", "not True"),
        ("notify: {type: webhook}\n", 1, "notify", "a list"),
        ("scrape: 5\n", 1, "scrape", "a list, such as [{job: billing"),
        ("scrape:\n  - job: billing\n", 2, "scrape[0]", "needs targets or files"),
        ('scrape:\n  - job: a\n    targets: ["http://a:1/metrics"]\n', 3, "scrape[0].targets[0]", "no host:port"),
        ('scrape:\n  - job: a\n    targets: ["a:70000"]\n', 3, "scrape[0].targets[0]", "no host:port"),
        ('scrape:\n  - job: a\n    targets: ["a:1"]\n    interval: 15x\n', 4, "scrape[0].interval", "not '15x'"),
        ("probes:\n  - service: a\n    url: ftp://a/\n", 3, "probes[0].url", "tcp://host:port"),
        ("probes:\n  - service: a\n    url: tcp://a:99999\n", 3, "probes[0].url", "up to 65535"),
        ("probes:\n  - service: a\n    url: http://a/\n    matches: 5\n", 4, "probes[0].matches", "valid string"),
        ("probes:\n  - service: a\n    url: http://a/\n    matches: (\n", 4, "probes[0].matches", "regular expression"),
        (
            "probes:\n  - service: a\n    url: http://a/\n    expect: 700\n",
            4,
            "probes[0].expect",
            "write 200 or 200-299",
        ),
        ("probes:\n  - &p {service: a, url: http://a/}\n  - *p\n", 1, "probes", "[1] is the same as [0]"),
        ("forward:\n  - endpoint: http://a\n", 2, "forward[0]", "needs a type: otlp"),
        ("forward:\n  - type: kafka\n", 2, "forward[0].type", "there are otlp, remote_write and xray"),
        ("forward:\n  - type: otlp\n    endpoint: a:4318\n", 3, "forward[0].endpoint", "http"),
        ("forward:\n  - type: otlp\n    endpoint: http://a\n    gzip: no\n", 4, "forward[0].gzip", "unknown key"),
        ("forward:\n  - &f {type: otlp, endpoint: http://a}\n  - *f\n", 1, "forward", "[1] is the same as [0]"),
        ("otlp:\n  limit: 64mb\n", 2, "otlp.limit", "the units are B, kB, MB, GB, KiB, MiB, GiB"),
        ("otlp:\n  limit: lots\n", 2, "otlp.limit", "'lots' is no size"),
        ("otlp:\n  limit: -5MiB\n", 2, "otlp.limit", "'-5MiB' is no size"),
        ("otlp:\n  limit: 2GiB\n", 2, "otlp.limit", "less than or equal to 1073741824, not 2147483648"),
        ("otlp:\n  limit: 1500.5B\n", 2, "otlp.limit", "no whole number of bytes"),
        ("otlp:\n  limit: true\n", 2, "otlp.limit", "not True"),
        ("traces:\n  bytes: 500kB\n", 2, "traces.bytes", "greater than or equal to 1048576"),
        (
            "forward:\n  - type: otlp\n    endpoint: http://a\n    queue_bytes: 1KB\n",
            4,
            "forward[0].queue_bytes",
            "'1KB' is no size",
        ),
        ("otlp:\n  tls:\n    certificate: a.pem\n", 2, "otlp.tls.key", "required"),
        ("otlp:\n  tls: a.pem\n", 2, "otlp.tls", "a mapping"),
        ("otlp:\n  tokens: 0123456789abcdef\n", 2, "otlp.tokens", "a list"),
        ("otlp:\n  tokens: [short]\n", 2, "otlp.tokens[0]", "at least 16 characters"),
    ],
)
def test_a_fault_names_file_line_and_path(folder, text, line, path, words):
    """Whoever mistyped is led to the very line."""
    (found,) = fault(folder, text).faults

    assert (line, path) == (found.line, found.path)
    assert words in found.message
    assert "fournines.yaml" in str(found)


def test_all_faults_are_listed_at_once(folder):
    """Nobody mends a file fault by fault."""
    assert {"port", "host"} == {found.path for found in fault(folder, "port: x\nhost: [1]\n").faults}
    assert ["port", "data"] == [found.path for found in fault(folder, "port: x\ndata: ${FOURNINES_NOWHERE}\n").faults]


@pytest.mark.parametrize("hook", ["url: 'ftp://pager/s3cret', secret: 45678", "url: 'http://u:s3cret@', token: s3cret"])
def test_no_fault_shows_what_a_receiver_is_kept_secret_by(folder, hook):
    """Tokens stand in a receiver's address, and a fault is printed where others read it."""
    said = str(fault(folder, f"notify: [{{type: webhook, {hook}}}]\n"))

    assert "notify[0].url" in said
    assert "s3cret" not in said
    assert "45678" not in said


def test_an_empty_secret_is_a_fault(folder):
    """A variable that is set to nothing does not make a receiver's messages unsigned."""
    with pytest.raises(SettingsError, match=r"notify\[0\]\.secret"):
        load(write(folder, FILE), Flags(), {"HOOK_SECRET": ""})


def test_a_webhook_flag_beside_a_broken_list_is_no_riddle(folder):
    """The fault is the file's, not one of each of its letters."""
    with pytest.raises(SettingsError) as caught:
        load(write(folder, "notify: nope\n"), Flags(webhook=("http://127.0.0.1:1/",)), {})

    assert ["notify"] == [found.path for found in caught.value.faults]


def test_a_missing_environment_variable_is_a_fault(folder):
    """An unset secret is never an empty secret."""
    (found,) = fault(folder, FILE).faults

    assert (6, "notify[0].secret") == (found.line, found.path)
    assert "HOOK_SECRET is not set" in found.message


def test_a_file_that_is_not_there_is_a_fault(folder):
    """A mistyped --config never starts a collector with defaults."""
    with pytest.raises(SettingsError, match="can't be read"):
        load(folder / "nothing.yaml", Flags(), {})


def test_a_fault_of_the_environment_says_so(folder):
    """A bad FOURNINES_PORT is not blamed on a file."""
    with pytest.raises(SettingsError, match="command line or environment: port"):
        load(None, Flags(), {"FOURNINES_PORT": "eighty"})


def test_paths_of_the_receivers_count_from_the_files_folder(folder):
    """A certificate named in a file lies beside it, wherever the collector is started from; an absolute path stays."""
    path = write(folder, "otlp: {socket: otlp.sock, tls: {certificate: a.pem, key: /etc/key.pem}}\nkernels: ./k\n")

    settings = load(path, Flags(), {})

    assert (folder / "otlp.sock", folder / "k") == (settings.otlp.socket, settings.kernels)
    assert settings.otlp.tls is not None
    assert (folder / "a.pem", Path("/etc/key.pem")) == (settings.otlp.tls.certificate, settings.otlp.tls.key)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("64MiB", 64 * 2**20),
        ("1GiB", 2**30),
        ("500kB", 500_000),
        ("0.5 GB", 500_000_000),
        ("1.5MiB", 1_572_864),
        ("2048B", 2048),
        ("67108864", 67_108_864),
        ('"${LIMIT}"', 4096),
    ],
)
def test_sizes_are_written_with_their_unit_or_as_bytes(folder, text, size):
    """`64MiB` is what people mean; thousands and 1,024s are told apart by their names, and nothing is rounded."""
    assert size == load(write(folder, f"otlp: {{limit: {text}}}"), Flags(), {"LIMIT": "4096"}).otlp.limit


def test_every_size_takes_a_unit(folder):
    """Queues of all destinations and kept traces as well as requests."""
    settings = load(
        write(
            folder,
            "traces: {bytes: 1GiB}\nforward:\n  - {type: otlp, endpoint: http://a, queue_bytes: 2GiB}\n"
            "  - {type: remote_write, url: http://a, queue_bytes: 2GiB}\n  - {type: xray, region: a, queue_bytes: 2GiB}\n",
        ),
        Flags(),
        {},
    )

    assert 2**30 == settings.traces.bytes
    assert [2**31] * 3 == [one.queue_bytes for one in settings.forward]


def test_senders_tokens_are_secrets(folder):
    """A token shows in no text made of the settings, nor in the complaint about one that is too short."""
    said = load(write(folder, "otlp: {tokens: [0123456789abcdef-secret]}"), Flags(), {})

    assert "0123456789abcdef" not in repr(said)
    assert "tooshort" not in str(fault(folder, "otlp: {tokens: [tooshort]}"))


def test_a_header_that_is_none_is_a_fault_and_is_not_shown(folder):
    """A line's end in a variable would break every request it is sent with; what it holds may be a secret."""
    text = "probes:\n  - service: a\n    url: http://a/\n    headers: {authorization: '${TOKEN}'}\n"

    (found,) = fault(folder, text, {"TOKEN": "s3cret\n"}).faults

    assert (4, "probes[0].headers.authorization") == (found.line, found.path)
    assert "a line's end" in found.message
    assert "s3cret" not in str(found)


def test_settings_of_everything_that_comes_in_and_goes_out(folder):
    """What the documentation shows is understood as it is meant."""
    path = write(
        folder,
        "scrape: [{job: a, targets: ['[::1]:9000', host], interval: 500ms}, {job: b, files: ['t/*.json']}]\n"
        "probes: [{service: a, url: 'tcp://db:5432'}, {service: a, url: 'https://u:p@x:8443/h?q', expect: ['200-299', 401]}]\n"
        "forward: [{type: otlp, endpoint: 'http://a'}, {type: otlp, endpoint: 'http://b'}, {type: xray, region: eu-central-1}]\n",
    )

    settings = load(path, Flags(), {})

    assert (0.5, (str(folder / "t/*.json"),)) == (settings.scrape[0].interval, settings.scrape[1].files)
    assert ((200, 299), (401, 401)) == settings.probes[1].expect
    assert ["otlp", "otlp", "xray"] == [one.type for one in settings.forward]
