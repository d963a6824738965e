"""Is what cannot be written known before the work, and is nothing replaced unasked?"""

import errno
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from srkit_core import evaluate, upscale
from srkit_core.cli.app import run
from srkit_core.data.own_work import WRITTEN
from srkit_core.data.preparation import picture_worker
from srkit_core.errors import DataError, RecipeError
from srkit_core.io import images, picture_writer
from srkit_core.io.images import check_holds, read_image, write_image
from srkit_core.io.output_files import check_outputs, check_place

GONE = "gone.safetensors"


@pytest.fixture
def photos(tmp_path, smooth):
    for number, name in enumerate("abc"):
        write_image(tmp_path / "photos" / f"{name}.png", smooth(32, 40, number))
    return tmp_path / "photos"


@pytest.fixture
def failing(capsys):
    def call(*words):
        code = run([str(word) for word in words])
        told = capsys.readouterr().err
        fact, hint = told.split("error: ", 1)[1].splitlines()[:2]
        return code, fact, hint.removeprefix("try: ")

    return call


def names_below(folder):
    return sorted(path.name for path in folder.rglob("*") if path.name != WRITTEN)


@pytest.fixture
def written(photos, tmp_path):
    """Commands that write a file each, in which `OUT` stands for it; none can do its work."""
    picture = photos / "a.png"
    return {
        "eval --json": ["eval", GONE, "--data", photos, "--json", "OUT"],
        "eval --csv": ["eval", GONE, "--data", photos, "--csv", "OUT"],
        "upscale": ["upscale", GONE, picture, "--out", "OUT.png"],
        "degrade": ["degrade", tmp_path / "gone.png", "--degrade", "nothing", "--out", "OUT.png"],
        "weights import": ["weights", "import", tmp_path / "gone.pth", "--out", "OUT.safetensors"],
    }  # fmt: skip


COMMANDS = ["eval --json", "eval --csv", "upscale", "degrade", "weights import"]


def filled(words, place):
    return [str(word).replace("OUT", str(place)) for word in words]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("fault", ["in a file", "too long", "a folder", "exists"])
def test_a_place_that_cannot_be_written_comes_before_any_other_fault(
    failing, written, tmp_path, command, fault
):
    (tmp_path / "file").write_text("in the way")
    place = {
        "in a file": tmp_path / "file" / "deeper" / "new",
        "too long": tmp_path / ("n" * 250),
        "a folder": tmp_path / "folder",
        "exists": tmp_path / "old",
    }[fault]
    words = filled(written[command], place)
    target = next(one for one in words if str(place) in one)
    if fault == "too long":
        words = [one.replace(target, f"{place}{'n' * 10}{target[-12:]}") for one in words]
    if fault == "a folder":
        Path(target).mkdir(parents=True)
    if fault == "exists":
        (tmp_path / Path(target).name).write_text("old")
    before = names_below(tmp_path)
    code, fact, hint = failing(*words)
    wanted = {
        "in a file": (4, f"cannot write {target}: Not a directory"),
        "too long": (4, "File name too long"),
        "a folder": (2, f"{target} is a folder"),
        "exists": (2, f"{target} exists already"),
    }[fault]
    if command == "upscale" and fault == "a folder":
        return  # a folder with a picture ending takes pictures
    assert code == wanted[0]
    assert wanted[1] in fact
    assert ("--overwrite" in hint) == (fault == "exists")
    assert names_below(tmp_path) == before


@pytest.mark.parametrize("command", COMMANDS)
def test_overwrite_is_taken_by_every_command_that_writes_a_file(
    failing, written, tmp_path, command
):
    words = filled(written[command], tmp_path / "old")
    target = next(one for one in words if str(tmp_path / "old") in one)
    (tmp_path / Path(target).name).write_text("old")
    code, fact, _ = failing(*words, "--overwrite")
    assert code != 2
    assert "gone" in fact or "nothing" in fact
    assert (tmp_path / Path(target).name).read_text() == "old"


def test_scores_are_replaced_only_when_asked(photos, tmp_path, failing):
    files = ["--json", str(tmp_path / "s.json"), "--csv", str(tmp_path / "s.csv")]
    pictures = ["--pictures", str(tmp_path / "sr")]
    words = ["eval", "bicubic", "--data", str(photos), "--scale", "2"]
    assert run([*words, *files, *pictures]) == 0
    before = (tmp_path / "s.json").read_text()
    assert failing(*words, *files[:2])[:2] == (2, f"{tmp_path / 's.json'} exists already")
    assert failing(*words, *files[2:])[:2] == (2, f"{tmp_path / 's.csv'} exists already")
    assert failing(*words, *pictures)[:2] == (2, f"{tmp_path / 'sr'} already holds files")
    same = ["--json", tmp_path / "new", "--csv", tmp_path / "new"]
    assert failing(*words, *same)[:2] == (2, f"{tmp_path / 'new'} is to be written twice")
    words[1] = "nearest"
    assert run([*words, *files, *pictures, "--overwrite"]) == 0
    assert (tmp_path / "s.json").read_text() != before
    assert (tmp_path / "sr/nearest/a.png").exists()


