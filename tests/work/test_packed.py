"""Does what was prepared give the crops of the pictures it was made of, and is damage named?"""

import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from safetensors.torch import load_file

from srkit_core.augmentation import bind_augment
from srkit_core.cli.app import run
from srkit_core.data import prepared_folder as packed_files
from srkit_core.data import shards
from srkit_core.data.dataset import CropDataset
from srkit_core.data.loader import batch_indices, training_batches
from srkit_core.data.patches import CropRule
from srkit_core.data.picture_set import open_picture_set, split_pictures
from srkit_core.engine.trainer import train
from srkit_core.errors import DataError
from srkit_core.expressions import parse_chain
from srkit_core.io.images import write_image
from srkit_core.recipe import recipe_from_dict
from srkit_core.registry import discover
from srkit_core.run_folder import read_environment
from srkit_core.run_options import RunOptions

REGISTRY = discover()

SIZES = [(96, 80), (64, 128), (72, 72), (100, 64), (64, 64)]
SPLITS = ["train", "train", "val", "train", "test"]


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def manifest(folder, pictures, kind="packed", **fields):
    document = {
        "version": 1,
        "format": kind,
        "scale": 4,
        "options": {},
        "pictures": pictures,
        "skipped": [],
        "filtered": {},
    } | fields
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(
        json.dumps(document, ensure_ascii=False), encoding="utf-8"
    )
    return folder


def entry(name, size, split, patches=1, **fields):
    about = {"source": f"{name}.jpg", "sha256": "", "crop": [0, 0, *size], "licence": None}
    return {
        "name": name,
        "size": list(size),
        "patches": patches,
        "split": split,
        "group": name,
        **about,
        **fields,
    }


def pack(folder, sizes=SIZES, splits=None, patches=None, lr=True):
    """Write pictures of noise as `srkit prepare` packs them, LR being every fourth pixel."""
    entries = []
    for number, size in enumerate(sizes):
        name, hr = f"bïld {number}", noise(*size, seed=number)
        shard = f"shards/{name}.safetensors"
        (folder / "shards").mkdir(parents=True, exist_ok=True)
        small = {"lr": np.ascontiguousarray(hr[::4, ::4])} if lr else {}
        save_file(
            {"hr": hr, **small},
            folder / shard,
            metadata={"name": name, "sha256": "", "scale": "4", "degradation": "nearest"},
        )
        entries.append(
            entry(
                name,
                size,
                splits[number] if splits else "train",
                patches[number] if patches else 1,
                shard=shard,
            )
        )
    return manifest(folder, entries)


def plain(folder, sizes=SIZES):
    for number, size in enumerate(sizes):
        write_image(folder / "HR" / f"bïld {number}.png", noise(*size, seed=number))
        write_image(
            folder / "LR" / f"bïld {number}.png",
            np.ascontiguousarray(noise(*size, seed=number)[::4, ::4]),
        )
    return folder


def rule(**changes):
    fields = {
        "patch": 32,
        "scale": 4,
        "margin": 8,
        "seed": 0,
        "augment": bind_augment(REGISTRY, parse_chain("flip | turn")),
    }
    return CropRule(**(fields | changes))


def loaded(pictures, steps=6, workers=0, **changes):
    return list(
        training_batches(
            CropDataset(pictures, rule(**changes)),
            batch_indices(0, steps, 5),
            workers=workers,
            pin=False,
        )
    )


def contents(batch):
    names = [name.removeprefix("HR/") for name in batch.names]
    return (
        names,
        batch.corners,
        [stack.tolist() for stack in batch.windows],
        None if batch.lr is None else batch.lr.tolist(),
    )


@pytest.fixture
def packed(tmp_path):
    return pack(tmp_path / "prepared")


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
    for batch in loaded(pictures, margin=0, augment=bind_augment(REGISTRY, parse_chain(""))):
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


