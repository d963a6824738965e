"""Do the files of a run say how it stands, without torch?"""

import json
import os
import time

import pytest

from srkit_core.errors import DataError
from srkit_core.locks import is_locked, locked
from srkit_core.run_folder import BestScore, RunFolder, run_folders_below
from srkit_core.run_state import run_state

HEAD = "step,epoch,stage,split,loss/total,elapsed_s\n"
BEST = {"psnr": {"step": 80, "value": 30.5}, "loss/total": {"step": 40, "value": None}}
STAGES = {"first": {"best": {"psnr": {"step": 50, "value": 29.0}}}, "last": {"best": BEST}}


def recipe(*lengths):
    stages = (f'[[stages]]\nname = "{name}"\nbatch = 4\n{length}\n' for name, length in lengths)
    return "".join(stages)


TWO = recipe(("first", "steps = 60"), ("last", "steps = 100"))


def make(folder, text=TWO, rows=(), summary=None, progress=None, end=None, crops=None):
    """Write the run folder that these files say."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.toml").write_text(text)
    (folder / "metrics.csv").write_text(HEAD + "".join(rows))
    documents = {
        "summary.json": summary,
        "end.json": end,
        "environment.json": {"data": {"crops": crops} if crops else {}},
    }
    if progress is not None:
        step = progress["position"]["total"]
        documents[f"checkpoints/step-{step:08d}/state.json"] = {"progress": progress}
    for name, document in documents.items():
        if document is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(json.dumps(document))
    return folder


def at(stage, step, total, **more):
    position = {"stage": stage, "step": step, "total": total, "samples": 4 * total}
    return {"position": position, "stages": STAGES, **more}


def rows(*steps, stage="last", pace=0.5):
    return [f"{step},1,{stage},train,0.1,{20 + step * pace}\n" for step in steps]


def test_a_finished_run_has_its_figures_and_no_time_left(tmp_path):
    summary = {"steps": 160, "stages": STAGES}
    run = make(tmp_path / "run", rows=rows(61, 160), summary=summary, progress=at(1, 100, 160))
    found = run_state(run)
    weights = RunFolder(run).weights("best-psnr", "last")
    assert (found.state, found.step, found.steps, found.seconds_left) == (
        "finished", 160, 160, None,
    )  # fmt: skip
    assert found.best == (BestScore("psnr", "last", 80, 30.5, weights),)


def test_a_run_that_holds_its_lock_runs_and_says_how_long_it_takes(tmp_path):
    pytest.importorskip("filelock")
    run = make(tmp_path / "run", rows=rows(61, 80, 100), progress=at(1, 20, 80))
    now = time.time()
    os.utime(run / "metrics.csv", (now - 10, now - 10))
    assert is_locked(run / ".lock") is False
    with locked(run / ".lock", wait=False):
        assert is_locked(run / ".lock") is True
        found = run_state(run)
    assert (found.state, found.step, found.steps) == ("running", 100, 160)
    assert found.seconds_left == pytest.approx(60 * 0.5 - 10, abs=2)


def test_asking_for_the_lock_keeps_nobody_out(tmp_path):
    pytest.importorskip("filelock")
    (tmp_path / ".lock").touch()
    assert is_locked(tmp_path / ".lock") is False
    with locked(tmp_path / ".lock", wait=False):
        assert is_locked(tmp_path / ".lock") is True
    assert is_locked(tmp_path / "none") is False


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        ("interrupted", "stopped"),
        ("diverged", "diverged"),
        ("failed", "failed"),
        ("out-of-memory", "failed"),
    ],
)
def test_a_run_that_was_ended_says_by_what(tmp_path, reason, state):
    end = {"reason": reason, "error": "the loss is nan"}
    found = run_state(make(tmp_path / "run", rows=rows(61, 80), progress=at(1, 20, 80), end=end))
    assert (found.state, found.why, found.step) == (state, "the loss is nan", 80)
    assert found.seconds_left == 80 * 0.5


def test_a_run_without_a_word_of_its_end_was_killed(tmp_path):
    found = run_state(make(tmp_path / "run", rows=rows(1)))
    assert (found.state, found.step, found.steps, found.best) == ("killed", 1, 160, ())
    assert found.seconds_left is None


def test_a_run_that_was_made_longer_is_not_finished_by_its_older_summary(tmp_path):
    summary = {"steps": 160, "stages": STAGES}
    longer = recipe(("first", "steps = 60"), ("last", "steps = 200"))
    run = make(tmp_path / "run", longer, rows(61, 170), summary, at(1, 100, 160))
    assert (run_state(run).state, run_state(run).steps) == ("killed", 260)


def test_stages_that_patience_ended_make_a_run_shorter(tmp_path):
    run = make(tmp_path / "run", rows=rows(31, 50), progress=at(1, 10, 40))
    assert run_state(run).steps == 130
    summary = {"steps": 90, "stages": STAGES}
    ended = make(tmp_path / "ended", TWO, rows(90), summary, at(1, 60, 90, ended=True))
    assert (run_state(ended).state, run_state(ended).steps) == ("finished", 90)


def test_epochs_are_counted_where_the_run_says_how_many_crops_there_are(tmp_path):
    text = recipe(("last", "epochs = 3"))
    assert run_state(make(tmp_path / "known", text, rows(1, 2), crops=10)).steps == 9
    unknown = run_state(make(tmp_path / "unknown", text, rows(1, 2)))
    assert (unknown.steps, unknown.seconds_left, unknown.step) == (None, None, 2)


def test_only_the_last_rows_of_a_long_run_are_read(tmp_path):
    run = make(tmp_path / "run", recipe(("last", "steps = 100_000")), rows(*range(1, 50_001)))
    began = time.process_time()
    found = run_state(run)
    assert time.process_time() - began < 0.5  # of the whole file: seconds
    assert (found.step, found.seconds_left) == (50_000, 25_000)


def test_a_damaged_run_is_a_state_and_no_error(tmp_path):
    run = make(tmp_path / "run", text="not a recipe", rows=rows(1))
    assert run_state(run).state == "damaged"
    (run / "metrics.csv").unlink()
    assert run_state(run).why == f"{run / 'metrics.csv'}: No such file or directory"


def test_runs_are_found_below_a_folder_and_not_inside_each_other(tmp_path):
    made = [make(tmp_path / name) for name in ("a", "deep/er/b", "a/weights/c", ".hidden/d")]
    (tmp_path / "photos").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "deep")
    assert list(run_folders_below(tmp_path)) == made[:2]
    assert list(run_folders_below(made[0])) == [made[0]]
    with pytest.raises(DataError, match=r"cannot read .*nothing: No such file"):
        list(run_folders_below(tmp_path / "nothing"))
