"""Are packed pictures and files of a manifest what the plain files are?"""

import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from prepared_places import (
    SPLITS,
    contents,
    files,
    loaded,
    noise,
    pack,
    plain,
    rule,
)
from safetensors.torch import load_file

from srkit_core.augmentation import bind_augment
from srkit_core.data import prepared_folder as packed_files
from srkit_core.data import shards
from srkit_core.data.dataset import CropDataset
from srkit_core.data.picture_set import open_picture_set, split_pictures
from srkit_core.engine.trainer import train
from srkit_core.errors import DataError
from srkit_core.expressions import parse_chain
from srkit_core.io.images import write_image
from srkit_core.recipe import recipe_from_dict
from srkit_core.registry import discover
from srkit_core.run_folder import read_environment
from srkit_core.run_options import RunOptions


@pytest.mark.parametrize("paired", [False, True])
def test_crops_are_those_of_the_plain_files_pixel_for_pixel(packed, tmp_path, paired):
    ways = [
        open_picture_set(str(place), paired=paired, scale=4).pictures
        for place in (packed, plain(tmp_path / "plain"))
    ]
    one, other = ([contents(batch) for batch in loaded(pictures)] for pictures in ways)
    assert one == other
    assert (one[0][3] is not None) is paired


def test_stored_lr_is_that_of_the_crop(packed):
    pictures = open_picture_set(str(packed), paired=True, scale=4).pictures
    for batch in loaded(pictures, margin=0, augment=bind_augment(discover(), parse_chain(""))):
        hr = torch.cat([stack.flatten(1) for stack in batch.windows]).view(-1, 32, 32, 3)
        assert torch.equal(batch.lr, hr[:, ::4, ::4])


def test_loader_processes_see_the_same(packed):
    pictures = open_picture_set(str(packed)).pictures
    assert [contents(batch) for batch in loaded(pictures, workers=2)] == [
        contents(batch) for batch in loaded(pictures)
    ]


def test_samples_travel_to_a_spawned_process(packed):
    samples = CropDataset(open_picture_set(str(packed)).pictures, rule())
    alone = [samples[number].window for number in range(4)]
    with torch.multiprocessing.get_context("spawn").Pool(1) as pool:
        assert all(
            np.array_equal(one.window, other)
            for one, other in zip(pool.map(samples.__getitem__, range(4)), alone, strict=True)
        )


def test_a_moved_folder_is_the_same_data(packed, tmp_path):
    before = open_picture_set(str(packed)).fingerprint()
    moved = shutil.move(packed, tmp_path / "another möved one")
    after = open_picture_set(str(moved))
    assert after.fingerprint() == before
    assert [contents(batch) for batch in loaded(after.pictures)]


def test_the_fingerprint_is_of_the_manifest_and_of_the_sizes(packed):
    before = open_picture_set(str(packed)).fingerprint()
    document = json.loads((packed / "manifest.json").read_text())
    (packed / "manifest.json").write_text(json.dumps(document, indent=1))
    assert open_picture_set(str(packed)).fingerprint() != before


def test_an_epoch_has_the_patches_of_the_manifest(tmp_path):
    source = open_picture_set(str(pack(tmp_path / "a", patches=[4, 1, 9, 2, 1])))
    samples = CropDataset(source.pictures, rule())
    for epoch in range(2):
        names = Counter(samples[epoch * 17 + number].name for number in range(17))
        assert [names[f"bïld {number}"] for number in range(5)] == [4, 1, 9, 2, 1]


def test_a_mixture_weighs_prepared_and_plain_places(tmp_path):
    place = f"0.5*{pack(tmp_path / 'a', patches=[4, 1, 9, 2, 1])} + 2*{plain(tmp_path / 'b')}"
    samples = CropDataset(open_picture_set(place).pictures, rule())
    names = [samples[number].name for number in range(36)]
    assert [
        sum(name[0] == label for name in names[half : half + 18])
        for half in (0, 18)
        for label in "ab"
    ] == [8, 10, 8, 10]
    counts = Counter(names[number] for number in range(36) if names[number][0] == "a")
    assert sum(counts.values()) == 16
    assert counts["a/bïld 2"] in (8, 9)


@pytest.mark.parametrize("layout", [("HQ", "LQ"), ("hr", "lr")])
def test_files_of_a_manifest_have_its_epochs_splits_and_groups(tmp_path, layout):
    folder = files(tmp_path / "f", layout)
    write_image(folder / layout[0] / "stray.png", noise(64, 64))
    for source in (open_picture_set(str(folder)), open_picture_set(str(folder), paired=False)):
        assert [one.crops for one in source.pictures if one.group == "01"] == [1, 1, 1]
    made = split_pictures(source, (), ())
    assert [
        {one.group for one in part} for part in (made.training, made.validation, made.test)
    ] == [{"00", "01"}, {"02"}, {"03"}]
    (folder / layout[1] / "stray.png").write_bytes((folder / layout[1] / "00_0.png").read_bytes())
    assert len(open_picture_set(str(folder), paired=True, scale=4).pictures) == 12
    (folder / layout[1] / "01_2.png").unlink()
    with pytest.raises(
        DataError, match=f"is not whole: 1 files are missing, such as {layout[1]}/01_2.png"
    ):
        open_picture_set(str(folder))


