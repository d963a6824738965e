"""Do lists, mixtures and addresses give the pictures they name, as often as they say?"""

import io
import json
import sys
from collections import Counter

import fsspec
import numpy as np
import pytest
from PIL import Image

from srkit_core.augmentation import Augment
from srkit_core.cli.app import run
from srkit_core.data.dataset import CropDataset
from srkit_core.data.mixture import Mixture
from srkit_core.data.patches import CropRule
from srkit_core.data.picture import Picture
from srkit_core.data.picture_set import open_picture_set, split_pictures
from srkit_core.engine.trainer import train
from srkit_core.errors import DataError
from srkit_core.io.images import read_image, write_image
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_options import RunOptions


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def fill(folder, *names, size=(24, 32)):
    for number, name in enumerate(names):
        write_image(folder / name, noise(*size, seed=number))
    return folder


def named(source):
    return [picture.name for picture in source.pictures]


def test_a_list_of_basicsr_lies_beside_its_pictures(tmp_path):
    fill(tmp_path, "0001_s001.png", "0001_s002.png", "sub/0002_s001.png", "unlisted.png")
    (tmp_path / "meta_info.txt").write_text(
        "0001_s002.png (480,480,3)\nsub/0002_s001.png (480,480,3) 1\ngone.png (480,480,3)\n"
    )
    source = open_picture_set(str(tmp_path / "meta_info.txt"))
    assert named(source) == ["0001_s002", "sub/0002_s001"]
    assert source.notes() == [
        f"skipped {tmp_path / 'gone.png'}: there is no file {tmp_path / 'gone.png'}"
    ]
    assert [picture.group for picture in source.pictures] == ["0001", "sub/0002"]


def test_a_list_names_another_folder_or_the_hr_of_one(tmp_path):
    fill(tmp_path / "data" / "HR", "a.png", "b.png")
    fill(tmp_path / "data" / "LR", "ax4.png", "bx4.png", size=(6, 8))
    (tmp_path / "list.txt").write_text("b.png\n")
    place = f"{tmp_path / 'list.txt'} in {tmp_path / 'data'}"
    assert [one.path for one in open_picture_set(place).pictures] == [
        tmp_path / "data" / "HR" / "b.png"
    ]
    (pair,) = open_picture_set(place, paired=True, scale=4).pictures
    assert (pair.path.name, pair.lr) == ("b.png", tmp_path / "data" / "LR" / "bx4.png")


def test_a_list_of_pairs_as_real_esrgan_writes_it(tmp_path):
    fill(tmp_path / "gt", "a, b.png", "c.png")
    fill(tmp_path / "lq", "x.png", "y.png", size=(6, 8))
    (tmp_path / "pairs.txt").write_text("gt/c.png, lq/x.png\n")
    (pair,) = open_picture_set(str(tmp_path / "pairs.txt"), paired=True, scale=4).pictures
    assert (pair.name, pair.lr) == ("gt/c", tmp_path / "lq" / "x.png")
    assert named(open_picture_set(str(tmp_path / "pairs.txt"))) == ["gt/c"]
    (tmp_path / "pairs.txt").write_text("gt/a, b.png\n")
    assert named(open_picture_set(str(tmp_path / "pairs.txt"))) == ["gt/a, b"]


def weighted(*counts):
    return [
        Picture(f"{weight}/{number}", None, "", 64, 64, weight=weight)
        for weight, count in counts
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("counts", "length", "epochs", "times"),
    [
        ([(1.0, 7)], 7, 3, {1.0: 3}),
        ([(3.0, 4), (1.0, 5)], 17, 2, {3.0: 6, 1.0: 2}),
        ([(0.5, 8), (1.0, 3)], 7, 2, {0.5: 1, 1.0: 2}),
        ([(2.5, 4)], 10, 2, {2.5: 5}),
        ([(0.001, 5), (1.0, 2)], 3, 5, {0.001: 1, 1.0: 5}),
    ],
)
def test_weights_are_how_often_a_picture_comes(counts, length, epochs, times):
    pictures = weighted(*counts)
    mixture = Mixture.of(pictures)
    assert mixture.length == length
    come = Counter(
        mixture.picture(epoch, turn) for epoch in range(epochs) for turn in range(length)
    )
    assert [come[number] for number in range(len(pictures))] == [
        times[picture.weight] for picture in pictures
    ]


def test_a_place_of_an_epoch_lies_in_it():
    with pytest.raises(IndexError):
        Mixture.of(weighted((1.0, 3))).picture(0, 3)


