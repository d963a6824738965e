"""Do patches and whole pictures become files of the right pixels, under the names that were asked
for?
"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from srkit_core.builtin.interpolation import Shrink
from srkit_core.cli.app import run
from srkit_core.data.groups import group_of
from srkit_core.data.pairs import find_pairs
from srkit_core.data.picture_set import open_picture_set
from srkit_core.io.images import read_image, to_bytes, to_unit


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Four pictures, and one that is broken between them."""
    folder = tmp_path_factory.mktemp("some photos")
    rng = np.random.default_rng(3)
    for number, (height, width) in enumerate([(64, 97), (65, 64), (128, 80), (70, 70)]):
        coarse = Image.fromarray(rng.integers(0, 256, (8, 6, 3), dtype=np.uint8))
        coarse.resize((width, height), Image.Resampling.BICUBIC).save(folder / f"p{number}.png")
    (folder / "p1_broken.png").write_bytes((folder / "p1.png").read_bytes()[:-300])
    return folder


def _prepare(photos, out, *words):
    assert (
        run(["prepare", str(photos), str(out), "--format", "files", "--workers", "1", *words]) == 0
    )
    return json.loads((out / "manifest.json").read_text())


def _names(folder):
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def _bicubic(hr):
    shrink = Shrink("bicubic", 4, border="symmetric", quantise=True)
    return to_bytes(shrink(to_unit(torch.from_numpy(hr.copy())[None]), rng=None))[0].numpy()


