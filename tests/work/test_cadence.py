"""How often is a run validated and saved where nobody says it, and how much disk does it take?"""

from pathlib import Path

import pytest

from srkit_core.data.picture import Picture
from srkit_core.engine.cadence import count_of_networks, with_intervals
from srkit_core.engine.disk_use import DiskUse, Parameters, disk_notes, disk_use
from srkit_core.engine.intervals import Milestones, intervals_of
from srkit_core.engine.trainer import train
from srkit_core.fields import Span
from srkit_core.plan import plan
from srkit_core.recipe import recipe_from_dict, recipe_from_toml
from srkit_core.registry import discover
from srkit_core.run_options import RunOptions

RRDB = Parameters(16_697_987)


def picture(height, width=None):
    return Picture("a.png", Path("a.png"), "a", height, width or height)


def planned(generator="rrdb(upsampler=nearest)", **stage):
    stage = {"loss": "l1", "steps": 100_000, **stage}
    document = {"generator": generator, "stages": [stage]}
    return plan(recipe_from_dict(document), discover())


def interval(pictures, parameters=RRDB, **stage):
    found = with_intervals(planned(**stage), parameters, {"": pictures})
    assert found.recipe.stages[0].validate_every == found.stages[0].stage.validate_every
    return found.recipe.stages[0].validate_every.count


def test_validation_and_checkpoint_take_a_twentieth_of_the_time():
    step = 6 * RRDB.generator * 16 * 32**2
    validation = (2 * RRDB.generator / 16 + 50_000) * 8 * 1024**2
    writing = 100_000 * 12 * RRDB.generator
    assert (validation + writing) / (0.05 * step) == pytest.approx(462.6, abs=0.1)
    assert interval([picture(1024)] * 8) == 470


@pytest.mark.parametrize(
    ("pictures", "stage", "steps"),
    [
        ([picture(1356, 2040)] * 100, {}, 7_500),  # DIV2K's validation, whole
        ([picture(1024)], {}, 280),
        ([picture(1024)] * 8, {"batch": 64}, 200),
        ([picture(1024)] * 8, {"batch": 1}, 930),  # small batches take no less time
        ([picture(64)], {}, 250),
    ],
)
def test_more_pixels_are_seen_less_often(pictures, stage, steps):
    assert interval(pictures, **stage) == steps


def test_of_a_centre_crop_only_that_is_seen():
    document = {"generator": "rrdb(upsampler=nearest)", "stages": [{"loss": "l1", "steps": 9}]}
    document["validation"] = {"crop": 96, "sets": {"B": {"crop": 64}}}
    cropped = plan(recipe_from_dict(document), discover())
    many = {"A": [picture(1356, 2040)] * 1000, "B": [picture(64)] * 1000}
    (stage,) = with_intervals(cropped, RRDB, many).recipe.stages
    seen = 1000 * (96**2 + 64**2)
    cost = (2 * RRDB.generator / 16 + 50_000) * seen + 100_000 * 12 * RRDB.generator
    assert cost / (0.05 * 6 * RRDB.generator * 16 * 32**2) == pytest.approx(590.8, abs=0.1)
    assert stage.validate_every == Span(600)


def test_what_a_recipe_says_is_kept():
    said = with_intervals(planned(validate_every="2 epochs"), RRDB, {"": [picture(1024)]})
    assert said.recipe.stages[0].validate_every == Span(2, "epochs")
    assert said.recipe.stages[0].checkpoint_every == Span(2, "epochs")
    both = planned(validate_every=7, checkpoint_every=5)
    assert with_intervals(both, RRDB, {"": [picture(1024)]}).recipe == both.recipe


def test_a_run_writes_its_intervals_and_goes_on_with_them(tmp_path):
    document = {
        "generator": "srvgg(features=8, blocks=1)",
        "scale": 2,
        "stages": [{"loss": "l1", "steps": 2, "batch": 2, "patch": 32}],
    }
    options = RunOptions(out=tmp_path / "run", device="cpu")
    train(recipe_from_dict(document), options)
    file = tmp_path / "run" / "recipe.toml"
    text = file.read_text()
    assert recipe_from_toml(text).stages[0].validate_every == Span(2200)
    file.write_text(text.replace("2200", "2199"))
    document["stages"][0]["steps"] = 3
    train(recipe_from_dict(document), options, resume="newest")
    assert recipe_from_toml(file.read_text()).stages[0].validate_every == Span(2199)


def test_milestones_are_counted_as_they_come():
    milestones = Milestones(frozenset({3, 10, 14, 99}), 5)
    kept = [step for step in range(1, 17) if step in milestones]
    assert kept == [3, 5, 10, 14, 15]
    assert milestones.up_to(16) == 5
    assert Milestones(frozenset({3, 99})).up_to(16) == 1


def test_the_disk_of_a_long_run_is_told_before_it_starts(tmp_path):
    stage = {"keep": 200, "checkpoint_every": 500, "validate_every": 500}
    long = planned("rrdb(upsampler=pixelshuffle)", **stage)
    parameters = Parameters(16_919_555, 5_211_713)
    use = disk_use(long, [intervals_of(long.stages[0], 3450)], parameters)
    assert use == DiskUse(200, 12 * 22_131_268, 5, 4 * 16_919_555)
    assert str(use) == (
        "up to 53.5 GB of disk: 200 checkpoints of 266 MB, 5 files of weights of 67.7 MB"
    )
    notes = list(disk_notes(long, [intervals_of(long.stages[0], 3450)], parameters, tmp_path / "r"))
    assert notes[0] == f"the run keeps {use}"


def test_a_disk_without_room_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 2 * 10**9}))
    long = planned(keep=200, checkpoint_every=500)
    notes = list(disk_notes(long, [intervals_of(long.stages[0], 10)], RRDB, tmp_path / "no" / "r"))
    assert notes[1] == f"warning: that is more than the 2 GB that are free in {tmp_path}"


@pytest.mark.parametrize("ema", [None, 0.9])
def test_a_run_takes_what_was_told(tmp_path, ema):
    stage = {"loss": "l1 + gan", "steps": 6, "batch": 2, "patch": 32, "keep": 2}
    stage |= {"checkpoint_every": 1, "validate_every": 3, "keep_weights_every": 2}
    stage |= {"keep_checkpoints_at": [1], "keep_checkpoints_every": 3}
    stage |= {} if ema is None else {"ema": ema}
    recipe = recipe_from_dict(
        {
            "generator": "srvgg(features=32, blocks=4)",
            "discriminator": "vgg(features=8)",
            "scale": 2,
            "stages": [stage],
        }
    )
    folder = train(recipe, RunOptions(out=tmp_path / "run", device="cpu")).folder
    bound = plan(recipe, discover())
    use = disk_use(bound, [intervals_of(bound.stages[0], 1)], count_of_networks(bound))
    checkpoints = sorted(path.name for path in (folder / "checkpoints").iterdir())
    assert checkpoints == [f"step-0000000{step}" for step in (1, 3, 4, 5, 6)]
    assert len(checkpoints) == use.checkpoints
    files = list(folder.glob("weights/**/*.safetensors"))
    judges = [one for one in files if one.name == "discriminator.safetensors"]
    assert len(judges) == use.discriminators == 1
    assert judges[0].stat().st_size == pytest.approx(use.discriminator_bytes, rel=0.2)
    assert len(files) - len(judges) <= use.weights
    taken = sum(one.stat().st_size for one in folder.glob("checkpoints/**/*") if one.is_file())
    assert taken == pytest.approx(use.checkpoints * use.checkpoint_bytes, rel=0.2)
