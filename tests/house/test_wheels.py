"""Does each wheel work on its own?

Slow: makes an environment and installs from the package index. SRKIT_WHEELS names a folder of built
    wheels, else they are built here.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from srkit_core.catalogue import catalogue

pytestmark = pytest.mark.slow

PLUGINS = sorted(
    path.name
    for path in (Path(__file__).resolve().parents[2] / "plugins").iterdir()
    if path.is_dir()
)


def call(*words, **options):
    done = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, check=False, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def uv(*words, **options):
    """The uv of this environment, where the README's commands put it, else the one on the path."""
    beside = Path(sys.executable).with_name("uv")
    return call(beside if beside.exists() else "uv", *words, **options)


@pytest.fixture(scope="module")
def wheels(root, tmp_path_factory):
    folder = Path(os.environ.get("SRKIT_WHEELS", tmp_path_factory.mktemp("wheels")))
    if not list(folder.glob("*.whl")):
        uv("build", "-q", "--all-packages", "--wheel", "-o", folder, cwd=root)
    return folder


@pytest.fixture(scope="module")
def environment(root, wheels, tmp_path_factory):
    """An environment with the root wheel, its dependencies, what tests run by and compare with, and
    no plugin.
    """
    folder = tmp_path_factory.mktemp("environment") / "venv"
    call(sys.executable, "-m", "venv", folder)
    pins = tmp_path_factory.mktemp("pins") / "constraints.txt"
    pins.write_text("\n".join(constraints(root)))
    uv(
        "pip",
        "install",
        "-q",
        "--python",
        folder,
        "-c",
        pins,
        root_wheel(wheels),
        "pytest",
        "torchvision",
    )
    return folder


def constraints(root):
    return tomllib.loads((root / "pyproject.toml").read_text())["tool"]["uv"][
        "constraint-dependencies"
    ]


def root_wheel(wheels):
    return next(wheels.glob("srkit-[0-9]*.whl"))


def plugin_wheel(wheels, name):
    return next(wheels.glob(f"srkit_{name.replace('-', '_')}-*.whl"))


def listed(environment):
    document = json.loads(call(environment / "bin/srkit", "list", "--json"))
    assert document["problems"] == []
    return {component["distribution"] for component in document["components"]}


def test_the_root_wheel_holds_what_it_should(root, wheels):
    names = zipfile.ZipFile(root_wheel(wheels)).namelist()
    assert {
        "srkit_core/_bundled/registry.toml",
        "srkit_core/_bundled/examples/recipes/demo.toml",
        "srkit_core/py.typed",
    } <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert [name for name in names if name.startswith(("tests", "plugins", "examples"))] == []


def test_the_root_wheel_alone_lists_its_own_components_and_recipes(environment):
    assert listed(environment) == {"srkit"}
    assert "srresnet" in call(environment / "bin/srkit", "recipes", "srresnet")
    assert "pip install srkit-rrdb" in call(environment / "bin/srkit", "list", "--all")


def test_what_people_write_is_typed_by_the_installed_wheel(root, environment, tmp_path):
    examples = root / "examples"
    python = ["--python-executable", environment / "bin/python"]
    mypy = [sys.executable, "-m", "mypy", "--strict", *python, "--cache-dir", tmp_path]
    for written in (*sorted(examples.glob("*.py")), examples / "third_party_plugin/srkit_edge"):
        call(*mypy, written, cwd=tmp_path)
    wrong = tmp_path / "wrong.py"
    wrong.write_text("from srkit_core import Recipe\nRecipe(generator=5, stages=[])\n")
    told = subprocess.run([*mypy, wrong], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert 'Argument "generator" to "Recipe" has incompatible type "int"' in told.stdout


def requirements(root, name):
    """What a plugin needs beside srkit itself: first-party plugins by their short names, and other
    libraries.
    """
    document = tomllib.loads(
        (root / "plugins" / name / "pyproject.toml").read_text(encoding="utf-8")
    )
    names = [re.split(r"[^A-Za-z0-9_.-]", one)[0] for one in document["project"]["dependencies"]]
    ours = {one.removeprefix("srkit-") for one in names if one.startswith("srkit-")}
    return ours, {one for one in names if not one.startswith("srkit")} - {"torch", "numpy"}


def with_components(names):
    entries = {entry.distribution for entry in catalogue() if entry.kind != "weights"}
    return {"srkit", *(f"srkit-{name}" for name in names if f"srkit-{name}" in entries)}


@pytest.mark.parametrize("name", PLUGINS)
def test_a_plugin_wheel_is_listed_passes_its_tests_and_leaves_no_trace(
    root, wheels, environment, name, tmp_path
):
    before = sorted(environment.glob("lib/*/site-packages/*"))
    ours, others = requirements(root, name)
    packages = [plugin_wheel(wheels, one) for one in (name, *ours)] + sorted(others)
    uv("pip", "install", "-q", "--python", environment, "--no-deps", *packages)
    assert listed(environment) == with_components([name, *ours])
    told = call(
        environment / "bin/python",
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        root / "plugins" / name / "tests",
        "-c",
        os.devnull,
        cwd=tmp_path,
    )
    assert " passed" in told
    assert "skipped" not in told or "SRKIT_ASSETS" not in os.environ
    uv(
        "pip",
        "uninstall",
        "-q",
        "--python",
        environment,
        *(f"srkit-{one}" for one in (name, *ours)),
        *sorted(others),
    )
    assert listed(environment) == {"srkit"}
    assert sorted(environment.glob("lib/*/site-packages/*")) == before


def test_a_stranger_s_plugin_installs_and_works(root, wheels, environment, tmp_path):
    uv("build", "-q", "--wheel", "-o", tmp_path, root / "examples/third_party_plugin")
    uv(
        "pip",
        "install",
        "-q",
        "--python",
        environment,
        "--no-deps",
        next(tmp_path.glob("srkit_edge-*.whl")),
    )
    assert listed(environment) == {"srkit", "srkit-edge"}
    assert "power" in call(environment / "bin/srkit", "show", "edge")
    uv("pip", "uninstall", "-q", "--python", environment, "srkit-edge")


def test_all_brings_every_first_party_plugin(root, wheels, environment):
    uv(
        "pip",
        "install",
        "-q",
        "--python",
        environment,
        "--find-links",
        wheels,
        f"srkit[all] @ {root_wheel(wheels).as_uri()}",
    )
    assert listed(environment) == with_components(PLUGINS)
    uv("pip", "uninstall", "-q", "--python", environment, *(f"srkit-{name}" for name in PLUGINS))


def test_a_plugin_that_raises_on_import_is_shown_and_disturbs_nothing(environment):
    site = next(environment.glob("lib/*/site-packages"))
    broken = site / "srkit_broken-1.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: srkit-broken\nVersion: 1\n")
    (broken / "entry_points.txt").write_text("[srkit.plugins]\nbroken = srkit_broken\n")
    (site / "srkit_broken.py").write_text("raise RuntimeError('it was a bad day')\n")
    told = call(environment / "bin/srkit", "list")
    assert "srkit-broken" in told
    assert "RuntimeError: it was a bad day" in told
    assert "psnr" in told