def test_splits_of_the_manifest_are_respected(tmp_path):
    made = split_pictures(open_picture_set(str(pack(tmp_path / "a", splits=SPLITS))), (), ())
    assert [
        [one.name[-1] for one in part] for part in (made.training, made.validation, made.test)
    ] == [["0", "1", "3"], ["2"], ["4"]]
    assert made.validation[0].limit is None
    without = split_pictures(open_picture_set(str(tmp_path / "a")), None, ())
    assert [one.name[-1] for one in without.training] == ["0", "1", "3"]


def test_without_a_val_split_a_tenth_is_held_out_and_the_test_never_trained_on(tmp_path):
    place = str(pack(tmp_path / "a", splits=["train", "train", "train", "train", "test"]))
    made = split_pictures(open_picture_set(place), (), ())
    assert [len(part) for part in (made.training, made.validation, made.test)] == [3, 1, 1]
    assert made.test[0].name == "bïld 4"
    assert made.validation[0].limit == 1024


def test_preferred_splits_are_taken_where_there_are_some(tmp_path):
    place, whole = str(pack(tmp_path / "a", splits=SPLITS)), str(pack(tmp_path / "b"))
    assert [one.name for one in open_picture_set(place, prefer=("test", "val")).pictures] == [
        "bïld 4"
    ]
    assert [one.name for one in open_picture_set(place, prefer=("val",)).pictures] == ["bïld 2"]
    assert len(open_picture_set(whole, prefer=("val",)).pictures) == 5
    assert len(open_picture_set(f"{place} + {whole}", prefer=("val",)).pictures) == 6


def test_too_small_pictures_are_told(packed):
    source = open_picture_set(str(packed), smallest=72)
    assert [one.name[-1] for one in source.pictures] == ["0", "2"]
    assert source.notes()[0] == f"{packed} holds LR as well, which --degrade paired takes"
    assert source.notes()[1].endswith(
        "bïld 1.safetensors: 128 x 64 is smaller than the crop of 72 pixels"
    )


STAGE = {
    "loss": "l1",
    "steps": 7,
    "batch": 2,
    "patch": 32,
    "checkpoint_every": 3,
    "validate_every": 7,
}


SMALL = {
    "generator": "srvgg(features=4, blocks=1)",
    "scale": 4,
    "validation": {"metrics": "psnr"},
    "stages": [STAGE],
}


@pytest.mark.parametrize("degrade", ["bicubic", "paired"])
def test_a_run_on_prepared_data_goes_on_in_the_middle_of_an_epoch(tmp_path, degrade):
    place = pack(tmp_path / "prepared ü", splits=SPLITS, patches=[4, 3, 1, 2, 5])
    recipe = recipe_from_dict(SMALL | {"degradation": degrade})
    whole = train(
        recipe, RunOptions(data=str(place), device="cpu", workers=2, out=tmp_path / "whole")
    ).folder
    part = tmp_path / "part"
    shutil.copytree(whole, part)
    shutil.rmtree(part / "checkpoints" / "step-00000007")
    train(recipe, RunOptions(data=str(place), device="cpu", workers=2, out=part), resume=3)
    one, other = (load_file(folder / "weights" / "last.safetensors") for folder in (whole, part))
    assert all(torch.equal(one[name], other[name]) for name in one)
    about = read_environment(whole)
    assert (about["validation"], about["test"]) == (["bïld 2"], ["bïld 4"])
    assert about["data"]["fingerprint"] == open_picture_set(str(place)).fingerprint()


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted on Linux")
def test_open_files_are_bounded(tmp_path, monkeypatch):
    few = shards.lru_cache(maxsize=3)(shards.open_shard.__wrapped__)
    for room in (shards, packed_files):
        monkeypatch.setattr(room, "open_shard", few)
    pictures = open_picture_set(str(pack(tmp_path / "a", sizes=[(64, 64)] * 40))).pictures
    before = sum(1 for _ in Path("/proc/self/fd").iterdir())
    loaded(pictures, steps=16)
    assert few.cache_info().currsize == 3
    assert sum(1 for _ in Path("/proc/self/fd").iterdir()) - before <= 3
    assert Path("/proc/self/maps").read_text().count(f"{tmp_path}/a/shards") <= 3


def test_only_what_is_looked_at_is_read(tmp_path):
    (picture,) = open_picture_set(
        str(pack(tmp_path / "a", sizes=[(4096, 4096)], lr=False))
    ).pictures
    CropDataset([picture], rule())[0]
    maps = (
        Path("/proc/self/smaps").read_text().partition("bïld 0.safetensors")[2].splitlines()
        if Path("/proc/self/smaps").exists()
        else []
    )
    if not maps:
        pytest.skip("resident pages are counted on Linux")
    resident = next(int(line.split()[1]) for line in maps if line.startswith("Rss:"))
    assert resident < 4096 * 3 * 64 / 1024 * 4


def test_what_was_prepared_again_is_read_again(packed):
    before = open_picture_set(str(packed)).pictures[0].read(4)[0].copy()
    pack(packed, sizes=[(64, 64)] * 3)
    assert open_picture_set(str(packed)).pictures[0].read(4)[0].shape == (64, 64, 3) != before.shape
