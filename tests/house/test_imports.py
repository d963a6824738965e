"""Do imports go in the directions that the house allows?"""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import srkit_core
from srkit_core.registry import discover
from srkit_core.specs import AugmentationSpec

DOOR = (
    "arrays",
    "augmentation",
    "callbacks",
    "devices",
    "errors",
    "expressions",
    "hooks",
    "host_draws",
    "interfaces",
    "pretrained",
    "specs",
)
"""The modules of srkit_core that a plugin may import."""


def test_every_contract_is_kept(root):
    """In a process of its own, because import-linter disables the loggers that other tests listen
    to.
    """
    linter = Path(sys.executable).with_name("lint-imports")
    told = subprocess.run(
        [linter, "--config", ".importlinter", "--no-cache"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout


WITHOUT_TRAINING = """
import json, sys
from srkit_core.cli.app import run
codes = [run(command) for command in json.loads(sys.argv[1])]
found = [one for one in sys.modules if one == "accelerate" or one.startswith("srkit_core.engine")]
print()
print(json.dumps([codes, found]))
"""


@pytest.mark.slow
def test_scoring_and_upscaling_import_nothing_of_training(tmp_path):
    picture = tmp_path / "a.png"
    Image.new("RGB", (40, 40)).save(picture)
    commands = [
        ["eval", "nearest", "--data", str(tmp_path), "--scale", "2", "--metrics", "psnr"],
        ["upscale", "nearest", str(picture), "--scale", "2", "--out", str(tmp_path / "b.png")],
    ]
    told = subprocess.run(
        [sys.executable, "-c", WITHOUT_TRAINING, json.dumps(commands)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(told.stdout.splitlines()[-1]) == [[0, 0], []]


def _is_plugin(path):
    return path.parts[0] == "plugins" or path.parts[:2] == ("srkit_core", "builtin")


def _own_package(path):
    return "srkit_core.builtin" if path.parts[0] == "srkit_core" else path.parts[2]


def _front_door(path):
    """What people import, which plugins may too; what ships inside may not."""
    outside = path.parts[0] == "plugins"
    return [f"srkit_core.{name}" for name in srkit_core.__all__] if outside else []


def _within(name, package):
    return name == package or name.startswith(f"{package}.")


def test_plugins_and_built_ins_see_the_door_only(imports):
    doors = [f"srkit_core.{door}" for door in DOOR]
    shelf = ("srkit_core/builtin/shipped_recipes.py", "srkit_core.resources.bundled")
    strangers = [
        (str(path), name)
        for path, names in imports.items()
        for name in sorted(names)
        if _is_plugin(path)
        and (path.as_posix(), name) != shelf  # its recipes lie with the examples, out of its folder
        and _within(name, "srkit_core")
        and not any(
            _within(name, home) for home in [*doors, *_front_door(path), _own_package(path)]
        )
    ]
    assert strangers == []


def test_the_core_imports_no_plugin(imports):
    strangers = [
        (str(path), name)
        for path, names in imports.items()
        for name in sorted(names)
        if path.parts[0] == "srkit_core"
        and name.startswith("srkit_")
        and not _within(name, "srkit_core")
    ]
    assert strangers == []


def test_nothing_but_its_own_package_knows_an_augmentation_by_its_class(trees):
    found = discover().installed(AugmentationSpec)
    classes = {one.spec.factory.__name__ for one in found if one.distribution == "srkit"}
    assert "Flip" in classes
    named = {
        (str(path), alias.name)
        for path, tree in trees.items()
        if path.parts[:2] != ("srkit_core", "builtin")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name in classes
    }
    assert named == set()