def test_samples_of_a_mixture_come_by_weight(tmp_path):
    place = (
        f"3*{fill(tmp_path / 'A', 'a.png', 'b.png')} + "
        f"0.5*{fill(tmp_path / 'B', *(f'{n}.png' for n in range(4)))}"
    )
    source = open_picture_set(place)
    assert named(source) == ["A/a", "A/b", "B/0", "B/1", "B/2", "B/3"]
    samples = CropDataset(source.pictures, CropRule(16, 4, 0, 0, Augment()))
    epochs = [
        Counter(samples[epoch * 8 + number].name for number in range(8)) for epoch in range(2)
    ]
    assert [
        {name: count for name, count in epoch.items() if name[0] == "A"} for epoch in epochs
    ] == [{"A/a": 3, "A/b": 3}] * 2
    assert sum(epochs, Counter()) == Counter(
        {"A/a": 6, "A/b": 6, "B/0": 1, "B/1": 1, "B/2": 1, "B/3": 1}
    )


def test_a_mixture_splits_as_its_places_do_and_keeps_equal_names_together(tmp_path):
    one, other = (
        fill(tmp_path / name / "set", *(f"{number}.png" for number in range(30)), size=(8, 8))
        for name in ("x", "y")
    )
    alone = {
        picture.name for picture in split_pictures(open_picture_set(str(one)), 0.3, ()).validation
    }
    both = split_pictures(open_picture_set(f"{one} + 2*{other}"), 0.3, ()).validation
    assert {picture.name for picture in both} == {
        f"{label}/{name}" for label in ("set", "set.2") for name in alone
    }


def test_notes_of_a_mixture_are_those_of_its_places(tmp_path):
    one, other = fill(tmp_path / "a", "a.png"), fill(tmp_path / "b", "HR/b.png", "LR/b.png")
    (one / "bad.png").write_text("words")
    (other / "HR" / "readme.md").write_text("words")
    assert open_picture_set(f"{one} + {other}").notes() == [
        f"{other} holds HR and LR side by side: these are the pictures of HR, 1 others were left "
        "alone",
        f"skipped {one / 'bad.png'}: it is not a picture of a known format",
        f"ignored 1 files of {one} + {other} without a picture ending",
    ]


STAGE = {"loss": "l1", "epochs": 2, "batch": 2, "patch": 16}
SMALL = {
    "generator": "srvgg(features=4, blocks=1)",
    "scale": 2,
    "validation": {"metrics": "psnr"},
    "stages": [STAGE],
}


def test_an_epoch_of_a_run_has_the_crops_of_the_mixture(tmp_path, monkeypatch):
    fill(tmp_path / "A", "a.png", "b.png")
    fill(tmp_path / "B", "c.png")
    monkeypatch.chdir(tmp_path)
    where = RunOptions(data="3*A + B", val={"": "B"}, device="cpu", out=tmp_path / "run")
    folder = train(recipe_from_dict(SMALL), where).folder
    assert (
        json.loads((folder / "summary.json").read_text())["steps"] == 8
    )  # 7 crops an epoch, 2 a step, 2 epochs
    data = json.loads((folder / "environment.json").read_text())["arguments"]["data"]
    assert data == f"3*{tmp_path / 'A'} + {tmp_path / 'B'}"


def test_check_names_the_places_that_are_gone(tmp_path, capsys):
    fill(tmp_path / "A", "a.png")
    fill(tmp_path / "B", "c.png")
    where = RunOptions(
        data=f"3*{tmp_path / 'A'} + {tmp_path / 'B'}",
        val={"": str(tmp_path / "A")},
        device="cpu",
        out=tmp_path / "run",
    )
    train(recipe_from_dict(SMALL), where)
    (tmp_path / "B").rename(tmp_path / "C")
    assert run(["check", str(tmp_path / "run" / "recipe.toml")]) == 0
    told = capsys.readouterr().out
    assert f"note: its pictures in {tmp_path / 'B'} are not here" in told
    assert f"its pictures in {tmp_path / 'A'}" not in told


@pytest.fixture
def remote(tmp_path, monkeypatch):
    """A folder in fsspec's memory, and srkit's cache in a folder of its own."""
    monkeypatch.setenv("SRKIT_CACHE", str(tmp_path / "cache"))
    fill(tmp_path / "here", "b c.png", "sub/ü.png")
    system = fsspec.filesystem("memory")
    for path in (tmp_path / "here").rglob("*.png"):
        system.pipe(
            f"/bucket/set/{path.relative_to(tmp_path / 'here').as_posix()}", path.read_bytes()
        )
    system.pipe("/bucket/set/readme.md", b"words")
    yield system
    system.rm("/bucket", recursive=True)