def test_patches_are_cut_from_hr_and_from_its_lr(photos, tmp_path):
    manifest = _prepare(photos, tmp_path / "out", "--patch", "32")
    assert [one["patches"] for one in manifest["pictures"]] == [2 * 3, 2 * 2, 4 * 3, 3 * 3]
    first = manifest["pictures"][0]
    assert first["files"] == [
        f"{folder}/p0_s{number:03d}.png" for folder in ("hr", "lr") for number in range(6)
    ]
    hr = read_image(photos / "p0.png")[:64, :96]
    lr = _bicubic(hr)
    for number, (y, x) in enumerate([(0, 0), (0, 32), (0, 64), (32, 0), (32, 32), (32, 64)]):
        assert (
            read_image(tmp_path / "out" / "hr" / f"p0_s{number:03d}.png")
            == hr[y : y + 32, x : x + 32]
        ).all()
        small = lr[y // 4 : y // 4 + 8, x // 4 : x // 4 + 8]
        assert (read_image(tmp_path / "out" / "lr" / f"p0_s{number:03d}.png") == small).all()
    pairs = find_pairs(tmp_path / "out")
    assert (len(pairs.files), list(pairs.strays), pairs.ignored) == (31, [], 0)
    assert {group_of(pair[0].name) for pair in pairs.files} == {"p0", "p1", "p2", "p3"}


def test_the_last_patch_is_moved_inside(photos, tmp_path):
    manifest = _prepare(photos, tmp_path / "out", "--patch", "48", "--stride", "40")
    assert [one["patches"] for one in manifest["pictures"]] == [2 * 3, 2 * 2, 3 * 2, 2 * 2]
    hr = read_image(photos / "p0.png")
    assert (read_image(tmp_path / "out" / "hr" / "p0_s005.png") == hr[16:64, 48:96]).all()


def test_whole_pictures_resized_with_indices(photos, tmp_path):
    words = [
        "--patch",
        "whole",
        "--resize",
        "48x40",
        "--degrade",
        "bicubic | blur(sigma=1.5)",
        "--layout",
        "HQ,LQ",
    ]
    manifest = _prepare(photos, tmp_path / "out", *words, "--names", "{index:05d}.png")
    assert _names(tmp_path / "out" / "HQ") == ["00000.png", "00001.png", "00003.png", "00004.png"]
    assert _names(tmp_path / "out" / "LQ") == _names(tmp_path / "out" / "HQ")
    assert [one["files"][0] for one in manifest["pictures"]] == [
        f"HQ/{name}" for name in _names(tmp_path / "out" / "HQ")
    ]
    with Image.open(photos / "p0.png") as picture:
        resized = np.array(picture.resize((48, 40), Image.Resampling.BICUBIC))
    assert (read_image(tmp_path / "out" / "HQ" / "00000.png") == resized).all()
    assert read_image(tmp_path / "out" / "LQ" / "00000.png").shape == (10, 12, 3)
    assert manifest["pictures"][0]["crop"] == [0, 0, 64, 97]
    assert manifest["pictures"][0]["size"] == [40, 48]


def test_variants_are_augmented_copies_up_to_the_limit(photos, tmp_path):
    words = ["--patch", "whole", "--variants", "3", "--limit", "12"]
    manifest = _prepare(photos, tmp_path / "out", *words)
    names = [one["name"] for one in manifest["pictures"]]
    assert names == [
        f"p{number}.png{copy}"
        for number in range(4)
        for copy in ("", "#v2", "#v3")[: 2 if number > 1 else 3]
    ]
    assert {one["group"] for one in manifest["pictures"]} == {"p0", "p1", "p2", "p3"}
    assert "hr/p0T2.png" in manifest["pictures"][1]["files"]
    versions = [read_image(tmp_path / "out" / "hr" / f"p0T{number}.png") for number in (1, 2, 3)]
    assert {version.shape for version in versions} == {(64, 96, 3)}
    assert (versions[0] == read_image(photos / "p0.png")[:64, :96]).all()
    assert (
        min(
            float(np.abs(a.astype(int) - b).mean())
            for a, b in [(versions[0], versions[1]), (versions[1], versions[2])]
        )
        > 5
    )
    assert (_bicubic(versions[1]) == read_image(tmp_path / "out" / "lr" / "p0T2.png")).all()
    again = _prepare(photos, tmp_path / "again", *words)
    assert again == manifest
    assert all(
        (tmp_path / "out" / file).read_bytes() == (tmp_path / "again" / file).read_bytes()
        for one in manifest["pictures"]
        for file in one["files"]
    )


@pytest.mark.parametrize(("names", "made"), [("{name}_{patch}.png", 1), ("{index}.png", 4)])
def test_a_new_picture_moves_nothing_but_indices(photos, tmp_path, capsys, names, made):
    shutil.copytree(photos, tmp_path / "in")
    _prepare(tmp_path / "in", tmp_path / "out", "--patch", "32", "--names", names)
    Image.effect_noise((64, 64), 90).convert("RGB").save(tmp_path / "in" / "p0_new.png")
    manifest = _prepare(tmp_path / "in", tmp_path / "out", "--patch", "32", "--names", names)
    assert f"{made} of them made now" in capsys.readouterr().out
    files = sorted(file for one in manifest["pictures"] for file in one["files"])
    assert files == sorted(
        f"{folder}/{name}" for folder in ("hr", "lr") for name in _names(tmp_path / "out" / folder)
    )
    for one, (height, width) in zip(manifest["pictures"][2:], [(64, 64), (128, 80)], strict=False):
        assert one["size"] == [height, width]
        first = read_image(tmp_path / "out" / one["files"][0])
        assert (first == read_image(tmp_path / "in" / one["name"])[:32, :32]).all()


def test_webp_is_lossless(photos, tmp_path):
    _prepare(photos, tmp_path / "out", "--patch", "32", "--names", "{stem}-{patch}.webp")
    assert (
        read_image(tmp_path / "out" / "hr" / "p0-5.webp")
        == read_image(photos / "p0.png")[32:64, 64:96]
    ).all()


@pytest.mark.parametrize(
    ("words", "fact"),
    [
        (["--names", "{index}.jpg"], "does not end in a lossless format"),
        (["--names", "../{index}.png"], "leads out of the output folder"),
        (["--names", "{number}.png"], "cannot be filled"),
        (["--names", "{index:q}.png"], "cannot be filled"),
        (["--names", "{name.real}.png"], "cannot be filled"),
        (["--names", "{stem}.png"], "gives several patches one name"),
        (["--names", "{stem}{patch}.png"], "fields that touch"),
        (
            ["--patch", "whole", "--variants", "2", "--names", "{stem}.png"],
            "gives several patches one name",
        ),
        (["--layout", "hr,HR"], "names of two folders"),
        (["--layout", "../a,b"], "names of two folders"),
        (["--layout", "c:a,b"], "names of two folders"),
        (["--names", "c:{index}.png"], "leads out of the output folder"),
        (["--patch", "30"], "no whole number of LR pixels"),
        (["--patch", "32", "--stride", "5"], "no whole number of LR pixels"),
        (["--patch", "tall"], "a number of pixels or whole"),
        (["--resize", "640"], "width x height"),
        (["--degrade", "nothing"], "no degradation named 'nothing'"),
        (["--degrade", "blur"], "1 times smaller, the scale is 4"),
    ],
)
def test_options_that_make_no_sense_are_refused(photos, tmp_path, capsys, words, fact):
    assert run(["prepare", str(photos), str(tmp_path / "out"), "--format", "files", *words]) in (
        2,
        3,
    )
    assert fact in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_two_pictures_of_one_name_are_told_apart_or_refused(photos, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    Image.open(photos / "p0.png").save(tmp_path / "in" / "A.png")
    Image.open(photos / "p2.png").save(tmp_path / "in" / "a.webp", lossless=True)
    words = [
        "prepare",
        str(tmp_path / "in"),
        str(tmp_path / "out"),
        "--format",
        "files",
        "--patch",
        "32",
        "--workers",
        "1",
    ]
    assert run(words) == 4
    assert "'A.png' and 'a.webp' would get one name" in capsys.readouterr().err
    assert run([*words, "--names", "{index:05d}.png"]) == 0
    assert len(_names(tmp_path / "out" / "hr")) == 6 + 12


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
@pytest.mark.parametrize("form", ["files", "packed"])
def test_names_that_not_every_system_takes_are_written_without_what_they_stumble_over(
    photos, tmp_path, form, capsys
):
    (tmp_path / "in" / "c: d").mkdir(parents=True)
    for source, name in enumerate(["a\\b.png", "c: d/who?.png", 'x*"<y>|.png']):
        shutil.copy(photos / f"p{(0, 2, 3)[source]}.png", tmp_path / "in" / name)
    words = [
        "prepare",
        str(tmp_path / "in"),
        str(tmp_path / "out"),
        "--patch",
        "whole",
        "--workers",
        "1",
        "--format",
        form,
    ]
    assert run(words) == 0
    source = open_picture_set(str(tmp_path / "out"))
    assert sorted(one.group for one in source.pictures) == ["a\\b", "c: d/who?", 'x*"<y>|']
    if form == "files":
        assert _names(tmp_path / "out" / "hr") == ["a_b.png", "c_ d/who_.png", "x___y__.png"]
        shutil.copy(photos / "p1.png", tmp_path / "in" / "a_b.png")
        assert run(words) == 4
        assert "'a\\b.png' and 'a_b.png' would get one name" in capsys.readouterr().err


def test_packed_takes_no_names(photos, tmp_path, capsys):
    assert run(["prepare", str(photos), str(tmp_path / "out"), "--layout", "HQ,LQ"]) == 2
    assert "try: add --format files" in capsys.readouterr().err


def test_too_many_failures_are_an_error_after_the_rest_is_done(photos, tmp_path, capsys):
    words = [
        "prepare",
        str(photos),
        str(tmp_path / "out"),
        "--patch",
        "32",
        "--workers",
        "1",
        "--max-failures",
    ]
    assert run([*words, "0.19"]) == 4
    printed = capsys.readouterr()
    assert "1 of 5 files could not be used, more than the share of 0.19" in printed.err
    assert "p1_broken.png" in printed.out
    assert len(json.loads(Path(tmp_path / "out" / "manifest.json").read_text())["pictures"]) == 4
    assert run([*words, "0.2"]) == 0
    assert "nothing was left to do" in capsys.readouterr().out


def test_pictures_that_are_all_too_small_are_an_error(photos, tmp_path, capsys):
    assert (
        run(["prepare", str(photos), str(tmp_path / "out"), "--patch", "512", "--workers", "1"])
        == 4
    )
    assert "no picture of 5 files was left" in capsys.readouterr().err