def files(folder, layout, each=3):
    entries = []
    for number in range(4):
        names = [f"{number:02d}_{part}.png" for part in range(each)]
        for part, name in enumerate(names):
            hr = noise(64, 64, seed=10 * number + part)
            write_image(folder / layout[0] / name, hr)
            write_image(folder / layout[1] / name, np.ascontiguousarray(hr[::4, ::4]))
        listed = [f"{role}/{name}" for role in layout for name in names]
        entries.append(
            entry(
                f"{number:02d}",
                (64, 64),
                ["train", "train", "val", "test"][number],
                each,
                files=listed,
            )
        )
    return manifest(folder, entries, kind="files")


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


def test_eval_scores_the_test_split(tmp_path, capsys):
    place = pack(tmp_path / "a", splits=SPLITS)
    names = {}
    for flags in ([], ["--split", "val"], ["--split", "train"]):
        assert (
            run(
                [
                    "eval",
                    "bicubic",
                    "--data",
                    str(place),
                    "--metrics",
                    "psnr",
                    "--json",
                    str(tmp_path / "scores.json"),
                    "--overwrite",
                    *flags,
                ]
            )
            == 0
        )
        scores = json.loads((tmp_path / "scores.json").read_text())
        names[" ".join(flags)] = [image["name"][-1] for image in scores["models"][0]["images"]]
    assert names == {"": ["4"], "--split val": ["2"], "--split train": ["0", "1", "3"]}
    capsys.readouterr()
    assert run(["eval", "bicubic", "--data", str(pack(tmp_path / "b")), "--split", "val"]) == 4
    assert "has no split 'val'" in capsys.readouterr().err


def broken(folder, change):
    document = json.loads((folder / "manifest.json").read_text())
    change(document)
    (folder / "manifest.json").write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        (lambda d: d.update(version=2), r"manifest.json is of version 2, this srkit reads 1$"),
        (
            lambda d: d.update(format="tar"),
            r"manifest.json is damaged: format: Input should be 'packed' or 'files'$",
        ),
        (lambda d: d.pop("pictures"), r"manifest.json is damaged: pictures: Field required$"),
        (lambda d: d.update(pictures=[]), r"holds no picture: none could be used$"),
        (
            lambda d: d["pictures"][1].update(size=[64, 0]),
            r"manifest.json is damaged: pictures.1.size.1: Input should be greater than 0$",
        ),
        (
            lambda d: d["pictures"][1].update(name="bïld 0"),
            r"manifest.json is damaged: it holds 'bïld 0' twice$",
        ),
        (
            lambda d: d["pictures"][1].update(shard="../a.safetensors"),
            r"manifest.json is damaged: '../a.safetensors' is no file below it$",
        ),
        (
            lambda d: d["pictures"][1].update(shard="/a.safetensors"),
            r"manifest.json is damaged: '/a.safetensors' is no file below it$",
        ),
        (
            lambda d: d["pictures"][1].update(shard="shards/x.safetensors"),
            r"cannot read .*x.safetensors: No such file or directory$",
        ),
        (
            lambda d: d["pictures"][1].update(size=[640, 64]),
            r"bïld 1.safetensors: it has 128x64 pixels, its manifest says 64x640$",
        ),
    ],
)
def test_a_damaged_manifest_is_told_in_a_sentence(packed, change, fact):
    broken(packed, change)
    with pytest.raises(DataError, match=fact) as caught:
        open_picture_set(str(packed))
    assert caught.value.hint
    assert caught.value.path


def test_a_manifest_that_is_no_json_and_one_of_another_program(packed, tmp_path):
    (packed / "manifest.json").write_text('{"version": 1, "form')
    with pytest.raises(DataError, match=r"cannot read .*manifest.json: Unterminated string"):
        open_picture_set(str(packed))
    (plain(tmp_path / "plain") / "manifest.json").write_text(
        '{"version": "1.0", "name": "an album"}'
    )
    assert len(open_picture_set(str(tmp_path / "plain")).pictures) == 5


def damaged(path, how):
    content = path.read_bytes()
    header = int.from_bytes(content[:8], "little")
    ways = {
        "short": content[:-7],
        "long": content + b"1234567",
        "header": content[:8] + b"x" * header + content[8 + header :],
        "empty": b"",
        "length": (2**40).to_bytes(8, "little") + content[8:],
    }
    path.write_bytes(ways[how])


