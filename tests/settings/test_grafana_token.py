"""The token for Grafana comes from a file or the environment, and shows itself nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from fournines.settings.grafana_token import VARIABLE, grafana_token


def test_a_file_counts_before_the_environment(tmp_path: Path) -> None:
    """Its last line break is no part of it."""
    path = tmp_path / "token"
    path.write_text("glsa_file\n")

    assert grafana_token(path, {VARIABLE: "glsa_env"}).get_secret_value() == "glsa_file"
    assert grafana_token(None, {VARIABLE: "glsa_env"}).get_secret_value() == "glsa_env"
    assert "glsa" not in repr(grafana_token(path, {}))


@pytest.mark.parametrize("text", ["", " \n", "two\nlines", "ünïcode"])
def test_what_is_no_token_is_refused(tmp_path: Path, text: str) -> None:
    """Without being said: it could be half of one."""
    path = tmp_path / "token"
    path.write_text(text)

    with pytest.raises(ValueError, match=r"^no token: set FOURNINES_GRAFANA_TOKEN, or say --token-file$"):
        grafana_token(path, {})
    with pytest.raises(ValueError, match="can't read the token file"):
        grafana_token(tmp_path / "absent", {})
