"""Faults that say where they stand and what to write, and give no secret away."""

import pytest


@pytest.mark.parametrize(
    ("text", "line", "path", "words"),
    [
        ("port: 8400\nprot: 1\n", 2, "prot", "unknown key `prot`, did you mean `port`? allowed: `data`, `kernels`"),
        ("host: 127.0.0.1\nport: many\n", 2, "port", "not 'many'"),
        ("port: 70000\n", 1, "port", "65535"),
        ('host: ""\n', 1, "host", "at least 1 character"),
        ("url: over there\n", 1, "url", "is no http:// or https:// address"),
        (
            "otlp:\n  grpc_port: 4317\n  htp_port: 4318\n",
            3,
            "otlp.htp_port",
            "unknown key `htp_port`, did you mean `http_port`? allowed: `http_port`, `grpc_port`",
        ),
        (
            "otlp: {tls: {cert: a, certificate: b, key: c}}\n",
            1,
            "otlp.tls.cert",
            "allowed: `certificate`, `key`, `client_ca`",
        ),
        (
            "xray: {rules: [{nom: a, name: b, rate: 1, reservoir: 1}]}\n",
            1,
            "xray.rules[0].nom",
            "unknown key `nom`; allowed: `name`, `rate`",
        ),
        ("notify:\n  - {type: webhook, url: nowhere}\n", 2, "notify[0].url", "is no http:// or https:// address"),
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
        (
            "forward:\n  - type: otlp\n    endpoint: http://a\n    gzip: no\n",
            4,
            "forward[0].gzip",
            "unknown key `gzip`; allowed: `type`, `endpoint`",
        ),
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
        ("otlp:\n  tls:\n    certificate: a.pem\n", 2, "otlp.tls.key", "is missing"),
        ("otlp:\n  tls: a.pem\n", 2, "otlp.tls", "a mapping"),
        ("otlp:\n  tokens: 0123456789abcdef\n", 2, "otlp.tokens", "a list"),
        ("otlp:\n  tokens: [short]\n", 2, "otlp.tokens[0]", "at least 16 characters"),
    ],
)
def test_a_fault_names_file_line_and_path(fault, text, line, path, words):
    """Whoever mistyped is led to the very line."""
    (found,) = fault(text).faults

    assert (line, path) == (found.line, found.path)
    assert words in found.message
    assert "fournines.yaml" in str(found)


def test_all_faults_are_listed_at_once(fault):
    """Nobody mends a file fault by fault."""
    assert {"port", "host"} == {found.path for found in fault("port: x\nhost: [1]\n").faults}
    assert ["port", "data"] == [found.path for found in fault("port: x\ndata: ${FOURNINES_NOWHERE}\n").faults]


def test_no_fault_shows_what_a_request_is_sent_with(fault):
    """A header that was written without quotes may be a token all the same."""
    said = str(fault("probes: [{service: a, url: 'http://a/', headers: {authorization: 45678}}]\n"))

    assert "probes[0].headers.authorization" in said
    assert "45678" not in said


@pytest.mark.parametrize("hook", ["url: 'ftp://pager/s3cret', secret: 45678", "url: 'http://u:s3cret@', token: s3cret"])
def test_no_fault_shows_what_a_receiver_is_kept_secret_by(fault, hook):
    """Tokens stand in a receiver's address, and a fault is printed where others read it."""
    said = str(fault(f"notify: [{{type: webhook, {hook}}}]\n"))

    assert "notify[0].url" in said
    assert "s3cret" not in said
    assert "45678" not in said