@pytest.mark.parametrize("how", ["short", "long", "header", "empty", "length"])
def test_a_shard_damaged_while_training_is_skipped_and_one_before_is_an_error(packed, caplog, how):
    bad = packed / "shards" / "bïld 3.safetensors"
    pictures = open_picture_set(str(packed)).pictures
    damaged(bad, how)
    names = [name for batch in loaded(pictures) for name in batch.names]
    assert "bïld 3" not in names
    assert len(names) == 30
    assert [record.message for record in caplog.records] == [
        f"skipped: cannot read {bad}: it is truncated or damaged (copy it again, or srkit prepare "
        "again)"
    ] or caplog.records[0].message.startswith(
        f"skipped: cannot read {bad}: it is truncated or damaged"
    )
    with pytest.raises(DataError, match=f"cannot read {bad}: it is truncated or damaged"):
        open_picture_set(str(packed))


def test_a_shard_of_another_size_or_without_lr_is_named(packed, tmp_path):
    picture = open_picture_set(str(packed)).pictures[1]
    (pack(tmp_path / "other", sizes=[(96, 96)]) / "shards" / "bïld 0.safetensors").replace(
        packed / "shards" / "bïld 1.safetensors"
    )
    for look in (lambda: picture.read(4), lambda: open_picture_set(str(packed))):
        with pytest.raises(
            DataError, match=r"bïld 1\.safetensors: it has 96x96 pixels, its manifest says 128x64"
        ):
            look()


def test_paired_training_needs_stored_lr_of_the_scale(packed, tmp_path):
    with pytest.raises(DataError, match=r"the LR of .* is of scale 4, not 2$") as caught:
        open_picture_set(str(packed), paired=True, scale=2)
    assert caught.value.hint == "--scale 4, or --degrade bicubic"
    without = pack(tmp_path / "b", lr=False)
    with pytest.raises(DataError, match=r"was prepared without LR$"):
        open_picture_set(str(without), paired=True, scale=4)
    assert len(open_picture_set(str(without)).pictures) == 5


def test_what_was_prepared_again_is_read_again(packed):
    before = open_picture_set(str(packed)).pictures[0].read(4)[0].copy()
    pack(packed, sizes=[(64, 64)] * 3)
    assert open_picture_set(str(packed)).pictures[0].read(4)[0].shape == (64, 64, 3) != before.shape


def test_a_folder_or_list_inside_a_prepared_one_keeps_splits_and_groups(tmp_path, monkeypatch):
    folder = files(tmp_path / "f", ("HQ", "LQ"))
    (tmp_path / "some.txt").write_text(
        "".join(f"HQ/{number:02d}_{part}.png\n" for number in (1, 2, 3) for part in (0, 2))
    )
    monkeypatch.chdir(folder / "HQ")
    for place in (str(folder / "HQ"), "."):
        source = open_picture_set(place)
        assert len(source.pictures) == 12
        assert [{one.group for one in part} for part in parted(source)] == [
            {"00", "01"},
            {"02"},
            {"03"},
        ]
    source = open_picture_set(f"{tmp_path / 'some.txt'} in {folder}")
    assert [(one.group, one.split, one.crops) for one in source.pictures if one.split] == [
        (group, split, 1)
        for group, split in (("01", "train"), ("02", "val"), ("03", "test"))
        for _ in range(2)
    ]
    assert open_picture_set(str(folder / "HQ"), prefer=("test",)).pictures[0].group == "03"


def parted(source):
    made = split_pictures(source, (), ())
    return made.training, made.validation, made.test


