"""Does a prepared folder hold every usable picture once, say so truthfully, and stay what it is?"""

import hashlib
import json
import os
import shutil
import sys

import numpy as np
import pytest
import torch
from filelock import FileLock
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import load_file

from srkit_core.builtin.interpolation import Shrink
from srkit_core.cli.app import run
from srkit_core.data.preparation.manifest_fields import ManifestFields
from srkit_core.data.preparation.prepare_folder import prepare_folder
from srkit_core.data.preparation.prepare_options import PrepareOptions
from srkit_core.data.preparation.prepare_pictures import PrepareRequest
from srkit_core.errors import DataError, DiskFullError, RecipeError
from srkit_core.io.images import read_image, to_bytes, to_unit


class Here:
    """Works in this process, and counts."""

    def __init__(self):
        self.worked = []

    def needs(self, samples):
        self.samples = samples

    def run(self, work, items):
        for item in items:
            self.worked.append(work.__name__)
            yield item, work(item)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Five different pictures in a tree, one copy of one, a small one, a flat one, a broken one and
    a text.
    """
    folder = tmp_path_factory.mktemp("photos")
    (folder / "süb dir").mkdir()
    rng = np.random.default_rng(0)
    for number, (name, (height, width)) in enumerate(
        {
            "a.png": (70, 101),
            "b.png": (64, 64),
            "süb dir/c.png": (65, 130),
            "süb dir/d.png": (80, 90),
            "e.png": (99, 67),
        }.items()
    ):
        coarse = Image.fromarray(rng.integers(0, 256, (6 + number, 7, 3), dtype=np.uint8))
        coarse.resize((width, height), Image.Resampling.BICUBIC).save(folder / name)
    with Image.open(folder / "a.png") as copied:
        copied.resize((150, 104), Image.Resampling.BICUBIC).save(
            folder / "z_copy_of_a.jpg", quality=95
        )
    Image.new("RGB", (80, 80), (10, 200, 30)).save(folder / "flat.png")
    Image.effect_noise((20, 70), 50).convert("RGB").save(folder / "small.png")
    (folder / "broken.png").write_bytes((folder / "a.png").read_bytes()[:-400])
    (folder / "notes.txt").write_text("no picture")
    return folder


def _prepare(
    photos, out, executor=None, *, split=None, redo=False, licence=None, duplicates=None, **options
):
    options = {"patch": 32, "stride": 32} | options
    request = PrepareRequest(
        [str(photos)] if not isinstance(photos, list) else photos,
        out,
        PrepareOptions(**options),
        ManifestFields(split, licence, duplicates),
        redo,
    )
    return prepare_folder(request, executor or Here(), lambda *_: None)


def _manifest(out):
    return json.loads((out / "manifest.json").read_text(encoding="utf-8"))


def _everything(out):
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def test_every_file_is_packed_or_named(photos, tmp_path):
    report = _prepare(photos, tmp_path / "out", licence="CC0-1.0")
    manifest = _manifest(tmp_path / "out")
    assert [one["name"] for one in manifest["pictures"]] == [
        "a.png",
        "b.png",
        "e.png",
        "süb dir/c.png",
        "süb dir/d.png",
    ]
    assert [one["size"] for one in manifest["pictures"]] == [
        [68, 100],
        [64, 64],
        [96, 64],
        [64, 128],
        [80, 88],
    ]
    assert [one["crop"] for one in manifest["pictures"]] == [
        [0, 0, *one["size"]] for one in manifest["pictures"]
    ]
    assert [one["patches"] for one in manifest["pictures"]] == [12, 4, 6, 8, 9]
    assert {one["licence"] for one in manifest["pictures"]} == {"CC0-1.0"}
    assert {one["split"] for one in manifest["pictures"]} == {"train"}
    assert manifest["pictures"][3]["group"] == "süb dir/c"
    assert (
        manifest["pictures"][0]["sha256"]
        == hashlib.sha256((photos / "a.png").read_bytes()).hexdigest()
    )
    assert manifest["filtered"] == {
        "too small": 1,
        "too flat": 1,
        "near-duplicate": 1,
        "flat patches": 0,
    }
    (skipped,) = manifest["skipped"]
    assert skipped["path"] == (photos / "broken.png").as_posix()
    assert skipped["reason"].startswith("it is truncated or damaged")
    assert (report.files, report.written, report.pictures, report.patches) == (9, 7, 5, 39)
    assert report.notes == ("ignored 1 files without a picture ending",)
    left_out = json.loads((tmp_path / "out" / "skipped.json").read_text())
    assert [one["reason"] for one in left_out["filtered"]] == [
        "20 x 70 is smaller than a patch",
        "it is flat everywhere",
        "it looks like a.png",
    ]


def test_a_shard_holds_the_pixels_and_says_whose(photos, tmp_path):
    _prepare(photos, tmp_path / "out", degrade="bicubic")
    shrink = Shrink("bicubic", 4, border="symmetric", quantise=True)
    for picture in _manifest(tmp_path / "out")["pictures"]:
        file = tmp_path / "out" / picture["shard"]
        height, width = picture["size"]
        hr = read_image(photos / picture["name"])[:height, :width]
        tensors = load_file(file)
        assert list(tensors) == ["hr", "lr"]
        assert (tensors["hr"] == hr).all()
        assert (
            tensors["lr"]
            == to_bytes(shrink(to_unit(torch.from_numpy(hr.copy())[None]), rng=None))[0].numpy()
        ).all()
        with safe_open(file, "numpy") as opened:
            metadata = {
                "name": picture["name"],
                "sha256": picture["sha256"],
                "scale": "4",
                "degradation": "bicubic",
            }
            assert opened.metadata() == metadata
    assert len(list((tmp_path / "out" / "shards").iterdir())) == 5


def test_bands_of_a_large_picture_cannot_be_seen(tmp_path, smooth):
    (tmp_path / "in").mkdir()
    hr = smooth(1300, 64) // 2 + np.random.default_rng(1).integers(
        0, 128, (1300, 64, 3), dtype=np.uint8
    )
    Image.fromarray(hr).save(tmp_path / "in" / "tall.png")
    _prepare(tmp_path / "in", tmp_path / "out", degrade="bicubic", scale=2)
    tensors = load_file(next((tmp_path / "out" / "shards").iterdir()))
    whole = Shrink("bicubic", 2, border="symmetric", quantise=True)(
        to_unit(torch.from_numpy(hr)[None]), rng=None
    )
    assert (tensors["lr"] == to_bytes(whole)[0].numpy()).all()


def test_a_second_run_does_nothing_and_other_runs_give_the_same_bytes(photos, tmp_path):
    _prepare(photos, tmp_path / "out", degrade="bicubic | noise(sigma=1..10)")
    before = _everything(tmp_path / "out")
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.*")}
    executor = Here()
    report = _prepare(photos, tmp_path / "out", executor, degrade="bicubic | noise(sigma=1..10)")
    assert (executor.worked, report.written, report.pictures) == ([], 0, 5)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.*")} == times

    class Backwards(Here):
        def run(self, work, items):
            yield from super().run(work, list(items)[::-1])

    _prepare(photos, tmp_path / "other", Backwards(), degrade="bicubic | noise(sigma=1..10)")
    assert _everything(tmp_path / "other") == before


def test_an_interrupted_run_goes_on(photos, tmp_path):
    class Tired(Here):
        def run(self, work, items):
            for done, pair in enumerate(super().run(work, items)):
                if done == 3 and work.__name__ == "prepare_picture":
                    raise KeyboardInterrupt
                yield pair

    with pytest.raises(KeyboardInterrupt):
        _prepare(photos, tmp_path / "out", Tired())
    assert not (tmp_path / "out" / "manifest.json").exists()
    (tmp_path / "out" / "shards" / ".half.1.part.safetensors").write_bytes(b"half")
    executor = Here()
    _prepare(photos, tmp_path / "out", executor)
    assert executor.worked.count("prepare_picture") == 8 - 4
    _prepare(photos, tmp_path / "undisturbed")
    assert _everything(tmp_path / "out") == _everything(tmp_path / "undisturbed")


def test_a_changed_option_is_refused_or_redone(photos, tmp_path):
    _prepare(photos, tmp_path / "out")
    with pytest.raises(RecipeError, match="was prepared with patch 32, not 64") as caught:
        _prepare(photos, tmp_path / "out", patch=64, stride=64)
    assert "--redo" in caught.value.hint
    _prepare(photos, tmp_path / "out", patch=64, stride=64, redo=True)
    _prepare(photos, tmp_path / "fresh", patch=64, stride=64)
    assert _everything(tmp_path / "out") == _everything(tmp_path / "fresh")


def test_redoing_in_another_format_leaves_nothing_of_the_first(photos, tmp_path):
    _prepare(photos, tmp_path / "out", format="files", degrade="bicubic", names="{index:05d}.png")
    _prepare(photos, tmp_path / "out", redo=True)
    assert sorted(
        path.name for path in (tmp_path / "out").iterdir() if not path.name.startswith(".")
    ) == [
        "manifest.json",
        "shards",
        "skipped.json",
    ]


def test_sources_that_change_are_made_again_and_those_that_go_are_dropped(photos, tmp_path):
    shutil.copytree(photos, tmp_path / "in")
    _prepare(tmp_path / "in", tmp_path / "out")
    shutil.copy(tmp_path / "in" / "b.png", tmp_path / "in" / "e.png")
    (tmp_path / "in" / "b.png").unlink()
    os.utime(tmp_path / "in" / "süb dir" / "c.png", ns=(1, 1))
    shard = next((tmp_path / "out" / "shards").glob("c-*"))
    written = shard.stat().st_mtime_ns
    executor = Here()
    report = _prepare(tmp_path / "in", tmp_path / "out", executor)
    assert report.notes[1:] == (
        "1 pictures of a run before are gone, and so is what was made of them",
        "2 files have changed since a run before, and are looked at again",
    )
    assert executor.worked.count("prepare_picture") == 2
    assert shard.stat().st_mtime_ns == written
    _prepare(tmp_path / "in", tmp_path / "fresh")
    assert _everything(tmp_path / "out") == _everything(tmp_path / "fresh")


def test_a_near_duplicate_comes_back_when_the_first_goes(photos, tmp_path):
    shutil.copytree(photos, tmp_path / "in")
    _prepare(tmp_path / "in", tmp_path / "out")
    (tmp_path / "in" / "a.png").unlink()
    _prepare(tmp_path / "in", tmp_path / "out")
    _prepare(tmp_path / "in", tmp_path / "fresh")
    assert "z_copy_of_a.jpg" in [one["name"] for one in _manifest(tmp_path / "out")["pictures"]]
    assert _everything(tmp_path / "out") == _everything(tmp_path / "fresh")


def test_near_duplicates_stay_where_that_is_wanted(photos, tmp_path):
    _prepare(photos, tmp_path / "out")
    assert _prepare(photos, tmp_path / "out", duplicates=True).written == 1
    assert _manifest(tmp_path / "out")["filtered"]["near-duplicate"] == 0
    assert len(_manifest(tmp_path / "out")["pictures"]) == 6


def test_a_shard_that_was_deleted_is_made_again(photos, tmp_path):
    _prepare(photos, tmp_path / "out")
    before = _everything(tmp_path / "out")
    next((tmp_path / "out" / "shards").glob("b-*")).unlink()
    assert _prepare(photos, tmp_path / "out").written == 1
    assert _everything(tmp_path / "out") == before


def test_what_may_pass_is_tried_again_and_what_lies_in_the_file_is_not(
    photos, tmp_path, monkeypatch
):
    def no_memory(path):
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr("srkit_core.data.preparation.picture_worker.read_image_noted", no_memory)
        report = _prepare(photos, tmp_path / "out")
    assert {reason for path, reason in report.tally.skipped if "broken" not in path} == {
        "it does not fit into memory"
    }
    executor = Here()
    assert _prepare(photos, tmp_path / "out", executor).pictures == 5
    again = Here()
    _prepare(photos, tmp_path / "out", again)
    assert (len(executor.worked), len(again.worked)) == (8 + 8, 0)


def test_a_second_preparation_of_one_folder_is_refused(photos, tmp_path):
    (tmp_path / "out").mkdir()
    with (
        FileLock(tmp_path / "out" / ".lock"),
        pytest.raises(RecipeError, match="another process is preparing"),
    ):
        _prepare(photos, tmp_path / "out")
    assert _prepare(photos, tmp_path / "out").pictures == 5


def test_other_peoples_folders_are_left_alone(photos, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(RecipeError, match="holds something else"):
        _prepare(photos, tmp_path)
    with pytest.raises(RecipeError, match="lie in each other"):
        _prepare(photos, photos / "süb dir" / "out")
    with pytest.raises(RecipeError, match="lie in each other"):
        _prepare(photos, photos.parent)


def test_splits_go_by_source_and_stay_when_files_come(photos, tmp_path):
    (tmp_path / "val.txt").write_text("a\nsüb dir/d.png\n")
    _prepare(photos, tmp_path / "out", split=f"{tmp_path / 'val.txt'},0.3")
    splits = {one["name"]: one["split"] for one in _manifest(tmp_path / "out")["pictures"]}
    assert (splits["a.png"], splits["süb dir/d.png"]) == ("val", "val")
    executor = Here()
    _prepare(photos, tmp_path / "out", executor, split="0.6,0.22")
    before = {one["name"]: one["split"] for one in _manifest(tmp_path / "out")["pictures"]}
    assert executor.worked == []
    assert set(before.values()) == {"train", "val", "test"}
    shutil.copytree(photos, tmp_path / "more")
    Image.effect_noise((64, 64), 90).convert("RGB").save(tmp_path / "more" / "another.png")
    _prepare(tmp_path / "more", tmp_path / "grown", split="0.6,0.22")
    after = {one["name"]: one["split"] for one in _manifest(tmp_path / "grown")["pictures"]}
    assert after.pop("another.png")
    assert after == before


def test_another_source_moves_no_picture_to_another_split(tmp_path):
    noise = np.random.default_rng(5).integers(0, 256, (24, 32, 32, 3), dtype=np.uint8)
    for number, pixels in enumerate(noise):
        folder = tmp_path / ("A/deep" if number < 16 else "B/deep")
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / f"{number if number < 20 else number - 20:02d}.png")

    def splits_and_groups(out, *sources):
        _prepare([str(tmp_path / source) for source in sources], tmp_path / out, split="0.4,0.2")
        return {
            one["source"]: (one["split"], one["group"])
            for one in _manifest(tmp_path / out)["pictures"]
        }

    alone = splits_and_groups("one", "A")
    assert {split for split, _ in alone.values()} == {"train", "val", "test"}
    both = splits_and_groups("two", "A", "B")
    turned = splits_and_groups("three", "B", "A")
    assert len(both) == 24
    assert both == turned
    assert {source: both[source] for source in alone} == alone
    for number in range(4):
        first, second = (
            both[f"{tmp_path.as_posix()}/{source}/deep/{number:02d}.png"] for source in "AB"
        )
        assert first == second == (first[0], f"deep/{number:02d}")
    (tmp_path / "val.txt").write_text("A/deep/01\nB/deep/17.png\n")
    report = _prepare(
        [str(tmp_path / "A"), str(tmp_path / "B")],
        tmp_path / "listed",
        split=str(tmp_path / "val.txt"),
    )
    assert report.pictures == 24
    held = [
        one["name"] for one in _manifest(tmp_path / "listed")["pictures"] if one["split"] == "val"
    ]
    assert held == ["A/deep/01.png", "B/deep/01.png", "B/deep/17.png"]


@pytest.mark.parametrize("split", ["2", "0.5,0.5", "0.1,0.1,0.1", "none.txt"])
def test_splits_that_make_no_sense_are_refused(photos, tmp_path, split):
    with pytest.raises(RecipeError):
        _prepare(photos, tmp_path / "out", split=split)
    assert not (tmp_path / "out").exists()


def test_several_sources_keep_their_names_apart(photos, tmp_path):
    executor = Here()
    _prepare(
        [str(photos), str(photos / "a.png"), str(photos / "süb dir")], tmp_path / "out", executor
    )
    assert executor.samples == {
        photos: photos / "a.png",
        photos / "süb dir": photos / "süb dir" / "c.png",
    }
    names = [one["name"] for one in _manifest(tmp_path / "out")["pictures"]]
    top = photos.name
    assert names == [
        f"{top}/{name}" for name in ("a.png", "b.png", "e.png", "süb dir/c.png", "süb dir/d.png")
    ]
    with pytest.raises(RecipeError, match="is a mixture"):
        _prepare([f"2*{photos}"], tmp_path / "weighted")


def test_a_full_disk_says_how_to_go_on(photos, tmp_path, monkeypatch):
    def full(path, parts):
        raise DiskFullError("the disk is full", hint="srkit train")

    with monkeypatch.context() as patched:
        patched.setattr("srkit_core.data.shards.write_parts", full)
        with pytest.raises(DiskFullError) as caught:
            _prepare(photos, tmp_path / "out")
    assert caught.value.hint == "free some space, and run the same command again: it goes on"
    assert _prepare(photos, tmp_path / "out").pictures == 5


def test_a_degradation_that_fails_on_a_picture_is_printed_of_it(photos, tmp_path, monkeypatch):
    def broken(plan):
        def degrade(hr, rng):
            raise RuntimeError("padding is larger than the picture")

        return degrade

    monkeypatch.setattr("srkit_core.data.preparation.derived_pictures.build_degradation", broken)
    report = _prepare(photos, tmp_path / "out", degrade="lanczos")
    assert {reason for path, reason in report.tally.skipped if "broken" not in path} == {
        "'lanczos' fails on it: padding is larger than the picture"
    }


def test_nothing_to_prepare_is_an_error(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no picture"):
        _prepare(tmp_path / "empty", tmp_path / "out")


def test_a_time_limit_that_a_cluster_cannot_keep_is_refused(photos, tmp_path, capsys):
    assert (
        run(
            [
                "prepare",
                str(photos),
                str(tmp_path / "out"),
                "--cluster",
                "tcp://nowhere:1",
                "--time-limit",
                "5",
            ]
        )
        == 2
    )
    assert "--time-limit is for processes of this machine" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_cluster_without_its_library_says_what_to_install(photos, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delitem(sys.modules, "srkit_core.data.preparation.dask_executor", raising=False)
    assert run(["prepare", str(photos), str(tmp_path / "out"), "--cluster", "tcp://nowhere:1"]) == 4
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "error: --cluster tcp://nowhere:1 needs a library that is not installed",
        "try: pip install distributed",
    ]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"format": "files"}', ""])
def test_damaged_options_are_named(photos, tmp_path, text):
    _prepare(photos, tmp_path / "out")
    (tmp_path / "out/.prepare/options.json").write_text(text)
    with pytest.raises(DataError, match=r"options\.json is damaged"):
        _prepare(photos, tmp_path / "out")


def test_what_was_said_beside_pixels_stays_until_something_else_is_said(photos, tmp_path, capsys):
    out = tmp_path / "out"
    words = ["prepare", str(photos), str(out), "--patch", "32"]
    assert run([*words, "--split", "0.6,0.22", "--licence", "CC0-1.0", "--keep-duplicates"]) == 0
    first = _manifest(out)
    capsys.readouterr()
    assert run(words) == 0
    printed = capsys.readouterr().out
    assert _manifest(out) == first
    assert "split as before: 0.6,0.22" in printed
    assert "licence as before: CC0-1.0" in printed
    assert "duplicates as before: kept" in printed
    assert "nothing was left to do" in printed
    assert run([*words, "--split", "", "--drop-duplicates"]) == 0
    printed = capsys.readouterr().out
    assert "split is now none, it was 0.6,0.22" in printed
    assert "duplicates is now left out, it was kept" in printed
    assert "its manifest was written again" in printed
    second = _manifest(out)["pictures"]
    assert ({one["split"] for one in second}, {one["licence"] for one in second}, len(second)) == (
        {"train"},
        {"CC0-1.0"},
        5,
    )


def test_the_pictures_of_a_split_are_counted(photos, tmp_path, capsys):
    assert (
        run(["prepare", str(photos), str(tmp_path / "out"), "--patch", "32", "--split", "0.6,0.22"])
        == 0
    )
    splits = [one["split"] for one in _manifest(tmp_path / "out")["pictures"]]
    assert (
        f"split: {splits.count('train')} train, {splits.count('val')} val, "
        f"{splits.count('test')} test" in capsys.readouterr().out
    )


def test_other_pictures_alone_are_refused_and_nothing_goes(photos, tmp_path):
    _prepare(photos, tmp_path / "out")
    before = _everything(tmp_path / "out")
    Image.effect_noise((64, 64), 90).convert("RGB").save(tmp_path / "other.png")
    with pytest.raises(RecipeError, match="prepared from other pictures: none of its"):
        _prepare(tmp_path / "other.png", tmp_path / "out")
    assert _everything(tmp_path / "out") == before
    assert _prepare(tmp_path / "other.png", tmp_path / "out", redo=True).pictures == 1
