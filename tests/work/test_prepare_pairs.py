"""Are pairs prepared as they are, of folders, an LMDB and a partition, and read as they were?"""

import json
from contextlib import nullcontext
from zlib import crc32

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from srkit_core.cli.app import run
from srkit_core.data import lmdb_folder
from srkit_core.data.picture_set import open_picture_set, split_pictures
from srkit_core.data.preparation import executor
from srkit_core.data.preparation.prepare_options import PrepareOptions
from srkit_core.data.preparation.prepare_pictures import prepare
from srkit_core.errors import DataError, RecipeError
from srkit_core.io.images import read_image, write_image

WHOLE = PrepareOptions(patch=None, degrade="paired")


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def pairs_in(hr, lr, names=("a", "b", "c"), scale=2, size=(32, 40)):
    for name in names:
        high = noise(*size, crc32(f"{hr.name}/{name}".encode()))
        write_image(hr / f"{name}.png", high)
        write_image(lr / f"{name}.png", 255 - high[::scale, ::scale])


class Here:
    """Does the work in this process."""

    def needs(self, samples):
        pass

    def run(self, work, items):
        for item in items:
            yield item, work(item)


@pytest.fixture(autouse=True)
def no_processes(monkeypatch):
    monkeypatch.setattr(executor, "open_executor", lambda *_, **__: nullcontext(Here()))


def manifest(out):
    return json.loads((out / "manifest.json").read_text())


@pytest.fixture
def command(capsys):
    def call(*words):
        code = run([str(word) for word in words])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return call


@pytest.mark.parametrize("form", ["packed", "files"])
def test_pairs_are_stored_as_they_are(tmp_path, form):
    pairs_in(tmp_path / "set/HR", tmp_path / "set/LR", size=(37, 44))
    pairs_in(tmp_path / "set/HR", tmp_path / "set/LR", "d", size=(9, 9))
    options = PrepareOptions(patch=16, stride=12, degrade="paired", format=form)
    report = prepare(tmp_path / "set", tmp_path / "out", options)
    said = manifest(tmp_path / "out")
    assert (said["scale"], said["options"]["degrade"], report.pictures) == (2, "paired", 3)
    assert (report.patches, report.tally.counts["too small"]) == (3 * 3 * 4, 1)
    one = said["pictures"][0]
    assert (one["size"], one["lr_source"]) == ([36, 44], f"{tmp_path}/set/LR/a.png")
    assert len(one["lr_sha256"]) == 64
    found = open_picture_set(str(tmp_path / "out"), paired=True, scale=2)
    for picture in found.pictures:
        hr, lr = picture.read(2)
        assert np.array_equal(lr, 255 - hr[::2, ::2])
    high = read_image(tmp_path / "set/HR/a.png")[:36, :44]
    stored, _ = found.pictures[0].read(2)
    assert np.array_equal(stored, high if form == "packed" else high[:16, :16])
    again = prepare(tmp_path / "set", tmp_path / "out", options)
    assert (again.written, again.renewed) == (0, False)
    write_image(tmp_path / "set/LR/b.png", noise(18, 22))
    assert prepare(tmp_path / "set", tmp_path / "out", options).written == 1