def test_demo_replaces_nothing(tmp_path, failing):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/scores.json").write_text("mine")
    code, fact, hint = failing("demo", "--out", tmp_path / "run")
    assert (code, fact) == (2, f"{tmp_path / 'run/scores.json'} exists already")
    assert "--overwrite" in hint


def test_nothing_is_left_of_a_check(tmp_path):
    check_outputs([tmp_path / "a/b/c.json", None, tmp_path / "d.csv"])
    check_place(tmp_path / ("n" * 255))
    assert names_below(tmp_path) == []
    with pytest.raises(RecipeError, match="is to be written twice"):
        check_outputs([tmp_path / "a", tmp_path / "a"])


def cannot_write(monkeypatch, broken):
    """Let writing one file fail as a folder that may not be written does."""
    real = picture_writer.write_parts

    def write(path, content, **how):
        if path.name == broken:
            error = PermissionError(errno.EACCES, "Permission denied")
            raise DataError(
                f"cannot write {path}: {error.strerror}", hint="b", path=path
            ) from error
        real(path, content, **how)

    monkeypatch.setattr(picture_writer, "write_parts", write)


def test_one_output_that_cannot_be_written_is_named_and_the_others_come(
    photos, tmp_path, monkeypatch, capsys
):
    cannot_write(monkeypatch, "b.png")
    out = tmp_path / "out"
    code = run(["upscale", "nearest", str(photos), "--scale", "2", "--out", str(out)])
    told = capsys.readouterr().err
    assert code == 4
    reason = f"{photos / 'b.png'}: cannot write {out / 'b.png'}: Permission denied"
    assert f"not upscaled: {reason}" in told
    assert f"error: 1 picture was not upscaled: {reason}" in told
    assert names_below(out) == ["a.png", "c.png"]


def test_one_picture_of_an_evaluation_that_cannot_be_written_costs_no_score(
    photos, tmp_path, monkeypatch, capsys
):
    cannot_write(monkeypatch, "b.png")
    words = ["eval", "bicubic", "--data", str(photos), "--scale", "2", "--json"]
    code = run([*words, str(tmp_path / "s.json"), "--pictures", str(tmp_path / "sr")])
    told = capsys.readouterr()
    assert code == 4
    assert "dB" in told.out
    assert (tmp_path / "s.json").exists()
    assert names_below(tmp_path / "sr/bicubic") == ["a.png", "c.png"]
    assert f"not written: cannot write {tmp_path / 'sr/bicubic/b.png'}" in told.err


def test_one_picture_that_prepare_cannot_write_is_named(monkeypatch):
    error = DataError("cannot write x: Permission denied", hint="", path=None)

    def fail(*_):
        error.path = "x"
        raise error

    monkeypatch.setattr(picture_worker, "_write_variant", fail)
    monkeypatch.setattr(picture_worker, "perceptual_hash", lambda _: 0)

    class Job:
        file, variants = None, (1,)

    found = picture_worker._store(Job, SimpleNamespace(hr=np.zeros((2, 2, 3), np.uint8)), ("", ""))
    assert (found.reason, found.lasting) == ("cannot write x: Permission denied", False)


def test_names_as_long_as_they_may_be_are_upscaled(photos, tmp_path, capsys):
    name = "n" * 246 + ".png"
    (photos / "a.png").rename(photos / name)
    (photos / ("m" * 250 + ".jpeg")).write_bytes((photos / "b.png").read_bytes())
    out = tmp_path / "out"
    assert run(["upscale", "nearest", str(photos), "--scale", "1", "--out", str(out)]) == 0
    assert names_below(out) == ["b.png", "c.png", "m" * 250 + ".png", name]
    sr = tmp_path / "sr"
    words = ["eval", "bicubic", "--scale", "2", "--data", str(photos), "--pictures", str(sr)]
    assert run(words) == 0
    assert len(names_below(sr / "bicubic")) == 4


# Limits of formats

LIMITS = [
    ("webp", 16_383, False),
    ("jpg", 65_500, False),
    ("jpeg", 65_500, False),
    ("png", 1_000_000, True),
]


@pytest.mark.parametrize(("ending", "most", "deep"), LIMITS)
@pytest.mark.parametrize("upright", [False, True])
def test_the_limit_of_a_side_is_the_one_of_the_encoder(tmp_path, ending, most, deep, upright):
    kind = np.uint16 if deep else np.uint8
    for side, fits in ((most, True), (most + 1, False)):
        shape = (side, 1, 3) if upright else (1, side, 3)
        photo = images.Photo(np.zeros(shape, kind), gray=True)
        if fits:
            images.write_photo(tmp_path / f"a.{ending}", photo)
        else:
            with pytest.raises(DataError, match=f"{most:,} a side"):
                images.write_photo(tmp_path / f"b.{ending}", photo)
    assert names_below(tmp_path) == [f"a.{ending}"]


