"""Does the README tell the truth?"""

import re
import runpy
from types import SimpleNamespace

import pytest

from srkit_core.augmentation import describe_augmentations
from srkit_core.registry import discover


@pytest.fixture(scope="module")
def blocks(root):
    """The fenced blocks of the README, as (language, text)."""
    return re.findall(
        r"^```(\w+)\n(.*?)^```",
        (root / "README.md").read_text(encoding="utf-8"),
        flags=re.MULTILINE | re.DOTALL,
    )


def test_two_commands_set_everything_up_from_nothing_but_python(blocks):
    setups = [text.strip() for language, text in blocks if language == "sh" and "venv" in text][:2]
    assert [setup.rpartition(" ")[0].rpartition("&&")[0] for setup in setups] == [
        setups[0].partition(" && .venv/bin/srkit demo")[0] + " "
    ] * 2
    assert [setup.rpartition("&& ")[2] for setup in setups] == [
        ".venv/bin/srkit demo",
        ".venv/bin/pytest",
    ]


def test_the_composition_in_python_runs_as_it_is_shown(root, blocks, tmp_path, monkeypatch):
    shown = next(text for language, text in blocks if language == "python" and "train(" in text)
    example = (root / "examples/compose.py").read_text(encoding="utf-8")
    assert example.partition('"""\n\n')[2] == shown
    monkeypatch.chdir(tmp_path)
    composed = runpy.run_path(str(root / "examples/compose.py"))
    assert composed["run"].best("psnr", "warmup").step == 20
    assert composed["scores"].names == ("ours", "bicubic")
    from srkit_core.io.images import image_size

    assert image_size(tmp_path / "large.png") == (2048, 2048)


@pytest.mark.parametrize("name", ["own_components", "sweep"])
def test_every_other_example_runs(root, name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(root / f"examples/{name}.py"))
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith(
        {"own_components": "torch.Size([1, 3, 48, 64])", "sweep": "the best learning rate is "}[
            name
        ]
    )


def test_no_example_is_left_out(root):
    assert sorted(path.stem for path in (root / "examples").glob("*.py")) == [
        "compose",
        "own_components",
        "sweep",
    ]


def test_examples_and_the_readme_use_the_front_door(root, blocks):
    """Beside srkit_core itself only what plugins import."""
    allowed = {"hooks", "interfaces", "specs", "errors", "options", "testing"}
    texts = [path.read_text(encoding="utf-8") for path in (root / "examples").rglob("*.py")]
    texts += [text for language, text in blocks if language == "python"]
    modules = {name for text in texts for name in re.findall(r"from srkit_core\.([\w.]+)", text)}
    assert modules - allowed == set()


def test_the_plugin_in_30_lines_is_the_example_and_has_30_lines(root, blocks):
    path = root / "examples/third_party_plugin/srkit_edge/__init__.py"
    code = path.read_text(encoding="utf-8")
    assert ("python", code) in blocks
    assert len(code.splitlines()) <= 30


def test_the_example_plugin_goes_through_the_door(root, monkeypatch):
    monkeypatch.syspath_prepend(root / "examples/third_party_plugin")
    import srkit_edge

    point = SimpleNamespace(
        name="edge",
        dist=SimpleNamespace(name="srkit-edge", version="0.1.0"),
        load=lambda: srkit_edge,
    )
    registry = discover([point])
    assert registry.problems == ()
    assert registry.find("loss", "edge").spec.default_weight == 0.1


def test_every_component_that_comes_with_it_is_in_the_tables(root):
    rows = [
        line
        for line in (root / "README.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    ]
    told = {name for row in rows for name in re.findall(r"`([a-z0-9-]+)`", row)}
    assert {component.name for component in discover().components} - told == set()


def test_the_list_of_augmentations_is_that_of_the_table(root):
    words = " ".join((root / "README.md").read_text(encoding="utf-8").split())
    told = words.partition("Augmentations are ")[2].partition(", in this order, each with options")
    assert told[0] == describe_augmentations(discover())


def test_the_picture_and_every_linked_file_are_there(root):
    text = (root / "README.md").read_text(encoding="utf-8")
    linked = [target for target in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in target]
    assert [target for target in linked if not (root / target).exists()] == []
