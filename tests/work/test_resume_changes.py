"""What may change on a resume, what is refused with its way on, and what is forgotten?"""

import csv
import json

import numpy as np
import pytest

from srkit_core.callbacks import Callback
from srkit_core.cli.app import run
from srkit_core.engine.checkpoints.checkpoint import read_progress
from srkit_core.engine.trainer import train
from srkit_core.errors import RecipeError
from srkit_core.io.images import write_image
from srkit_core.models.weights_card import read_card
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_folder import RunFolder, RunResult
from srkit_core.run_options import RunOptions

STAGE = {
    "loss": "l1",
    "steps": 4,
    "batch": 1,
    "patch": 32,
    "log_every": 1,
    "validate_every": 2,
    "checkpoint_every": 2,
}


class Notes(Callback):
    def __init__(self):
        self.notes = []

    def on_note(self, text):
        self.notes.append(text)


def recipe(**stage):
    return recipe_from_dict(
        {
            "generator": "srvgg(features=4, blocks=1)",
            "validation": {"pictures": 1},
            "stages": [STAGE | stage],
        }
    )


def pictures(folder, seeds, flat=False):
    for seed in seeds:
        rng = np.random.default_rng(seed)
        fine = rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)
        write_image(folder / f"{seed}.png", np.full_like(fine, 30 * seed) if flat else fine)
    return folder


@pytest.fixture
def where(tmp_path):
    photos = pictures(tmp_path / "photos", range(6))
    return RunOptions(data=str(photos), out=tmp_path / "run", device="cpu")


def resumed(where, wanted, **changes):
    listener = Notes()
    given = {"data": where.data, "out": where.out, "device": "cpu"} | changes
    train(wanted, RunOptions(**given), resume="newest", callbacks=[listener])
    return listener.notes


FORGOTTEN = (
    "validation sees other pictures than before: the best figures up to step 4 and the patience "
    "are forgotten, best weights are chosen anew"
)


@pytest.mark.parametrize("way", ["another --val", "other pictures there", "another hold-out"])
def test_best_and_patience_are_of_the_pictures_that_validation_sees(where, tmp_path, way):
    """A flat picture is easy: its PSNR is never reached again on the next set, of noise."""
    easy, hard = pictures(tmp_path / "a", [1], flat=True), pictures(tmp_path / "b", [50])
    first = {"": str(easy)} if way != "another hold-out" else None
    train(recipe(), RunOptions(data=where.data, out=where.out, device="cpu", val=first))
    before = RunResult(where.out).best("psnr")
    changes = {"val": {"": str(hard)}}
    if way == "other pictures there":
        (easy / "1.png").unlink()
        pictures(easy, [50])
        changes = {"val": first}
    notes = resumed(where, recipe(steps=6), **changes)
    assert [note for note in notes if "validation sees" in note] == [FORGOTTEN]
    after = RunResult(where.out).best("psnr")
    assert after.step == 6
    assert read_card(after.weights).step == 6
    if way != "another hold-out":
        assert before.value > after.value + 5
    progress = read_progress(RunFolder(where.out).checkpoint(6))
    assert progress.best["psnr"] == after.value
    notes = resumed(where, recipe(steps=8), **changes)
    assert not [note for note in notes if "validation sees" in note]


def test_patience_counts_anew_with_other_pictures(where, tmp_path):
    easy, hard = pictures(tmp_path / "a", [1], flat=True), pictures(tmp_path / "b", [50])
    patient = {"patience": 2, "patience_on": "psnr", "lr": 1e-9, "validate_every": 1}
    given = RunOptions(data=where.data, out=where.out, device="cpu", val={"": str(easy)})
    train(recipe(**patient, steps=2), given)
    waited = read_progress(RunFolder(where.out).checkpoint(2)).waited
    assert waited <= 1
    resumed(where, recipe(**patient, steps=3), val={"": str(hard)})
    assert read_progress(RunFolder(where.out).checkpoint(3)).waited == 0


def test_the_same_pictures_in_another_folder_are_the_same_judges(where, tmp_path):
    val = pictures(tmp_path / "a", [50])
    train(recipe(), RunOptions(data=where.data, out=where.out, device="cpu", val={"": str(val)}))
    moved = val.rename(tmp_path / "c")
    notes = resumed(where, recipe(steps=6), val={"": str(moved)})
    assert not [note for note in notes if "validation sees" in note]


