"""Is a missing or damaged file of a run an error with a way on, and never a default?"""

import json
import shutil

import numpy as np
import pytest

from srkit_core.callbacks import Callback
from srkit_core.cli.app import run
from srkit_core.engine.checkpoints.resume import find_checkpoint
from srkit_core.engine.trainer import train
from srkit_core.errors import DataError, SrkitError, WeightsError
from srkit_core.io.images import write_image
from srkit_core.models.weights_card import read_card
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_folder import RunFolder, RunResult, read_environment
from srkit_core.run_options import RunOptions

STAGE = {"loss": "l1", "steps": 4, "batch": 1, "patch": 32, "checkpoint_every": 2}
RECIPE = recipe_from_dict(
    {
        "generator": "srvgg(features=4, blocks=1)",
        "validation": {"pictures": 0},
        "stages": [STAGE | {"log_every": 1, "validate_every": 2}],
    }
)
DAMAGES = ("missing", "empty", "truncated", "wrong type", "a folder")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for number in range(4):
        rng = np.random.default_rng(number)
        write_image(folder / f"{number}.png", rng.integers(0, 256, (40, 40, 3), dtype=np.uint8))
    return folder


@pytest.fixture(scope="module")
def finished(photos, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "run"
    return train(RECIPE, RunOptions(data=str(photos), out=out, device="cpu")).folder


@pytest.fixture
def copy(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "run")


WRONG = {
    "environment.json": '{"arguments": [], "data": {}, "commands": []}',
    "recipe.toml": 'generator = 3\nstages = "x"\n',
    "metrics.csv": "step,epoch,stage,split,loss/l1\nfirst,1,main,train,0.1\n",
    "summary.json": '{"steps": "many", "stages": []}',
}


def damage(path, how):
    content = path.read_bytes()
    path.unlink()
    if how == "a folder":
        path.mkdir()
    elif how != "missing":
        wrong = WRONG.get(path.name, "words, and no tensors").encode()
        made = {"empty": b"", "truncated": content[: len(content) // 2], "wrong type": wrong}
        path.write_bytes(made[how])


def refused(capsys, *words):
    """Run a command and return what it says: a known error and the next thing to try."""
    code, said = run([str(word) for word in words]), capsys.readouterr()
    assert code in (2, 4), said
    error, tried = said.err.strip().splitlines()[-2:]
    assert error.startswith("error: ")
    assert tried.startswith("try: ")
    return error, tried


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("name", ["environment.json", "recipe.toml"])
@pytest.mark.parametrize("command", ["resume", "train", "check"])
def test_a_run_without_its_record_goes_nowhere_by_itself(copy, capsys, command, name, how):
    damage(copy / name, how)
    before = (copy / "metrics.csv").read_bytes()
    words = {
        "resume": ["train", "--resume", "--out", copy, "--steps", "6"],
        "train": ["train", copy, "--out", copy.parent / "new"],
        "check": ["check", copy],
    }[command]
    error, tried = refused(capsys, *words)
    assert str(copy / name) in error
    asked = {"environment.json": "--data PHOTOS", "recipe.toml": "srkit weights show"}[name]
    assert asked in tried
    assert not (copy.parent / "new").exists()
    assert (copy / "metrics.csv").read_bytes() == before


@pytest.mark.parametrize("how", DAMAGES[:4])
def test_the_pictures_given_again_are_the_way_on(copy, photos, capsys, how):
    damage(copy / "environment.json", how)
    words = ["train", "--resume", "--out", copy, "--steps", "6", "--data", photos]
    assert run([str(word) for word in [*words, "--device", "cpu"]]) == 0
    said = capsys.readouterr().out
    assert "going on after step 4" in said
    assert "only what is given here is known of where it ran" in said
    assert read_environment(copy)["data"]["source"] == str(photos)
    assert RunResult(copy).history()[-1]["step"] == 6


@pytest.mark.parametrize("how", DAMAGES)
def test_from_python_a_run_without_its_record_is_no_run_on_bundled_photographs(copy, photos, how):
    damage(copy / "environment.json", how)
    with pytest.raises(DataError, match=r"environment\.json") as caught:
        train(RECIPE, RunOptions(out=copy, device="cpu"), resume="newest")
    assert caught.value.path == copy / "environment.json"


def test_from_python_a_resume_takes_the_pictures_of_the_run(copy, photos):
    longer = RECIPE.model_copy(
        update={"stages": (RECIPE.stages[0].model_copy(update={"steps": 5}),)}
    )
    train(longer, RunOptions(out=copy), resume="newest")
    assert read_environment(copy)["data"]["source"] == str(photos)


@pytest.mark.parametrize("how", DAMAGES)
def test_a_run_whose_rows_are_lost_does_not_go_on(copy, capsys, how):
    damage(copy / "metrics.csv", how)
    error, tried = refused(capsys, "train", "--resume", "--out", copy, "--steps", "6")
    assert str(copy / "metrics.csv") in error
    assert f"srkit train {copy} --init {copy}/weights/last.safetensors begins a new run" in tried
    with pytest.raises(DataError) as caught:
        RunResult(copy).history()
    assert caught.value.path == copy / "metrics.csv"
    assert run(["train", *tried.partition("srkit train ")[2].split()[:3], "--steps", "1"]) == 0


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("step,epoch,stage\n", "is no header with a column 'split'"),
        ("step,epoch,stage,split,a\n1,1,main,val\n", "in line 2: 4 values for 5 columns"),
        ("step,epoch,stage,split,a\n1,1,main,val,x\n", "in line 2: a is 'x'"),
        ("step,epoch,stage,split,a\n1,1,main,best,2\n", "in line 2: split is 'best'"),
        ("step,epoch,stage,split,a\n1,1,main,val,2\n2,1", "is cut within line 3"),
        ("step,epoch,stage,split,a\n1,1,main,val,2\n", "ends at step 1, of 4"),
        ("\x00\x01", "is damaged"),
    ],
)
def test_what_is_wrong_with_rows_is_said(copy, text, fault):
    (copy / "metrics.csv").write_text(text)
    with pytest.raises(DataError) as caught:
        RunResult(copy).history()
    assert fault in caught.value.message


@pytest.mark.parametrize("how", DAMAGES[1:])
def test_a_damaged_summary_is_written_again_by_the_command_that_is_named(copy, how):
    damage(copy / "summary.json", how)
    with pytest.raises(DataError) as caught:
        RunResult(copy).best()
    assert caught.value.path == copy / "summary.json"
    assert caught.value.hint == f"srkit train --resume --out {copy} writes it again"
    if how != "a folder":
        assert run(caught.value.hint.removesuffix(" writes it again").split()[1:]) == 0
        assert RunResult(copy).best().step in (2, 4)


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("name", ["state.json", "digests.json", "generator.safetensors"])
def test_a_damaged_checkpoint_is_passed_over_and_without_any_nothing_goes_on(copy, name, how):
    newest, notes = RunFolder(copy).checkpoints()[-1], []
    damage(newest / name, how)
    listener = type("Listener", (Callback,), {"on_note": lambda _, text: notes.append(text)})()
    found = find_checkpoint(RunFolder(copy), "newest", listener)
    assert found.progress.position.total == 2
    assert notes[0].startswith(f"the checkpoint {newest} is damaged: ")
    damage(found.folder / name, how)
    with pytest.raises(WeightsError, match="none of the 2 checkpoints") as caught:
        find_checkpoint(RunFolder(copy), "newest", listener)
    last = copy / "weights/last.safetensors"
    assert caught.value.hint == (
        f"srkit train {copy} --init {last} begins a new run from its weights"
    )


@pytest.mark.parametrize("recipe", [True, False])
def test_checkpoints_that_are_gone_are_no_beginning(copy, capsys, recipe):
    shutil.rmtree(copy / "checkpoints")
    (copy / "recipe.toml").unlink() if not recipe else None
    before = (copy / "metrics.csv").read_bytes()
    error, _ = refused(capsys, "train", "--resume", "--out", copy)
    assert ("no checkpoint to go on from" in error) == recipe
    assert (copy / "metrics.csv").read_bytes() == before


def test_a_run_that_has_lost_its_recipe_is_not_written_over(copy, photos, capsys):
    (copy / "recipe.toml").unlink()
    words = ["train", "--gen", "srvgg(features=4,blocks=1)", "--loss", "l1", "--steps", "1"]
    error, _ = refused(capsys, *words, "--data", photos, "--patch", "32", "--out", copy)
    assert "already holds a run" in error


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("command", ["eval", "upscale", "show", "init"])
def test_damaged_weights_are_named(copy, photos, tmp_path, capsys, command, how):
    weights = copy / "weights/last.safetensors"
    damage(weights, how)
    words = {
        "eval": ["eval", weights, "--data", photos],
        "upscale": ["upscale", weights, photos / "0.png", "--out", tmp_path / "x.png"],
        "show": ["weights", "show", weights],
        "init": ["train", copy, "--init", weights, "--out", tmp_path / "new"],
    }[command]
    error, _ = refused(capsys, *words)
    assert str(weights) in error
    assert not (tmp_path / "x.png").exists()
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("how", DAMAGES[:4])
def test_best_weights_that_are_damaged_are_made_again(copy, how):
    best = copy / "weights/main/best-psnr.safetensors"
    damage(best, how)
    longer = RECIPE.model_copy(
        update={"stages": (RECIPE.stages[0].model_copy(update={"steps": 6}),)}
    )
    train(longer, RunOptions(out=copy), resume="newest")
    assert read_card(best).step == 6


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("arguments.data", 3),
        ("arguments.val", ["a"]),
        ("arguments.workers", "two"),
        ("arguments.track", "wandb"),
        ("arguments.precision", None),
        ("data.fingerprint", None),
        ("data", "photos"),
        ("commands", "srkit"),
        ("weights", {}),
        ("held_out", ["a"]),
        ("history", [3]),
    ],
)
def test_every_value_of_a_record_has_its_type(copy, capsys, place, value):
    document = json.loads((copy / "environment.json").read_text())
    *tables, name = place.split(".")
    inner = document
    for table in tables:
        inner = inner[table]
    inner[name] = value
    (copy / "environment.json").write_text(json.dumps(document))
    with pytest.raises(SrkitError, match=rf"environment\.json is damaged: {place}"):
        read_environment(copy)
    assert place in refused(capsys, "train", "--resume", "--out", copy)[0]