def test_training_is_that_of_the_folders(tmp_path, command):
    for part, names in (("train", "abc"), ("val", "de")):
        pairs_in(tmp_path / f"set/{part}/HR", tmp_path / f"set/{part}/LR", names)
    code, told = command("prepare", tmp_path / "set", tmp_path / "out", "--degrade", "paired",
                         "--patch", "whole")  # fmt: skip
    assert code == 0, told
    assert "split: 3 train, 2 val, 0 test" in told
    words = ["--gen", "srvgg(features=4, blocks=1)", "--scale", 2, "--steps", 3, "--batch", 2]
    words += [
        "--patch",
        16,
        "--device",
        "cpu",
        "--degrade",
        "paired",
        "--set",
        "validation.metrics=psnr",
    ]
    for place in ("set", "out"):
        code, told = command("train", *words, "--data", tmp_path / place,
                             "--out", tmp_path / f"run-{place}")  # fmt: skip
        assert code == 0, told
    one, other = (load_file(tmp_path / f"run-{x}/weights/last.safetensors") for x in ("set", "out"))
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def test_lr_apart_and_of_a_wrong_scale(tmp_path, command):
    pairs_in(tmp_path / "high", tmp_path / "low/X2")
    write_image(tmp_path / "low/X2/b.png", noise(9, 9))
    code, told = command("prepare", tmp_path / "high", tmp_path / "out", "--lq", tmp_path / "low",
                         "--scale", 2, "--patch", 16)  # fmt: skip
    assert code == 0, told
    assert "b.png has 40x32 pixels and its LR 9x9: that is not scale 2" in told
    assert [one["name"] for one in manifest(tmp_path / "out")["pictures"]] == ["a.png", "c.png"]


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        ({"degrade": "paired", "variants": 2}, "--variants changes HR"),
        ({"degrade": "paired", "resize": (64, 64)}, "--resize changes HR"),
        ({"degrade": "bicubic"}, "--degrade bicubic makes LR, and the LR of .* is stored"),
    ],
)
def test_what_does_not_fit_pairs_is_refused(tmp_path, options, fact):
    pairs_in(tmp_path / "high", tmp_path / "low")
    with pytest.raises(RecipeError, match=fact):
        prepare(
            tmp_path / "high",
            tmp_path / "out",
            PrepareOptions(**options),
            lq=tmp_path / "low",
        )
    assert not (tmp_path / "out").exists()


def make_lmdb(place, folder):
    lmdb = pytest.importorskip("lmdb", reason="lmdb is not installed: pip install 'srkit[lmdb]'")
    files = sorted(folder.rglob("*.png"))
    keys = [file.relative_to(folder).with_suffix("").as_posix() for file in files]
    with lmdb.open(str(place), map_size=2**24) as database, database.begin(write=True) as write:
        for key, file in zip(keys, files, strict=True):
            write.put(key.encode(), file.read_bytes())
    lines = [f"{key}.png (32,40,3) 1\n" for key in keys]
    (place / "meta_info.txt").write_text("".join(lines))


def test_an_lmdb_of_basicsr_is_prepared(tmp_path, command):
    pairs_in(tmp_path / "hr/000", tmp_path / "lr/000")
    make_lmdb(tmp_path / "hr.lmdb", tmp_path / "hr")
    make_lmdb(tmp_path / "lr.lmdb", tmp_path / "lr")
    code, told = command("prepare", tmp_path / "hr.lmdb", tmp_path / "out", "--lq",
                         tmp_path / "lr.lmdb", "--patch", "whole")  # fmt: skip
    assert code == 0, told
    found = open_picture_set(str(tmp_path / "out"), paired=True, scale=2)
    assert [one.name for one in found.pictures] == ["000/a.png", "000/b.png", "000/c.png"]
    for one in found.pictures:
        hr, lr = one.read(2)
        assert np.array_equal(hr, read_image(tmp_path / "hr" / one.name))
        assert np.array_equal(lr, 255 - hr[::2, ::2])
    again = prepare(tmp_path / "hr.lmdb", tmp_path / "out", WHOLE, lq=tmp_path / "lr.lmdb")
    assert (again.written, again.files) == (0, 3)
    (tmp_path / "lr.lmdb/meta_info.txt").write_text("000/a.png (16,20,3) 1\n")
    with pytest.raises(DataError, match=r"hr\.lmdb/000/b\.png has no LR picture in .*lr\.lmdb"):
        prepare(tmp_path / "hr.lmdb", tmp_path / "new", WHOLE, lq=tmp_path / "lr.lmdb")
    (tmp_path / "hr.lmdb/meta_info.txt").write_text("gone.png (32,40,3) 1\n000/a.png (32,40,3) 1\n")
    report = prepare(tmp_path / "hr.lmdb", tmp_path / "hr only", PrepareOptions(patch=16))
    (bad,) = report.tally.skipped
    assert bad[1] == f"{tmp_path}/hr.lmdb has no picture 'gone'"