def test_pictures_at_an_address_are_fetched_once(remote, tmp_path, monkeypatch):
    source = open_picture_set("memory://bucket/set")
    assert named(source) == ["b c", "sub/ü"]
    kept = source.pictures[0].path.parent
    assert kept.is_relative_to(tmp_path / "cache" / "data")
    assert source.notes() == [f"the pictures of memory://bucket/set are kept in {kept}"]
    assert (kept / "b c.png").read_bytes() == (tmp_path / "here" / "b c.png").read_bytes()
    monkeypatch.setattr(type(remote), "cat_file", None)
    assert named(open_picture_set("memory://bucket/set")) == named(source)


def test_a_file_that_changed_its_size_is_fetched_again(remote, tmp_path):
    before = open_picture_set("memory://bucket/set").fingerprint()
    write_image(tmp_path / "other.png", noise(40, 40))
    remote.pipe("/bucket/set/b c.png", (tmp_path / "other.png").read_bytes())
    after = open_picture_set("memory://bucket/set")
    assert (after.pictures[0].height, after.fingerprint() != before) == (40, True)


def test_a_file_that_changed_but_for_its_size_is_fetched_again(remote):
    remote.pipe("/bucket/bmp/a.bmp", bitmap(10))
    assert read_image(open_picture_set("memory://bucket/bmp").pictures[0].path)[0, 0, 0] == 10
    remote.pipe("/bucket/bmp/a.bmp", bitmap(200))
    assert read_image(open_picture_set("memory://bucket/bmp").pictures[0].path)[0, 0, 0] == 200


def bitmap(value):
    with io.BytesIO() as file:
        Image.new("RGB", (24, 24), (value, 0, 0)).save(file, "BMP")
        return file.getvalue()


def test_a_file_that_has_gone_goes_here_as_well(remote):
    open_picture_set("memory://bucket/set")
    remote.rm("/bucket/set/b c.png")
    assert named(open_picture_set("memory://bucket/set")) == ["sub/ü"]


def test_what_was_prepared_is_fetched_with_its_manifest(tmp_path, remote):
    fill(tmp_path / "photos", "a.png", "b.png")
    options = ["--patch", "16", "--degrade", "bicubic", "--keep-duplicates"]
    assert run(["prepare", str(tmp_path / "photos"), str(tmp_path / "out"), *options]) == 0
    remote.put(f"{tmp_path / 'out'}/", "/bucket/packed/", recursive=True)
    here, there = (
        open_picture_set(place, paired=True, scale=4)
        for place in (str(tmp_path / "out"), "memory://bucket/packed")
    )
    assert [(one.name, one.crops, one.height) for one in there.pictures] == [
        (one.name, one.crops, one.height) for one in here.pictures
    ]
    assert there.marks == here.marks
    assert (read_shard(there) == read_shard(here)).all()


def read_shard(source):
    return source.pictures[1].read(4, read_image)[1]


def test_the_address_of_one_picture(remote):
    assert [
        (one.name, one.height, one.width)
        for one in open_picture_set("memory://bucket/set/b c.png").pictures
    ] == [("b c", 24, 32)]


def test_an_address_mixes_with_folders_and_splits_by_name(remote, tmp_path):
    source = open_picture_set(f"2*memory://bucket/set + {tmp_path / 'here'}")
    assert named(source) == ["set/b c", "set/sub/ü", "here/b c", "here/sub/ü"]
    assert [picture.weight for picture in source.pictures] == [2.0, 2.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("address", "fact", "hint"),
    [
        (
            "memory://bucket/nothing",
            "^memory://bucket/nothing holds no picture$",
            "an address with",
        ),
        (
            "nope://a/b",
            r"^nothing that is installed reads nope:// \(nope://a/b\)$",
            "srkit list",
        ),
        ("s3://a/b", "s3://a/b needs a library that is not installed", "Install s3fs to access S3"),
    ],
)
def test_an_address_that_cannot_be_read_is_named(remote, address, fact, hint):
    with pytest.raises(DataError, match=fact) as caught:
        open_picture_set(address)
    assert hint in caught.value.hint


def test_without_fsspec_the_install_line_is_told(remote, monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(
        DataError, match="memory://bucket/set needs a library that is not installed"
    ) as caught:
        open_picture_set("memory://bucket/set")
    assert caught.value.hint == "pip install fsspec huggingface-hub"


def test_a_name_that_leads_out_of_its_folder_is_refused(remote, tmp_path):
    remote.store["/bucket/set/../../out.png"] = remote.store["/bucket/set/b c.png"]
    try:
        with pytest.raises(DataError, match="leads out of its folder"):
            open_picture_set("memory://bucket/set")
    finally:
        del remote.store["/bucket/set/../../out.png"]
    assert not list(tmp_path.rglob("out.png"))
