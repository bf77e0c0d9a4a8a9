"""What every Python of an unchanged service runs at its start: little, in its turn, and never to its harm."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap

import pytest

from fournines.instrumentation.unchanged.launch import STARTUP


@pytest.fixture
def python(tmp_path):
    """Runs a Python with our folder in front, and a folder of the test's own behind; what it printed, and its errors."""

    def run(program, before=(), **files):
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(textwrap.dedent(text))
        path = os.pathsep.join([STARTUP, str(tmp_path), *before])
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program)],
            env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        return done.stdout, done.stderr

    return run


def test_a_python_that_serves_nothing_pays_nothing(python):
    """Nothing of ours is imported, and `sys.path` is what it would have been."""
    out, err = python(
        "import sys, json; print(json.dumps([sys.path, [m for m in sys.modules if 'fournines.' in m or 'opentel' in m]]))"
    )
    path, loaded = json.loads(out)

    assert (loaded, err) == ([], "")
    assert STARTUP not in path


def test_the_service_s_own_sitecustomize_runs_after_ours(python):
    """With its own name, its own file, and the watch already standing; whatever it puts into `sys.path` stays."""
    own = """
        import sys
        sys.path.append("/own")
        watching = [type(finder).__name__ for finder in sys.meta_path][0]
    """
    show = "import sitecustomize as s, sys; print(s.watching, s.__file__, '/own' in sys.path)"
    out, err = python(show, sitecustomize=own)

    assert err == ""
    assert out.split()[0] == "Watch"
    assert STARTUP not in out
    assert out.split()[2] == "True"


def test_a_sitecustomize_that_fails_fails_as_ever(python):
    """Python tells it and goes on, as it would without us; the watch stands."""
    out, err = python("import sys; print(type(sys.meta_path[0]).__name__)", sitecustomize="raise ValueError('theirs')")

    assert out == "Watch\n"
    assert "Error in sitecustomize" in err
    assert "theirs" in err


SERVER = """
    class Config:
        def load(self, more=1):
            "Loads."
            self.loaded_app = ("app", more)
"""


@pytest.fixture
def servers(python, tmp_path):
    """As `python`, with a package `uvicorn` whose `config` is of the test's own."""

    def run(config, program):
        (tmp_path / "uvicorn").mkdir()
        (tmp_path / "uvicorn" / "__init__.py").touch()
        (tmp_path / "uvicorn" / "config.py").write_text(textwrap.dedent(config))
        return python(program)

    return run


def test_a_server_s_module_looks_as_it_did(servers):
    """Its loader, its source and its function's name and text are its own: who looks at it sees no change."""
    out, err = servers(SERVER, """
        import inspect, uvicorn.config as c
        print(type(c.__loader__).__name__, type(c.__spec__.loader).__name__, "Loads." in inspect.getsource(c))
        print(c.Config.load.__name__, c.Config.load.__doc__, inspect.signature(c.Config.load))
    """)  # fmt: skip

    assert err == ""
    assert out == "SourceFileLoader SourceFileLoader True\nload Loads. (self, more=1)\n"


def test_a_server_of_another_time_is_left_alone(servers):
    """A version without the seam serves as ever, and one line says that it is not measured."""
    out, err = servers("class Other: pass", "import uvicorn.config; print('served')")

    assert out == "served\n"
    assert err == "fournines: this version of uvicorn.config has no Config.load; what it serves is not measured\n"


def test_a_python_without_us_serves_all_the_same(servers):
    """Where our package can't be imported there, one line says so, once, and the server's own function runs."""
    out, err = servers(SERVER, """
        import sys
        sys.modules["fournines"] = None  # as where it is not installed
        from uvicorn.config import Config
        for _ in range(2):
            config = Config()
            config.load(more=2)
            print(config.loaded_app)
    """)  # fmt: skip

    assert out == "('app', 2)\n" * 2
    assert err.count("has no fournines that works") == 1
    assert err.count("\n") == 1


def test_an_import_that_fails_fails_as_ever(servers):
    """The error is the server's own, also the second time."""
    out, _ = servers("raise KeyError('broken')", """
        for _ in range(2):
            try:
                import uvicorn.config
            except KeyError as e:
                print(e)
    """)  # fmt: skip

    assert out == "'broken'\n'broken'\n"
