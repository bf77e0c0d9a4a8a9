"""What happens while a command gets what the base install leaves out."""

import signal

import pytest

MET = """
class Met:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}: {does}
sys.meta_path.insert(0, Met())
"""
HEARING = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
"""As at a terminal: who runs the tests in the background hands on that the signal is ignored."""
PRESS = "import os, signal; os.kill(os.getpid(), signal.SIGINT)"


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        (["check", "slos"], "yaml"),
        (["serve"], "uvloop"),
        (["demo"], "rich"),
        (["import", "--from-service", "payments"], "httpx"),
    ],
)
def test_the_base_install_says_what_to_install(typed_where, words, missing):
    """Where a package of the collector is missing, the message names the extra, not a module path."""
    found = typed_where(MET.format(name=missing, does="raise ModuleNotFoundError(name=name)"), *words)

    said = f"this command needs {missing}, which the base install leaves out: pip install 'fournines[collector]'\n"
    assert (1, said) == (found.returncode, found.stderr)


def test_a_fault_of_ours_is_not_taken_for_a_missing_package(typed_where):
    """A module of the house that can't be imported is shown as what it is."""
    found = typed_where(MET.format(name="fournines.slo", does="raise ModuleNotFoundError(name=name)"), "check", "slos")

    assert "pip install" not in found.stderr
    assert "ModuleNotFoundError" in found.stderr


@pytest.mark.parametrize("imported", ["typer", "uvloop", "pydantic"])
def test_ctrl_c_while_a_command_imports_ends_it_without_a_word(typed_where, imported):
    """It ends by the signal, or with the code that shells make of that, and not in the middle of somebody else's traceback."""
    found = typed_where(HEARING + MET.format(name=imported, does=PRESS), "serve")

    assert "" == found.stderr
    assert found.returncode in (-signal.SIGINT, 128 + signal.SIGINT)


def test_who_ignores_ctrl_c_goes_on_ignoring_it(typed_where):
    """A job in the background is not ended by the Ctrl-C of the one in front."""
    ignoring = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    found = typed_where(ignoring + MET.format(name="yaml", does=PRESS), "check", "nowhere")

    assert (1, "nowhere: can't be read: No such file or directory\n1 fault found\n") == (found.returncode, found.stderr)


def test_ctrl_c_is_an_exception_again_once_everything_is_imported(typed, tmp_path):
    """What a command began it can tidy up."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        typed("check", tmp_path)

        assert signal.default_int_handler is signal.getsignal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