def test_a_list_names_pictures_of_shards(tmp_path):
    folder = pack(tmp_path / "a", splits=SPLITS)
    names = [one.name for one in open_picture_set(str(folder)).pictures]
    (tmp_path / "two.txt").write_text(f"{names[3]}\n{names[2]}.png\n")
    source = open_picture_set(f"2*{tmp_path / 'two.txt'} in {folder / 'shards'}")
    assert [(one.name, one.split, one.weight) for one in source.pictures] == [
        (names[3], "train", 2.0),
        (names[2], "val", 2.0),
    ]
    (tmp_path / "two.txt").write_text("nobody.png\n")
    with pytest.raises(DataError, match=r"has no picture 'nobody.png', which .*two.txt names"):
        open_picture_set(f"{tmp_path / 'two.txt'} in {folder}")


@pytest.mark.parametrize("text", ['{"name": "something else"}', "no json"])
def test_a_manifest_around_a_folder_that_is_another_programs_is_left_alone(tmp_path, text):
    write_image(tmp_path / "photos/a.png", noise(32, 32))
    (tmp_path / "manifest.json").write_text(text)
    assert [one.name for one in open_picture_set(str(tmp_path / "photos")).pictures] == ["a"]


@pytest.mark.parametrize("name", ["../a", "/tmp/a", "a/../../b", r"..\a", "C:/a"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path, name):
    folder = pack(tmp_path / "a")
    document = json.loads((folder / "manifest.json").read_text())
    document["pictures"][0]["name"] = name
    (folder / "manifest.json").write_text(json.dumps(document))
    with pytest.raises(DataError, match="names no picture"):
        open_picture_set(str(folder))


def test_files_of_another_scale_are_refused_before_any_is_read(tmp_path):
    folder = files(tmp_path / "f", ("HQ", "LQ"))
    with pytest.raises(DataError, match="is of scale 4, not 2"):
        open_picture_set(str(folder), paired=True, scale=2)


def test_eval_scores_stored_lr_at_the_scale_of_the_manifest(tmp_path, capsys):
    prepare = [
        "--scale",
        "2",
        "--patch",
        "32",
        "--degrade",
        "blur(sigma=3) | bicubic",
        "--keep-duplicates",
    ]
    (tmp_path / "photos").mkdir()
    for number in range(2):
        write_image(tmp_path / f"photos/{number}.png", noise(64, 64, seed=number))
    figures = {}
    for form in ("packed", "files"):
        assert (
            run(
                [
                    "prepare",
                    str(tmp_path / "photos"),
                    str(tmp_path / form),
                    "--format",
                    form,
                    *prepare,
                ]
            )
            == 0
        )
        for degrade in ("bicubic", "paired"):
            words = [
                "--data",
                str(tmp_path / form),
                "--degrade",
                degrade,
                "--metrics",
                "psnr",
                "--json",
                str(tmp_path / "s.json"),
                "--overwrite",
            ]
            assert run(["eval", "bicubic", *words]) == 0
            document = json.loads((tmp_path / "s.json").read_text())
            assert (
                document["protocol"]["scale"],
                document["protocol"]["kernel"] == "as stored",
            ) == (2, degrade == "paired")
            figures[form, degrade] = document["models"][0]["metrics"]["psnr"]["mean"]
    assert "scale 2, that of" in capsys.readouterr().out
    for form in ("packed", "files"):
        assert figures[form, "paired"] < figures[form, "bicubic"] - 0.2


def test_an_hr_folder_whose_pictures_lie_in_a_subfolder_has_its_lr_beside_it(tmp_path):
    for folder, step in (("hr", 1), ("lr", 4)):
        write_image(
            tmp_path / folder / "inner one/a.png",
            np.ascontiguousarray(noise(64, 64)[::step, ::step]),
        )
    (picture,) = open_picture_set(str(tmp_path / "hr"), paired=True, scale=4).pictures
    assert picture.lr == tmp_path / "lr/inner one/a.png"


def test_other_folders_inside_a_prepared_one_are_what_they_are(packed, monkeypatch):
    write_image(packed / "run/pictures/own.png", noise(32, 32))
    assert [one.name for one in open_picture_set(str(packed / "run")).pictures] == ["pictures/own"]
    with pytest.raises(DataError, match="there is no folder"):
        open_picture_set(str(packed / "typo"))
    monkeypatch.chdir(packed)
    assert "rocket" in [one.name for one in open_picture_set("photos").pictures]
