"""How large is the house, and how many files does a reader of one act open?

    python tests/benchmarks/house_figures.py [FOLDER]

prints, for a checkout (this one by default): files and their lengths, lines, long functions, names
that are defined twice, and the files of ours whose functions run in three acts: one GAN step, one
`srkit prepare` (its worker in this process), and one `.pth` to a picture.
"""

import ast
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RECIPE = {
    "generator": "srvgg(features=8, blocks=1)",
    "discriminator": "vgg-sn(features=8)",
    "stages": [{"loss": "l1 + 0.005*ragan", "steps": 2, "batch": 4, "patch": 64}],
}
OWN = ("__init__", "__main__", "model", "loss", "metric")


class InThisProcess:
    """An executor that does the work where it is seen."""

    def needs(self, samples: object) -> None:
        """See what this process sees."""

    def run(self, work: Callable[[Any], Any], items: Any) -> Iterator[tuple[Any, Any]]:
        """Yield each item with its result."""
        for item in items:
            yield item, work(item)


def product(root: Path) -> list[Path]:
    """Return every module of product code."""
    return sorted([*root.glob("srkit_core/**/*.py"), *root.glob("plugins/*/srkit_*/**/*.py")])


def print_sizes(root: Path) -> None:
    """Print lengths of files, lines and functions."""
    files = product(root)
    lines = {path: path.read_text(encoding="utf-8").splitlines() for path in files}
    lengths = sorted(len(found) for found in lines.values())
    wide = sum(len(line) > 100 for found in lines.values() for line in found)
    functions = [
        node.end_lineno - node.lineno + 1
        for found in lines.values()
        for node in ast.walk(ast.parse("\n".join(found)))
        if isinstance(node, ast.FunctionDef) and node.end_lineno
    ]
    print(f"files {len(files)}, lines {sum(lengths)}, of more than 100 columns {wide}")
    print(f"lines of a file: median {median(lengths)}, longest {lengths[-5:]}")
    print(
        f"lines of a function: median {median(functions)}, longest {max(functions)}, "
        f"over 40: {sum(length > 40 for length in functions)}"
    )
    rooms = Counter(str(path.parent.relative_to(root)) for path in files)
    for room in ("srkit_core", "srkit_core/data", "srkit_core/data/preparation", "srkit_core/io"):
        print(f"files of {room}: {rooms[room]}")
    engine = {room: count for room, count in rooms.items() if room.startswith("srkit_core/engine")}
    print(f"files of the engine: {engine}")


def print_names(root: Path) -> None:
    """Print what is defined in more than one module."""
    modules, names = Counter[str](), Counter[str]()
    for path in product(root):
        if path.stem in OWN:
            continue
        modules[path.stem] += 1
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                names[node.name] += 1
    for what, found in (("module names", modules), ("public classes and functions", names)):
        twice = sorted(name for name, count in found.items() if count > 1)
        print(f"{what} that occur twice: {len(twice)} {twice}")


def files_of(root: Path, act: Callable[[], object]) -> list[str]:
    """Return the files of ours in which a function runs during an act."""
    found = set[str]()

    def look(frame: FrameType, event: str, _: object) -> None:
        file = frame.f_code.co_filename
        inside = file.startswith(str(root)) and ".venv" not in file and "/tests/" not in file
        if event == "call" and inside and frame.f_code.co_name != "<module>":
            found.add(os.path.relpath(file, root))

    sys.setprofile(look)
    try:
        act()
    finally:
        sys.setprofile(None)
    return sorted(found)


def gan_step(root: Path, folder: Path) -> list[str]:
    """Return the files of a GAN step: rates, both turns, losses and updates of one batch."""
    from srkit_core.engine import stage_run
    from srkit_core.engine.trainer import train
    from srkit_core.recipe import recipe_from_dict
    from srkit_core.run_options import RunOptions

    real, found = stage_run.StageRun._train, list[str]()

    def traced(run: Any, examples: Any, pictures: Any) -> Any:
        values = list[Any]()
        found[:] = files_of(root, lambda: values.append(real(run, examples, pictures)))
        return values[0]

    stage_run.StageRun._train = traced  # type: ignore[method-assign]
    try:
        train(recipe_from_dict(RECIPE), RunOptions(out=folder / "run", device="cpu"))
    finally:
        stage_run.StageRun._train = real  # type: ignore[method-assign]
    return found


def one_prepare(root: Path, folder: Path) -> list[str]:
    """Return the files of preparing two photographs with LR."""
    from srkit_core.data.bundled_photographs import bundled_photographs
    from srkit_core.data.preparation import prepare_options, prepare_pictures
    from srkit_core.data.preparation.prepare_folder import prepare_folder

    source = folder / "photographs"
    source.mkdir()
    for photo in bundled_photographs()[:2]:
        (source / photo.name).symlink_to(photo)
    options = prepare_options.PrepareOptions()
    request = prepare_pictures.PrepareRequest([str(source)], folder / "prepared", options)
    return files_of(root, lambda: prepare_folder(request, InThisProcess(), lambda *_: None))


def pth_to_picture(root: Path, folder: Path, weights: Path) -> list[str]:
    """Return the files of importing a .pth and upscaling a photograph with it."""
    from srkit_core.cli.app import run
    from srkit_core.data.bundled_photographs import bundled_photographs

    imported, photo = folder / "w.safetensors", bundled_photographs()[5]
    words = ["weights", "import", str(weights), "--gen", "srresnet", "--out", str(imported)]
    upscale = ["upscale", str(imported), str(photo), "--out", str(folder / "x.png"), "--tile", "64"]
    return files_of(root, lambda: (run(words), run(upscale)))


def print_walk(name: str, files: list[str]) -> None:
    """Print the files of an act: all of them, and those without plugins, decoders and discovery."""
    core = [file.removeprefix("srkit_core/") for file in files if file.startswith("srkit_core")]
    aside = ("io/", "registry", "errors", "builtin/", "cli/app", "cli/render", "cli/progress")
    own = [file for file in core if not file.startswith(aside)]
    print(f"{name}: {len(core)} files; {len(own)} without pictures' files, discovery and frame")
    print("   ", " ".join(core))


def main() -> None:
    """Print all of it."""
    root = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT
    print_sizes(root)
    print_names(root)
    if root != ROOT:
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print_walk("one GAN step", gan_step(root, folder))
        print_walk("one prepare", one_prepare(root, folder))
        assets = os.environ.get("SRKIT_ASSETS")
        if assets:
            weights = Path(assets) / "weights" / "srresnet_x4_pretrained.pth"
            print_walk(".pth to a picture", pth_to_picture(root, folder, weights))


if __name__ == "__main__":
    main()
