"""Do recipes of plugins come by name, and does a damaged one hurt nobody else?"""

from pathlib import Path

import pytest

from srkit_core.cli.app import run
from srkit_core.errors import AmbiguousError, PluginError, RecipeError
from srkit_core.expressions import parse_call
from srkit_core.named_recipes import FoundRecipe, find_recipe, read_own_recipe, read_recipe
from srkit_core.registry import discover
from srkit_core.specs import RecipeSpec

SMALL = """
generator = "net(blocks=2)"
data.hold_out = "held.txt"

[[stages]]
loss = "l1"
steps = 5
"""
COMPARISON = 'data = "pictures"\n[models]\n"here" = "own.safetensors"\n"bicubic" = "bicubic"\n'


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """The folder of a plugin with recipes, and another one to be in."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    (shelf / "held.txt").write_text("one.png\ntwo.png\n")
    for name in ("faces", "demo"):
        (shelf / f"{name}.toml").write_text(SMALL)
    (shelf / "damaged.toml").write_text("generator = [")
    (shelf / "compared.toml").write_text(COMPARISON)
    (tmp_path / "desk").mkdir()
    monkeypatch.chdir(tmp_path / "desk")
    return shelf


@pytest.fixture
def specs(shelf):
    """Announcements of recipes, of which one is damaged and one is not there."""
    names = ("faces", "demo", "damaged", "lost", "compared")
    return [RecipeSpec(name=one, file=shelf / f"{one}.toml", summary=f"{one}!") for one in names]


@pytest.fixture
def registry(plugin, specs):
    """Nothing but the recipes of the plugin srkit-faces."""
    return discover([plugin(*specs, name="faces", distribution="srkit-faces")])


@pytest.mark.parametrize("name", ["faces", "srkit-faces/faces"])
def test_a_recipe_of_a_plugin_is_read_by_name_and_its_lists_lie_beside_it(registry, shelf, name):
    assert find_recipe(name, registry) == FoundRecipe(shelf / "faces.toml", home="srkit-faces")
    recipe = read_recipe(name, registry)
    assert recipe.generator == parse_call("net(blocks=2)")
    assert recipe.data.hold_out == ("one.png", "two.png")


def test_an_existing_path_wins_over_a_name(registry):
    Path("faces").write_text(SMALL.replace("blocks=2", "blocks=9").replace("data.", "# "))
    assert read_recipe("faces", registry).generator == parse_call("net(blocks=9)")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("facez", "did you mean 'faces'? srkit recipes lists what is shipped"),
        ("nowhere.toml", "srkit recipes"),
        (".", "srkit recipes"),
    ],
)
def test_a_recipe_that_is_not_there_is_an_error(registry, name, hint):
    with pytest.raises(RecipeError) as caught:
        find_recipe(name, registry)
    assert str(caught.value) == f"there is no recipe file and no shipped recipe called '{name}'"
    assert caught.value.hint == hint


def test_a_name_of_two_distributions_is_refused_when_it_is_used(plugin, specs, shelf):
    both = discover(
        [plugin(*specs, distribution=one, name=one) for one in ("srkit-faces", "srkit-heads")]
    )
    with pytest.raises(AmbiguousError) as caught:
        read_recipe("faces", both)
    assert caught.value.candidates == ("srkit-faces/faces", "srkit-heads/faces")
    assert read_recipe("srkit-heads/faces", both).generator == parse_call("net(blocks=2)")


def test_srkit_uses_its_own_demo_whatever_a_plugin_brings(installed, specs):
    installed(*specs)
    with pytest.raises(AmbiguousError, match="demo"):
        read_recipe("demo")
    assert [stage.name for stage in read_own_recipe("demo").stages] == ["warmup", "gan"]


def test_a_recipe_that_lost_its_file_names_its_distribution(registry, shelf):
    with pytest.raises(PluginError) as caught:
        read_recipe("lost", registry)
    assert str(caught.value) == (
        f"the recipe 'srkit-faces/lost' has lost its file {shelf / 'lost.toml'}"
    )
    assert caught.value.hint == "pip install --force-reinstall srkit-faces"


def test_recipes_are_listed_with_where_they_come_from_and_a_damaged_one_is_a_row(
    installed, specs, shelf, capsys
):
    installed(*specs, distribution="srkit-faces")
    assert run(["recipes"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = {line.split()[0]: line for line in lines}
    assert lines[0].split() == ["recipe", "trains", "length", "data", "what"]
    assert rows["faces"].split()[1:] == ["x4", "net", "5", "steps", "HR", "faces!"]
    assert rows["compared"].split()[1:] == ["evaluates", "2", "models", "compared!"]
    assert f"broken: {shelf / 'damaged.toml'} is not TOML" in rows["damaged"]
    assert "broken: the recipe 'srkit-faces/lost' has lost its file" in rows["lost"]
    assert {"srkit/demo", "srkit-faces/demo", "srresnet"} <= rows.keys()
    assert lines[-1] == "from srkit-faces: compared, damaged, demo, faces, lost"


def test_own_recipes_are_listed_with_length_data_and_source(capsys):
    assert run(["recipes"]) == 0
    rows = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert rows["realesrgan"].split()[:5] == ["x4", "rrdb", "1.4M", "steps", "HR"]
    assert rows["realesrgan"].endswith("Real-ESRGAN: Real-ESRNet, then a GAN (Wang et al. 2021)")
    assert rows["paired-gan"].split()[:5] == ["x4", "rrdb", "30", "epochs", "pairs"]
    assert rows["edsr"].split()[2:4] == ["300k", "steps"]


def test_the_list_of_recipes_fits_eighty_columns(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["recipes"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["recipe", "trains", "length", "data", "what"]


def test_a_recipe_is_printed_by_its_full_name(installed, specs, capsys):
    installed(*specs, distribution="srkit-faces")
    assert run(["recipes", "srkit-faces/demo"]) == 0
    assert capsys.readouterr().out == SMALL
    assert run(["recipes", "demo"]) == 3
    assert capsys.readouterr().err.splitlines()[1] == "try: write the full name: srkit/demo"


def test_an_evaluation_recipe_is_checked_by_name_with_what_lies_beside_it(
    installed, specs, shelf, capsys
):
    (shelf / "pictures").mkdir()
    (shelf / "own.safetensors").write_bytes(b"")
    installed(*specs, distribution="srkit-faces")
    assert run(["check", "srkit-faces/compared"]) == 0
    told = capsys.readouterr().out
    assert f"here     {shelf / 'own.safetensors'}" in told
    assert "not here" not in told


def test_a_file_that_is_named_opens_without_importing_what_it_names(registry, shelf):
    (shelf / "faces.toml").write_text(
        SMALL.replace("net(blocks=2)", "os").replace("held.txt", "../desk/held.txt")
    )
    Path("held.txt").write_text("three.png\n")
    recipe = read_recipe("faces", registry)
    assert (recipe.generator, recipe.data.hold_out) == (parse_call("os"), ("three.png",))
