"""Is what srkit wrote left out of every search, or refused, and told once?"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from srkit_core.cli.app import run
from srkit_core.data.folders import search
from srkit_core.data.picture_set import open_picture_set
from srkit_core.data.preparation.prepare_folder import prepare_folder
from srkit_core.data.preparation.prepare_options import PrepareOptions
from srkit_core.data.preparation.prepare_pictures import PrepareRequest, prepare
from srkit_core.engine.trainer import train
from srkit_core.errors import DataError, RecipeError
from srkit_core.evaluation.evaluate import evaluate
from srkit_core.io.images import write_image
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_folder import read_environment
from srkit_core.run_options import RunOptions
from srkit_core.upscaling.upscaler import upscale

SMALL = {
    "generator": "srvgg(features=4, blocks=1)",
    "scale": 2,
    "validation": {"metrics": "psnr"},
    "stages": [{"loss": "l1", "steps": 2, "batch": 1, "patch": 16}],
}
TRAIN = ["train", "--gen", "srvgg(features=4,blocks=1)", "--loss", "l1", "--batch", "2"]
TRAIN += ["--patch", "32", "--device", "cpu"]
NAMES = ["a", "b", "c", "sub/d"]


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """Four photographs in the current folder, and everything that srkit writes among them."""
    for number, name in enumerate(NAMES):
        write_image(tmp_path / "photos" / f"{name}.png", noise(48, 48, seed=number))
    monkeypatch.chdir(tmp_path / "photos")
    return tmp_path / "photos"


def words(text):
    return text.split()


@pytest.fixture(scope="module")
def litter(tmp_path_factory):
    """Photographs with a run, prepared folders, upscaled pictures and a sheet among them."""
    outside, photos = (
        tmp_path_factory.getbasetemp() / "litter" / one for one in ("outside", "photos")
    )
    for number, name in enumerate(NAMES):
        write_image(outside / f"{name}.png", noise(48, 48, seed=number))
        write_image(outside.parent / f"lr/{name}.png", noise(24, 24, seed=number))
    shutil.copytree(outside, photos)
    train(recipe_from_dict(SMALL), RunOptions(data=outside, out=photos / "runs/x", device="cpu"))
    for form in ("packed", "files"):
        options = PrepareOptions(patch=32, format=form)
        request = PrepareRequest([str(outside)], photos / f"sets/{form}", options)
        prepare_folder(request, Here(), lambda *_: None)
    out = ["--out", str(photos / "large"), "--scale", "2"]
    assert run(["upscale", "nearest", str(outside), *out]) == 0
    made = ["--metrics", "psnr", "--pictures", str(photos / "made")]
    assert run(["eval", "nearest", "--data", str(outside), *made]) == 0
    sheet = ["--out", str(photos / "sheet.png"), "--degrade", "bicubic"]
    assert run(["degrade", str(photos / "a.png"), *sheet]) == 0
    return outside.parent


class Here:
    """Prepares in this process."""

    def needs(self, samples):
        self.samples = samples

    def run(self, work, items):
        for item in items:
            yield item, work(item)


@pytest.fixture
def littered(litter, tmp_path, monkeypatch):
    """A copy of them, the photographs being the current folder."""
    shutil.copytree(litter, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path / "photos")
    return tmp_path / "photos"


TOLD = (
    "left out of {}, being no photographs: 9 pictures that srkit wrote (such as large/a.png, "
    "large/b.png, large/c.png), 1 run folder (runs/x), 2 prepared folders (sets/files, sets/packed)"
)


def test_a_search_leaves_out_what_srkit_wrote_and_says_so_once(littered):
    source = open_picture_set(".")
    assert [one.name for one in source.pictures] == NAMES
    assert [note for note in source.notes() if "left out" in note] == [TOLD.format(".")]
    mixed = open_picture_set(f"2*{littered} + {littered.parent / 'outside'}")
    assert len(mixed.pictures) == 8
    assert [note for note in mixed.notes() if "left out" in note] == [TOLD.format(littered)]


def pictures_of(folder):
    return read_environment(folder)["data"]["pictures"]


DOORS = {
    "train --data": [*TRAIN, "--steps", "1", "--data", ".", "--out", "new"],
    "train --val": [*TRAIN, "--steps", "1", "--val", ".", "--data", "../outside", "--out", "new"],
    "eval": words("eval nearest --data . --json s.json --metrics psnr"),
    "eval --lr": words("eval nearest --data . --lr ../lr --scale 2 --json s.json --metrics psnr"),
    "upscale": words("upscale nearest . --out new --scale 2"),
    "prepare": words("prepare . ../new --patch 32 --workers 1"),
}


@pytest.mark.parametrize("door", DOORS)
def test_every_door_sees_the_photographs_alone(littered, capfd, door):
    assert run(DOORS[door]) == 0
    told = "".join(capfd.readouterr()).replace("\n", " ")
    assert TOLD.format(".") in told
    if door == "train --val":
        assert read_environment(littered / "new")["validation"] == NAMES
    elif door == "train --data":
        assert pictures_of(littered / "new") == 4
    elif door.startswith("eval"):
        (model,) = json.loads((littered / "s.json").read_text())["models"]
        assert [one["name"] for one in model["images"]] == NAMES
    elif door == "upscale":
        assert sorted(one.relative_to("new").as_posix() for one in search_files("new")) == [
            f"{name}.png" for name in NAMES
        ]
    else:
        document = json.loads((littered.parent / "new/manifest.json").read_text())
        assert [one["name"] for one in document["pictures"]] == [f"{name}.png" for name in NAMES]


def search_files(folder):
    return Path(folder).rglob("*.png")


def test_the_python_front_door_sees_the_photographs_alone(littered):
    heard = []
    scores = evaluate("nearest", ".", metrics="psnr", note=heard.append)
    assert list(scores.models[0].images) == NAMES
    assert heard.count(TOLD.format(".")) == 1
    report = prepare(".", "../new", workers=1)
    assert (report.files, report.notes[0]) == (4, TOLD.format("."))


def test_a_second_run_in_a_folder_of_photographs_sees_the_same_ones(photos):
    """What failed: the second run trained on the sheets of the first one, which could not be
    resumed any more (4 then, 6 now).
    """
    for number in (1, 2):
        assert run([*TRAIN, "--steps", "4", "--data", "."]) == 0
        assert pictures_of(photos / f"runs/srvgg-{number}") == 4
    assert run([*TRAIN, "--steps", "6", "--data", ".", "--resume", "--out", "runs/srvgg-1"]) == 0
    environment = read_environment(photos / "runs/srvgg-1")
    assert (environment["data"]["pictures"], len(environment["validation"])) == (4, 1)


def test_a_folder_that_is_its_own_run_keeps_its_photographs(photos):
    for steps in ("2", "4"):
        again = ["--resume"] if steps == "4" else []
        assert run([*TRAIN, "--steps", steps, "--data", ".", "--out", ".", *again]) == 0
        assert pictures_of(photos) == 4
    assert [one.name for one in open_picture_set(".").pictures] == NAMES
    assert "4 parts of a run" in " ".join(open_picture_set(".").notes())


@pytest.mark.parametrize("lost", ["environment.json", "recipe.toml", "metrics.csv", "checkpoints"])
def test_a_damaged_run_is_still_known(littered, lost):
    for one in ("environment.json", "summary.json"):
        (littered / "runs/x" / one).unlink()
    path = littered / "runs/x" / lost
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    assert len(open_picture_set(".").pictures) == 4


def test_photographs_beside_a_recipe_are_photographs(photos):
    (photos / "recipe.toml").write_text('generator = "rrdb"\n')
    (photos / "sub/manifest.json").write_text('{"name": "an album"}')
    assert len(open_picture_set(".").pictures) == 4


@pytest.mark.parametrize("part", ["pictures", "weights", "checkpoints/step-00000002"])
@pytest.mark.parametrize("command", ["eval", "upscale", "prepare", "train"])
def test_a_part_of_a_run_is_refused(littered, capfd, part, command):
    place = f"runs/x/{part}"
    line = {
        "eval": ["eval", "nearest", "--data", place],
        "upscale": ["upscale", "nearest", place, "--out", "new"],
        "prepare": ["prepare", place, "new"],
        "train": [*TRAIN, "--steps", "1", "--data", place],
    }[command]
    assert run(line) == 2
    assert f"{place} is a part of a run of srkit" in capfd.readouterr().err


def test_a_run_as_data_says_what_it_is(littered):
    with pytest.raises(
        DataError, match="runs/x holds no picture; left out of runs/x, being no pho"
    ):
        open_picture_set("runs/x")
    with pytest.raises(DataError, match=r"left out of runs.*: 1 run folder \(x\)$"):
        open_picture_set("runs")
    with pytest.raises(
        DataError, match=r"left out of sets.*: 2 prepared folders \(files, packed\)"
    ):
        open_picture_set("sets")


@pytest.mark.parametrize("line", ["prepare sets/files new", "upscale nearest sets/files --out new"])
def test_a_prepared_folder_is_no_place_of_photographs(littered, capfd, line):
    assert run(words(line)) == 2
    assert "sets/files was written by srkit prepare" in capfd.readouterr().err


def test_upscaling_a_folder_into_itself_is_refused_with_a_way_that_works(photos, capfd):
    for number in range(2):
        assert run(words("upscale nearest . --out . --scale 2")) == 2
        error, hint = capfd.readouterr().err.strip().splitlines()
        assert error.startswith("error: . holds the pictures to upscale")
        assert hint == "try: --out upscaled"
        assert run([*words("upscale nearest . --scale 2 --overwrite"), *hint[5:].split()]) == 0
        assert len(list(photos.rglob("*.png"))) == 8, number


def test_each_output_among_its_inputs_is_left_out_of_the_next(photos):
    for number, folder in enumerate(("x2", "sub/x4", "x2/x8"), start=1):
        assert run(["upscale", "nearest", ".", "--out", folder, "--scale", "2"]) == 0
        assert len(list(photos.rglob("*.png"))) == 4 + 4 * number
    upscale("nearest", "a.png", "a_x2.png", scale=2)
    assert [one.name for one in open_picture_set(".").pictures] == NAMES


def test_what_srkit_wrote_is_read_where_it_is_named(photos):
    assert run(words("upscale nearest sub --out large --scale 2")) == 0
    source = open_picture_set("large")
    assert [one.name for one in source.pictures] == ["d"]
    assert source.notes() == ["the pictures of large were written by srkit"]


def test_a_picture_of_ones_own_under_the_name_of_an_output_counts(photos):
    upscale("nearest", "a.png", "e.png", scale=2)
    write_image(photos / "e.png", noise(40, 40))
    assert [one.name for one in open_picture_set(".").pictures] == ["a", "b", "c", "e", "sub/d"]


@pytest.mark.parametrize("content", ["{", "[]", '{"name": 3, "bytes": 4}', "{}\n", '"a.png"'])
def test_a_damaged_record_is_named(photos, content):
    (photos / ".srkit-written").write_text(content)
    with pytest.raises(DataError, match=r"\.srkit-written is damaged, which says what") as caught:
        open_picture_set(".")
    assert "delete that file" in caught.value.hint


def test_a_list_leaves_out_what_srkit_wrote(littered):
    files = sorted(littered.rglob("*.png"))
    (littered / "all.txt").write_text("".join(f"{one.relative_to(littered)}\n" for one in files))
    source = open_picture_set("all.txt in .")
    assert [one.name for one in source.pictures] == [*NAMES[:3], "sheet", "sub/d"]
    assert "left out of ., being no photographs" in source.notes()[0]
    assert "pictures of a run folder" in source.notes()[0]


def test_folders_that_systems_keep_are_left_out(photos):
    kept = ["@eaDir/a.png", "sub/@eaDir/d.png/SYNOPHOTO_THUMB_M.jpg", "__MACOSX/sub/._d.png"]
    waste = ["#recycle/x.png", "$RECYCLE.BIN/y.png", ".Trash-1000/z.png", "@Recycle/q.png"]
    for name in (*kept, *waste, "._a.png"):
        (photos / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(photos / "a.png", photos / name)
    contents = search(photos)
    assert [one.relative_to(photos).as_posix() for one in contents.pictures] == [
        f"{name}.png" for name in NAMES
    ]
    assert contents.notes() == (
        f"left out of {photos}, being no photographs: 6 folders that a system keeps (such as "
        "#recycle, $RECYCLE.BIN, @Recycle)",
    )


def test_a_run_cannot_be_the_place_of_a_validation_set(littered):
    where = RunOptions(data="../outside", val={"": "runs/x/pictures"}, out="new", device="cpu")
    with pytest.raises(RecipeError, match="part of a run"):
        train(recipe_from_dict(SMALL), where)
    assert not (littered / "new").exists()


def test_links_into_a_run_are_known(littered):
    (littered / "sheets").symlink_to(littered / "runs/x/pictures", target_is_directory=True)
    (littered / "all").symlink_to(littered / "runs", target_is_directory=True)
    source = open_picture_set(".")
    assert [one.name for one in source.pictures] == NAMES
    with pytest.raises(RecipeError, match="sheets is a part of a run"):
        open_picture_set("sheets")


def test_photographs_told_apart_by_case_are_both_upscaled(photos):
    write_image(photos / "sub/D.png", noise(48, 48, seed=9))
    both = sorted(one.name for one in (photos / "sub").iterdir())
    assert run(words("upscale nearest sub --out large --scale 2")) == 0
    assert sorted(one.name for one in (photos / "large").glob("*.png")) == both