FREE = [
    "log_every=2",
    "checkpoint_every=1",
    "keep=1",
    "keep_weights_at=[5]",
    "validate_every=3",
    "validation.columns=['sr']",
    "validation.pictures=0",
    "accumulate=1",
]


def test_a_resume_takes_what_cannot_change_the_result(where, capsys, tmp_path):
    train(recipe(), where)
    words = ["train", "--resume", "--out", str(where.out), "--steps", "6", "--track", "tensorboard"]
    assert run([*words, *(word for one in FREE for word in ("--set", one))]) == 0
    rows = RunResult(where.out).history()
    assert [row["step"] for row in rows if row["step"] > 4] == [6, 6]
    names = [path.name for path in RunFolder(where.out).checkpoints()]
    assert names == ["step-00000006"]
    assert not (where.out / "pictures/step-00000006.png").exists()
    assert (where.out / "weights/main/step-00000005.safetensors").is_file()
    undisturbed = RunOptions(data=where.data, out=tmp_path / "whole", device="cpu")
    train(recipe(steps=6), undisturbed)
    last = [RunResult(one.out).history("val")[-1]["psnr"] for one in (where, undisturbed)]
    assert last[0] == last[1]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("lr=1e-3", "another stages.0.lr than this command line asks for: 0.0001 then, 0.001 now"),
        ("batch=2", "another stages.0.batch"),
        ("validation.metrics=psnr", "another validation.metrics"),
        ("validation.on_training=true", "another validation.on_training"),
        ("seed=3", "another seed"),
        ("data.test=0.5", "another data.test"),
    ],
)
def test_what_it_refuses_is_named_with_its_way_on(where, capsys, tmp_path, setting, said):
    train(recipe(), where)
    words = ["train", "--resume", "--out", str(where.out), "--set", setting]
    assert run(words) == 2
    error, tried = capsys.readouterr().err.strip().splitlines()[-2:]
    assert said in error
    last = where.out / "weights/last.safetensors"
    new = f"srkit train {where.out} --init {last}"
    assert tried == (
        f"try: srkit train --resume --out {where.out} takes it from there; {new} begins a new run "
        "from its weights, with any flags"
    )
    if setting == "lr=1e-3":
        words = [*new.split()[1:], "--set", setting, "--out", str(tmp_path / "new")]
        assert run(words) == 0


@pytest.mark.parametrize(
    "stage", [{"patience": 3}, {"patience": 3, "patience_on": "psnr"}], ids=["loss", "psnr"]
)
def test_validations_that_are_read_stay_as_often_as_they_were(where, stage):
    train(recipe(**stage), where)
    with pytest.raises(RecipeError, match=r"another stages\.0\.validate_every"):
        train(recipe(**stage, validate_every=1), where, resume="newest")
    train(recipe(**stage, log_every=3), where, resume="newest")


def test_validations_that_the_next_stage_begins_from_stay_as_often_as_they_were(where):
    def two(**first):
        stages = [
            STAGE | {"name": "a", "steps": 2} | first,
            STAGE | {"name": "b", "steps": 2, "start_from": "best-psnr"},
        ]
        document = {"generator": "srvgg(features=4, blocks=1)", "stages": stages}
        return recipe_from_dict(document)

    train(two(), where)
    with pytest.raises(RecipeError, match=r"another stages\.0\.validate_every"):
        train(two(validate_every=1), where, resume="newest")


def test_the_summary_is_of_the_pictures_that_are_seen_now(where, tmp_path):
    easy, hard = pictures(tmp_path / "a", [1], flat=True), pictures(tmp_path / "b", [50])
    train(recipe(), RunOptions(data=where.data, out=where.out, device="cpu", val={"": str(easy)}))
    resumed(where, recipe(steps=8), val={"": str(hard)})
    summary = json.loads((where.out / "summary.json").read_text())
    assert summary["stages"]["main"]["best"]["psnr"]["step"] in (6, 8)
    with (where.out / "metrics.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "val"]
    best = max(float(row["psnr"]) for row in rows if int(row["step"]) > 4)
    assert summary["stages"]["main"]["best"]["psnr"]["value"] == best