def test_an_lmdb_is_for_preparing_and_needs_its_library(tmp_path, command, monkeypatch):
    place = tmp_path / "X.lmdb"
    place.mkdir()
    (place / "data.mdb").write_bytes(b"")
    (place / "meta_info.txt").write_text("a.png (8,8,3) 1\n")
    code, told = command("train", "--gen", "srvgg", "--data", place)
    assert code == 4
    assert f"{place} is an LMDB, which is read by srkit prepare alone" in told
    assert f"try: srkit prepare {place} PREPARED, then PREPARED in its place" in told

    def missing(name):
        raise ModuleNotFoundError(name)

    lmdb_folder._database.cache_clear()
    monkeypatch.setattr(lmdb_folder, "import_module", missing)
    code, told = command("prepare", place, tmp_path / "out")
    assert code == 4
    assert f"{place} is an LMDB, which needs a library that is not installed" in told
    assert "try: pip install 'srkit[lmdb]'" in told
    assert not (tmp_path / "out").exists()


def celeba(folder, separator=" "):
    header = "image_id,partition\n" if separator == "," else ""
    parts = [0, 0, 0, 1, 1, 2]
    for number in range(len(parts)):
        write_image(folder / f"faces/{number:06d}.png", noise(24, 24, number))
    names = [f"{number:06d}.png{separator}{part}\n" for number, part in enumerate(parts)]
    listing = folder / ("list_eval_partition.csv" if header else "list_eval_partition.txt")
    listing.write_text(header + "".join(names) + f"999999.png{separator}1\n")
    return listing


@pytest.mark.parametrize("separator", [" ", ","])
def test_the_partition_of_celeba_is_a_split(tmp_path, command, separator):
    listing = celeba(tmp_path, separator)
    code, told = command("prepare", tmp_path / "faces", tmp_path / "out", "--split", listing,
                         "--patch", 16)  # fmt: skip
    assert code == 0, told
    assert "split: 3 train, 2 val, 1 test" in told
    assert "no picture falls into" not in told
    other = tmp_path / "others"
    write_image(other / "x.png", noise(24, 24, 9))
    with pytest.raises(DataError, match="names none of the pictures"):
        prepare(other, tmp_path / "new", PrepareOptions(patch=16), split=str(listing))


def test_the_partition_of_celeba_is_data(tmp_path):
    listing = celeba(tmp_path)
    lines = listing.read_text().splitlines()[:-1]
    listing.write_text("\n".join(lines))
    found = open_picture_set(f"{listing} in {tmp_path / 'faces'}")
    splits = split_pictures(found, (), ())
    parts = [
        [one.name for one in part] for part in (splits.training, splits.validation, splits.test)
    ]
    assert parts == [["000000", "000001", "000002"], ["000003", "000004"], ["000005"]]
    told = f"what pictures are for is said by {listing}: 3 for training, 2 for validation, "
    assert f"{told}1 for a test" in found.notes()
    only = open_picture_set(f"{listing} in {tmp_path / 'faces'}", prefer=("test", "val"))
    assert [one.name for one in only.pictures] == ["000005"]


def test_prepared_files_as_the_baselines_want_them(tmp_path, command):
    """Whole pictures resized, LR blurred after it was made small, and copies up to a number."""
    for name in "abc":
        high = np.kron(noise(6, 8, ord(name)), np.ones((8, 8, 1), dtype=np.uint8))
        write_image(tmp_path / f"photos/{name}.png", high)
    words = ["--format", "files", "--patch", "whole", "--resize", "64x64", "--layout", "HQ,LQ"]
    words += ["--names", "{index:05d}.png", "--degrade", "bicubic | blur(sigma=1.5)"]
    code, told = command("prepare", tmp_path / "photos", tmp_path / "pairs", *words)
    assert code == 0, told
    for folder, side in (("HQ", 64), ("LQ", 16)):
        files = sorted((tmp_path / "pairs" / folder).iterdir())
        assert [one.name for one in files] == ["00000.png", "00001.png", "00002.png"]
        assert {Image.open(one).size for one in files} == {(side, side)}
    more = ["--variants", 4, "--limit", 7]
    code, told = command("prepare", tmp_path / "photos", tmp_path / "more", *words, *more)
    assert code == 0, told
    assert len(list((tmp_path / "more/LQ").iterdir())) == 7
    assert len(open_picture_set(str(tmp_path / "more"), paired=True, scale=4).pictures) == 7
