"""Does every new plugin, and each example of one, pass its own tests and checks once installed?

Slow: a wheel of each kind, and pytest, mypy, ruff and `srkit plugin check` of it: about 15 s a kind
on a free core. The environment borrows the libraries of this one, so that nothing is installed
twice.
"""

import json
import shutil
import site
import subprocess
import sys
from pathlib import Path

import pytest

from srkit_core.cli.app import run
from srkit_core.scaffold.template_files import template_names

pytestmark = pytest.mark.slow

LONG = "zz-a-name-that-has-as-many-as-40-letters"
NEW = {template: f"zz-{template}" for template in template_names()} | {"loss": LONG}
EXAMPLES = {"third_party_plugin": "edge", "third_party_generator": "mini"}
"""Folders of `examples/` that are whole distributions, and what each brings."""
NAMES = NEW | EXAMPLES


def call(*words, cwd):
    done = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, check=False, cwd=cwd
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def uv(*words, cwd):
    beside = Path(sys.executable).with_name("uv")
    return call(beside if beside.exists() else "uv", *words, cwd=cwd)


@pytest.fixture(scope="module")
def folders(root, tmp_path_factory):
    """Folders of new plugins, one of each kind, and of the examples."""
    home = tmp_path_factory.mktemp("made")
    for example in EXAMPLES:
        shutil.copytree(root / "examples" / example, home / example)
    for template, name in NEW.items():
        kind = ["loss", "--adversarial"] if template == "adversarial" else [template]
        words = ["plugin", "new", name, "--kind", *kind, "--out", str(home / template)]
        assert run(words) == 0
    return home


@pytest.fixture(scope="module")
def python(folders, tmp_path_factory):
    """The Python of an environment with all new plugins, and what is installed here."""
    home = tmp_path_factory.mktemp("environment")
    call(sys.executable, "-m", "venv", "--without-pip", home / "venv", cwd=home)
    borrowed = f"import site; site.addsitedir({site.getsitepackages()[0]!r})"
    next(home.glob("venv/lib/*/site-packages")).joinpath("borrowed.pth").write_text(borrowed)
    found = home / "venv/bin/python"
    for template in NAMES:
        uv("build", "-q", "--wheel", "-o", home / "wheels", folders / template, cwd=home)
    wheels = sorted(home.glob("wheels/*.whl"))
    assert len(wheels) == len(NAMES)
    uv("pip", "install", "-q", "--no-deps", "--python", found, *wheels, cwd=home)
    return found


def test_the_longest_name_that_may_be_is_tried():
    assert len(LONG) == 40


@pytest.mark.parametrize("template", NAMES)
def test_its_tests_pass(template, folders, python):
    told = call(python, "-m", "pytest", "-p", "no:cacheprovider", cwd=folders / template)
    assert " passed" in told
    assert "skipped" not in told


@pytest.mark.parametrize("template", NAMES)
def test_its_types_and_style_are_sound(template, folders, python):
    folder = folders / template
    told = call(python, "-m", "mypy", "--strict", "--cache-dir", folders / "mypy", cwd=folder)
    assert told.startswith("Success: no issues found")
    call(python, "-m", "ruff", "check", "--no-cache", cwd=folder)
    call(python, "-m", "ruff", "format", "--check", "--no-cache", cwd=folder)


def test_srkit_checks_them(python, tmp_path):
    names = [f"srkit-{name}" for name in NAMES.values()]
    told = call(python, "-m", "srkit_core", "plugin", "check", *names, "--json", cwd=tmp_path)
    rows = [row for rows in json.loads(told).values() if isinstance(rows, list) for row in rows]
    assert {row["distribution"] for row in rows} == set(names)


def test_nothing_that_was_installed_is_broken(python, tmp_path):
    told = call(python, "-m", "srkit_core", "list", cwd=tmp_path)
    assert "Error" not in told
    assert all(NAMES[kind] in told for kind in ("generator", "loss", "metric"))