@pytest.mark.parametrize(
    ("ending", "size", "deep", "fits"),
    [
        ("tif", (30_000, 40_000), False, True),
        ("tif", (30_000, 50_000), False, True),
        ("tif", (30_000, 30_000), True, True),
        ("bmp", (30_000, 50_000), False, False),
        ("png", (60_000, 60_000), False, True),
        ("ppm", (60_000, 60_000), False, True),
        ("jp2", (70_000, 70_000), False, True),
    ],
)
def test_what_a_file_can_hold_is_known_from_the_size(tmp_path, ending, size, deep, fits):
    if fits:
        check_holds(tmp_path / f"a.{ending}", size, deep=deep)
    else:
        with pytest.raises(DataError, match=r"takes [\d,]+ bytes"):
            check_holds(tmp_path / f"a.{ending}", size, deep=deep)


@pytest.mark.parametrize(("ending", "width"), [("webp", 9000), ("jpg", 33_000)])
def test_upscale_knows_before_the_work_what_the_format_takes(
    tmp_path, failing, monkeypatch, ending, width
):
    source, target = tmp_path / "wide.png", tmp_path / f"large.{ending}"
    Image.new("RGB", (width, 2)).save(source)
    monkeypatch.setattr("srkit_core.upscaling.upscale_file.upscale_bands", None)
    code, fact, _ = failing("upscale", "nearest", source, "--scale", "2", "--out", target)
    assert code == 4
    assert fact.startswith(f"cannot write {target}: it has {2 * width}x4 pixels, .{ending} takes")
    with pytest.raises(DataError, match=f"cannot write {target}: it has {2 * width}x4 pixels"):
        upscale("nearest", source, target, scale=2)
    assert not target.exists()


# Sizes that metrics need


def test_eval_leaves_out_a_picture_that_is_too_small_and_says_why(photos, smooth):
    write_image(photos / "small.png", smooth(17, 40))
    said = []
    found = evaluate("bicubic", photos, scale=4, metrics="psnr+ssim", note=said.append)
    fact = "small has 40x16 pixels, 8 without a border of 4: ssim needs 11 a side"
    assert f"left out of the ssim: {fact}" in said
    assert found.left_out("ssim") == ("small",)
    assert found.left_out("psnr") == ()
    assert found.mean("psnr") > 20
    assert found.to_dict()["models"][0]["metrics"]["ssim"]["left_out"] == ["small"]


def test_eval_names_a_picture_that_is_too_small_before_it_begins(photos, failing, smooth, tmp_path):
    """Where a metric can judge none of them."""
    for one in photos.iterdir():
        one.unlink()
    write_image(photos / "small.png", smooth(17, 40))
    words = ["eval", GONE, "bicubic", "--data", photos, "--scale", "4", "--metrics"]
    code, fact, hint = failing("eval", "bicubic", *words[3:], "psnr+ssim")
    assert (code, fact) == (
        4,
        "small has 40x16 pixels, 8 without a border of 4: ssim needs 11 a side",
    )
    assert hint == "leave out small pictures, or --metrics without that one"
    write_image(photos / "tiny.png", smooth(8, 40))
    with pytest.raises(DataError, match="ssim needs 11 a side, and 1 more pictures are too small"):
        evaluate("bicubic", photos, scale=4)
    (photos / "small.png").unlink()
    assert failing("eval", "bicubic", *words[3:], "psnr")[1] == (
        "tiny has 40x8 pixels, 0 without a border of 4: psnr needs 1 a side"
    )
    assert evaluate("bicubic", photos, scale=4, metrics="psnr", border=0).mean("psnr") > 15


def test_a_run_names_a_validation_picture_that_is_too_small_before_its_first_step(
    photos, failing, smooth, tmp_path
):
    write_image(tmp_path / "val" / "small.png", smooth(24, 24))
    words = ["train", "--gen", "srvgg(features=8,blocks=1)", "--loss", "l1", "--steps", "1",
             "--batch", "1", "--patch", "32", "--device", "cpu", "--data", photos,
             "--val", tmp_path / "val", "--out", tmp_path / "run", "--scale", "2"]  # fmt: skip
    metrics = ["--set", "validation.metrics=psnr+ssim(window=23)"]
    code, fact, _ = failing(*words, *metrics)
    assert code == 4
    assert fact == "small has 24x24 pixels, 20 without a border of 2: ssim needs 23 a side"
    assert not (tmp_path / "run").exists()
    metrics[1] = "validation.metrics=psnr+ssim(window=19)"
    words[words.index("--patch") + 1] = "20"
    code, fact, _ = failing(*words, *metrics, "--set", "validation.on_training=true")
    assert (code, fact) == (
        2,
        "the patch of stage 'main' has 20x20 pixels, 16 without a border of 2: "
        "ssim needs 19 a side",
    )


def test_pictures_are_what_they_were(photos):
    assert read_image(photos / "a.png").shape == (32, 40, 3)
