"""Variables of a file: filled in, missed, and kept secret."""

import pytest

from fournines.settings import Flags, SettingsError, load

FILE = 'notify:\n  - {type: webhook, url: "http://127.0.0.1:9/hook", secret: "${HOOK_SECRET}"}\n'


def test_secrets_mask_themselves(write):
    """No text made of settings shows a secret."""
    settings = load(write(FILE), Flags(), {"HOOK_SECRET": "s3cret"})

    assert "s3cret" not in f"{settings!r} {settings}"
    assert "s3cret" == settings.notify[0].secret.get_secret_value()


def test_an_empty_secret_is_a_fault(write):
    """A variable that is set to nothing does not make a receiver's messages unsigned."""
    with pytest.raises(SettingsError, match=r"notify\[0\]\.secret"):
        load(write(FILE), Flags(), {"HOOK_SECRET": ""})


def test_a_missing_environment_variable_is_a_fault(fault):
    """An unset secret is never an empty secret."""
    (found,) = fault(FILE).faults

    assert (2, "notify[0].secret") == (found.line, found.path)
    assert "HOOK_SECRET is not set" in found.message
