"""Flags over environment over file over defaults."""

from dataclasses import fields
from pathlib import Path

import pytest

from fournines.settings import Flags, Settings, SettingsError, load
from fournines.settings.flags import PLACES

FILE = """\
data: ./kept
slos: ./slos
port: 8500
otlp: {http_port: 5318}
notify:
  - {type: webhook, url: "http://127.0.0.1:9/hook", secret: "${HOOK_SECRET}"}
"""


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


def test_a_file_in_the_working_directory_is_found_and_its_paths_count_from_its_folder(folder, write):
    """`fournines.yaml` needs no flag; relative folders in a file belong to the file."""
    path = write(FILE)

    found = load(None, Flags(), {"HOOK_SECRET": "s3cret"})
    named = load(path, Flags(), {"HOOK_SECRET": "s3cret"})

    assert 8500 == found.port
    assert folder / "kept" == named.data
    assert folder / "slos" == named.slos


def test_flags_win_over_environment_over_file(write):
    """The nearer to the person who types, the stronger."""
    path = write(FILE)
    environ = {"HOOK_SECRET": "x", "FOURNINES_PORT": "8600", "FOURNINES_OTLP_HTTP_PORT": "6318"}

    settings = load(path, Flags(otlp_http_port=7318, xray_port=0), environ)

    assert (8600, 7318, 4317) == (settings.port, settings.otlp.http_port, settings.otlp.grpc_port)


def test_every_flag_has_its_place_in_the_file():
    """What can be typed can be written: under the key that the flag's place names."""
    assert {field.name for field in fields(Flags)} == {*PLACES, "webhook"}
    for place in PLACES.values():
        section = Settings
        for key in place:
            assert key in section.model_fields
            section = section.model_fields[key].annotation


def test_paths_that_are_typed_count_from_the_working_directory(folder, write):
    """A file elsewhere has its own paths beside it, and leaves those of flags and variables alone."""
    (folder / "below").mkdir()
    path = write("data: ./a\nkernels: ./b\nslos: ./c\n").rename(folder / "below" / "fournines.yaml")

    settings = load(path, Flags(data=Path("x")), {"FOURNINES_SLOS": "y"})

    assert (Path("x"), folder / "below" / "b", Path("y")) == (settings.data, settings.kernels, settings.slos)


def test_webhooks_of_the_command_line_join_those_of_the_file(write):
    """`--webhook` adds a receiver; it does not silence those configured."""
    settings = load(write(FILE), Flags(webhook=("http://127.0.0.1:1/a", "http://127.0.0.1:2/b")), {"HOOK_SECRET": "x"})

    assert ["/hook", "/a", "/b"] == [hook.url.path for hook in settings.notify]


def test_a_webhook_flag_beside_a_broken_list_is_no_riddle(write):
    """The fault is the file's, not one of each of its letters."""
    with pytest.raises(SettingsError) as caught:
        load(write("notify: nope\n"), Flags(webhook=("http://127.0.0.1:1/",)), {})

    assert ["notify"] == [found.path for found in caught.value.faults]


def test_a_file_that_is_not_there_is_a_fault(folder):
    """A mistyped --config never starts a collector with defaults."""
    with pytest.raises(SettingsError, match="can't be read"):
        load(folder / "nothing.yaml", Flags(), {})


@pytest.mark.parametrize(
    ("flags", "environ", "said"),
    [
        (Flags(), {"FOURNINES_PORT": "eighty"}, "--port (FOURNINES_PORT): Input should be a valid integer"),
        (Flags(xray_port=70000), {}, "--xray-port (FOURNINES_XRAY_PORT): Input should be less than"),
        (Flags(webhook=("nope",)), {}, "--webhook (FOURNINES_WEBHOOK): is no http:// or https:// address"),
        (Flags(), {"FOURNINES_URL": "nope"}, "--url (FOURNINES_URL): is no http:// or https:// address"),
    ],
)
def test_a_fault_of_what_was_typed_names_the_flag(write, flags, environ, said):
    """Neither a bad flag nor a bad variable is blamed on a file, whether there is one or not."""
    for config in (None, write("notify: [{type: webhook, url: 'http://127.0.0.1/'}]\nport: 1\n")):
        with pytest.raises(SettingsError) as caught:
            load(config, flags, environ)

        (fault,) = caught.value.faults
        assert str(fault).startswith(said)


def test_a_fault_of_the_file_is_the_files_beside_flags(write):
    """What was typed well takes no blame for what is written badly."""
    with pytest.raises(SettingsError) as caught:
        load(write("notify: [{type: webhook, url: nope}]\n"), Flags(webhook=("http://127.0.0.1/",), port=1), {})

    assert ["notify[0].url"] == [fault.path for fault in caught.value.faults]
