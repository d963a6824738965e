"""Is everything that only names things free of torch, numpy and image libraries?"""

import json
import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pytest

from srkit_core.io.images import write_image

HEAVY = (
    "torch",
    "torchvision",
    "numpy",
    "scipy",
    "PIL",
    "skimage",
    "imagecodecs",
    "imageio",
    "pillow_heif",
    "rawpy",
    "accelerate",
    "safetensors",
    "matplotlib",
    "tomli_w",
)

IMPORT = """
import importlib, json, sys
heavy, names = map(json.loads, sys.argv[1:])
found = {}
for name in names:
    importlib.import_module(name)
    found[name] = [module for module in heavy if module in sys.modules]
print(json.dumps(found))
"""

DISCOVER = """
import json, sys
from srkit_core import discover
registry = discover()
heavy = [module for module in json.loads(sys.argv[1]) if module in sys.modules]
problems = [problem.traceback for problem in registry.problems]
print(json.dumps([heavy, problems, len(registry.components)]))
"""

COMMANDS = """
import json, sys
from srkit_core.cli.app import run
heavy, commands = map(json.loads, sys.argv[1:])
found = []
for command in commands:
    code = run(command)
    found.append([code, [module for module in heavy if module in sys.modules]])
print()
print(json.dumps(found))
"""


def _run(script, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", script, *map(json.dumps, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def _words(root: Path) -> list[str]:
    files = [
        *root.glob("srkit_core/*.py"),
        *root.glob("srkit_core/cli/*.py"),
        *root.glob("srkit_core/**/__init__.py"),
    ]
    parts = {file.relative_to(root).with_suffix("").parts for file in files}
    return sorted(".".join(part for part in module if part != "__init__") for module in parts)


def test_words_are_imported_without_work(root):
    modules = [*_words(root), *sorted(point.value for point in entry_points(group="srkit.plugins"))]
    assert {
        "srkit_core",
        "srkit_core.augmentation",
        "srkit_core.plan",
        "srkit_core.cli.app",
        "srkit_core.builtin",
        "srkit_core.testing",
    } <= set(modules)
    found = _run(IMPORT, HEAVY, modules)
    assert {name: heavy for name, heavy in found.items() if heavy} == {}


def test_discovery_of_every_installed_plugin_imports_no_work():
    heavy, problems, components = _run(DISCOVER, HEAVY)
    assert (heavy, problems) == ([], [])
    assert components > 10


def test_commands_that_only_tell_import_no_work(tmp_path, monkeypatch):
    monkeypatch.setenv("SRKIT_CACHE", str(tmp_path / "cache"))
    recipe, compared = tmp_path / "small.toml", tmp_path / "compared.toml"
    recipe.write_text('generator = "srvgg"\n[[stages]]\nloss = "l1 + tv"\nsteps = 5\n')
    compared.write_text('data = "nowhere"\n[models]\n"bicubic" = "bicubic"\n')
    commands = [
        ["list", "--all"],
        ["list", "--json"],
        ["models"],
        ["runs", str(tmp_path)],
        ["show", "rrdb"],
        ["show", "tv", "--json"],
        ["show", "rrdb(blocks=6)"],
        ["check", str(recipe)],
        ["check", str(compared)],
        ["recipes"],
        ["recipes", "--fields"],
        ["recipes", "--schema"],
    ]
    assert _run(COMMANDS, HEAVY, commands) == [[0, []]] * len(commands)


def test_the_front_door_imports_nothing_until_it_is_used():
    assert _run(IMPORT, HEAVY, ["srkit_core", "srkit_core.run_folder", "srkit_core.callbacks"]) == {
        "srkit_core": [],
        "srkit_core.run_folder": [],
        "srkit_core.callbacks": [],
    }


def test_a_picture_is_upscaled_without_torch_where_the_backend_needs_none():
    module = "srkit_core.upscaling.upscale_file"
    assert _run(IMPORT, ["torch"], [module]) == {module: []}


UPSCALE = """
import json, sys
from srkit_core.cli.app import run
heavy, words = map(json.loads, sys.argv[1:])
code = run(words)
print()
print(json.dumps([code, [module for module in heavy if module in sys.modules]]))
"""


def test_upscaling_imports_nothing_of_training(tmp_path):
    from srkit_core import bundled_photographs

    training = ["accelerate", "srkit_core.engine"]
    photo, out = bundled_photographs()[2], tmp_path / "large.png"
    words = ["upscale", "bicubic", str(photo), "--scale", "2", "--out", str(out)]
    code, found = _run(UPSCALE, training, words)
    assert (code, found) == (0, [])
    assert out.is_file()


def test_a_list_for_a_pipe_imports_no_rich():
    assert _run(COMMANDS, ["rich"], [["list"], ["runs", "docs"]]) == [[0, []]] * 2


@pytest.mark.parametrize("words", [(), ("--degrade", "bicubic"), ("--format", "files")])
def test_pictures_are_prepared_without_torch_in_any_process(tmp_path, words):
    (tmp_path / "in").mkdir()
    for name in ("a.png", "b.jpg"):
        pixels = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        write_image(tmp_path / "in" / name, pixels)
    typed = ["prepare", tmp_path / "in", tmp_path / "out", "--patch", "32", *words]
    done = subprocess.run(
        [sys.executable, "-m", "srkit_core", *map(str, typed), "--keep-duplicates"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPROFILEIMPORTTIME": "1"},  # heard by all processes
    )
    assert done.returncode == 0, done.stderr[-2000:]
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert {"srkit_core.data.preparation.picture_worker", "numpy"} <= imported
    assert not imported & {"torch", "torchvision", "safetensors.torch"}
