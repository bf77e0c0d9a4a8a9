"""The program as a newcomer types it: exit codes, plain lines, and no traceback for a slip of the fingers."""

import subprocess
import sys

import pytest

from fournines import __version__


def test_the_version_is_said(typed):
    """`fournines --version` names the program and the version, and nothing else happens."""
    result = typed("--version")

    assert (0, f"fournines {__version__}\n") == (result.exit_code, result.stdout)


def test_python_m_is_the_same_program():
    """`python -m fournines` works where no script is on PATH."""
    found = subprocess.run([sys.executable, "-m", "fournines", "--version"], capture_output=True, text=True, check=True)

    assert f"fournines {__version__}\n" == found.stdout


@pytest.mark.parametrize("width", ["60", "80"])
@pytest.mark.parametrize("words", [(), ("-h",), ("admin", "--help")])
def test_every_command_says_what_it_does_in_a_narrow_terminal(typed, words, width):
    """Each command has a line whose sentence is whole, in plain letters."""
    said = typed(*words, COLUMNS=width).output
    lines = said.partition("Commands:\n")[2].splitlines()

    assert lines
    assert [line for line in lines if not line.endswith(".") or line.endswith("...") or len(line) > int(width)] == []
    assert said.isascii()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["serv"], "Error: No such command 'serv'. Did you mean 'serve'?\n"),
        (["check"], "Error: Invalid value for PATH: say which SLO files, or folders of them\n"),
        (["serve", "--prot", "1"], "Error: No such option: --prot (Possible options: --host, --port)\n"),
        (["serve", "--port", "eight"], "Error: Invalid value for '--port': "),
        (["serve", "--otlp-http-port", "65536"], "Error: Invalid value for '--otlp-http-port': "),
        *((["demo", "--rps", rps], "Error: Invalid value for '--rps': ") for rps in ("0", "-1", "nan", "inf", "0.5")),
    ],
)
def test_what_was_mistyped_is_said_in_one_line(typed, words, said):
    """A usage fault exits with 2, before anything starts; the last line says which word it is."""
    result = typed(*words)

    assert 2 == result.exit_code
    assert said in result.stderr
    assert result.stderr.splitlines()[-1].startswith("Error: ")


def test_a_mistyped_setting_stops_serve_with_its_line(typed, tmp_path):
    """Nothing starts on a configuration that was not understood."""
    config = tmp_path / "fournines.yaml"
    config.write_text("port: 8400\nprot: 1\n")

    result = typed("serve", "--config", config)

    assert 1 == result.exit_code
    assert f"{config}:2:1: prot: unknown key" in result.stderr


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("nope", "Request URL is missing an 'http://' or 'https://' protocol"),
        ("http://127.0.0.1:9", "[Errno 111] Connection refused"),
        ("http://127.0.0.1:pages", "Invalid port: 'pages'"),
    ],
)
def test_a_collector_that_is_not_there_is_named(typed, url, reason):
    """`import` says whom it asked and where to say another; a proxy of the environment is not asked for this machine."""
    result = typed("import", "--from-service", "payments", "--url", url, HTTP_PROXY="http://proxy.invalid:1")

    said = f"the collector at {url} can't be asked: {reason}; say with --url where the pages of `fournines serve` are\n"
    assert (1, said) == (result.exit_code, result.stderr)


@pytest.mark.parametrize(("url", "proxy"), [(f"https://{'a' * 64}", ""), ("https://slo.example.com", "nope://proxy")])
def test_an_address_that_can_be_none_ends_in_a_sentence(typed, url, proxy):
    """A name too long for any host, and a proxy of no known kind, are told like a collector that is not there."""
    result = typed("import", "--from-service", "payments", "--url", url, HTTPS_PROXY=proxy)

    assert 1 == result.exit_code
    assert result.stderr.startswith(f"the collector at {url} can't be asked: ")
