"""Is what a run folder holds found and read, without torch?"""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from srkit_core.errors import DataError, RecipeError
from srkit_core.run_folder import BestScore, RunFolder, RunResult, choose_run_folder
from srkit_core.run_options import RunOptions, repeated_options

CSV = """step,epoch,stage,split,lr,lr/discriminator,loss/l1,psnr
1,1,warmup,train,0.001,,0.25,
2,1,warmup,val,0.001,,0.2,31.5
3,2,main,val,0.0001,0.0001,0.1,inf
"""
SUMMARY = {
    "steps": 3,
    "stages": {
        "warmup": {"best": {"psnr": {"step": 2, "value": 31.5}}},
        "main": {"best": {"loss/total": {"step": 3, "value": 0.1}}},
    },
}


@pytest.fixture
def result(tmp_path):
    (tmp_path / "recipe.toml").touch()
    (tmp_path / "metrics.csv").write_text(CSV)
    (tmp_path / "summary.json").write_text(json.dumps(SUMMARY))
    return RunResult(tmp_path)


def test_history_is_rows_of_numbers_and_what_does_not_apply_is_none(result):
    first, second, third = result.history()
    assert first == {
        "step": 1,
        "epoch": 1,
        "stage": "warmup",
        "split": "train",
        "lr": 0.001,
        "lr/discriminator": None,
        "loss/l1": 0.25,
        "psnr": None,
    }
    assert [row["psnr"] for row in (second, third)] == [31.5, float("inf")]
    assert result.history("train") == [first]


def test_the_best_score_of_a_stage_names_its_weights(result):
    weights = result.folder / "weights/warmup/best-psnr.safetensors"
    assert result.best("psnr", "warmup") == BestScore("psnr", "warmup", 2, 31.5, weights)
    assert result.best("loss").value == 0.1
    with pytest.raises(DataError, match="no best psnr of a stage 'main'") as caught:
        result.best("psnr")
    assert caught.value.hint == "it has warmup: psnr, main: loss/total"


def test_a_run_is_opened_by_a_folder_written_as_text_too(result):
    assert RunResult(str(result.folder)) == result
    assert RunResult(str(result.folder)).best("loss") == result.best("loss")


def test_a_folder_without_a_run_is_named(tmp_path):
    for asked in (RunResult(tmp_path / "nothing").history, RunResult(tmp_path).best):
        with pytest.raises(DataError, match="there is no run in") as caught:
            asked()
        assert caught.value.hint == "name a folder that srkit train wrote"


def test_a_run_without_its_end_says_how_to_go_on(tmp_path):
    (tmp_path / "recipe.toml").touch()
    with pytest.raises(DataError, match="is not finished") as caught:
        RunResult(tmp_path).best()
    assert caught.value.hint == f"srkit train --resume --out {tmp_path}"


def test_a_folder_with_a_run_is_refused_without_resume_and_a_free_one_is_numbered(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert str(choose_run_folder(None, "rrdb", resume=False).path) == "runs/rrdb-1"
    assert (tmp_path / "runs/rrdb-1").is_dir()
    assert str(choose_run_folder(None, "rrdb", resume=False).path) == "runs/rrdb-2"
    (tmp_path / "runs/rrdb-1/recipe.toml").touch()
    with pytest.raises(RecipeError, match="already holds a run"):
        choose_run_folder("runs/rrdb-1", "rrdb", resume=False)
    assert choose_run_folder("runs/rrdb-1", "rrdb", resume=True) == RunFolder(
        (tmp_path / "runs/rrdb-1").relative_to(tmp_path)
    )


def test_arguments_of_a_run_are_those_of_its_repetition(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pictures").mkdir()
    options = RunOptions(data="pictures", val={"a": "pictures"}, out="x", track=("wandb",))
    arguments = options.arguments()
    assert arguments["data"] == str(tmp_path / "pictures")
    assert "out" not in arguments
    assert "repeats" not in arguments
    repeated = repeated_options(json.loads(json.dumps(arguments)))
    assert RunOptions(**repeated).arguments() == arguments
    assert repeated["track"] == ("wandb",)
    assert "init" not in repeated


def test_runs_that_begin_at_once_get_a_folder_each(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with ThreadPoolExecutor(16) as pool:
        chosen = pool.map(lambda _: choose_run_folder(None, "rrdb", resume=False), range(64))
        names = {one.path.name for one in chosen}
    assert names == {f"rrdb-{number}" for number in range(1, 65)}


def test_where_no_folder_can_be_made_the_way_on_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("runs").touch()
    with pytest.raises(RecipeError, match="cannot make a folder in runs: ") as caught:
        choose_run_folder(None, "rrdb", resume=False)
    assert caught.value.hint == "--out another folder"
