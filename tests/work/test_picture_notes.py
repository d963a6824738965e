"""Does every command say of how many frames or pages it reads the first, and what else matters?"""

from functools import partial

import imagecodecs
import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image

from srkit_core.cli.app import run
from srkit_core.data.picture_set import open_picture_set, readable
from srkit_core.io.images import image_notes, read_photo

FRAMES = [
    Image.fromarray(np.random.default_rng(number).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    for number in range(12)
]


def animation(path, **options):
    FRAMES[0].save(path, save_all=True, append_images=FRAMES[1:], **options)
    return path


def pages(path, subfiles=(0,) * 12):
    with tifffile.TiffWriter(path) as file:
        for frame, kind in zip(FRAMES, subfiles, strict=False):
            file.write(np.array(frame), photometric="rgb", subfiletype=kind)
    return path


def stack(path):
    tifffile.imwrite(path, np.stack([np.array(one.convert("L")) for one in FRAMES]), imagej=True)
    return path


def several(path):
    heif = pillow_heif.from_pillow(FRAMES[0])
    for frame in FRAMES[1:]:
        heif.add_from_pillow(frame)
    heif.save(path)
    return path


def moving(path, mode="RGB"):
    frames = np.stack([np.array(one.convert(mode)) for one in FRAMES])
    kind = "gray" if mode == "L" else "rgb"
    path.write_bytes(imagecodecs.jpegxl_encode(frames, lossless=True, photometric=kind))
    return path


OTHERS = "; the others need files of their own"
MANY = {
    "a.jxl": (moving, "first of 12 frames"),
    "gray.jxl": (partial(moving, mode="L"), "first of 12 frames"),
    "a.gif": (animation, "first of 12 frames"),
    "a.png": (animation, "first of 12 frames"),
    "a.webp": (animation, "first of 12 frames"),
    "a.avif": (animation, "first of 12 frames"),
    "pillow.tif": (animation, "first of 12 pages"),
    "pages.tif": (pages, "first of 12 pages"),
    "stack.tif": (stack, "first of 12 pages"),
    "a.heic": (several, "the main one of 12 pictures"),
}


@pytest.mark.parametrize("name", MANY)
def test_it_is_said_that_there_are_more(tmp_path, name):
    make, note = MANY[name]
    path = make(tmp_path / name)
    assert read_photo(path).notes == image_notes(path) == (note + OTHERS,)


def test_smaller_copies_are_no_pages_and_single_pictures_no_animations(tmp_path):
    path = pages(tmp_path / "a.tif", subfiles=(0, 1, 1))
    assert read_photo(path).notes == ()
    for name in ("a.gif", "a.png", "a.webp", "a.avif", "one.tif", "a.jpg"):
        FRAMES[0].save(tmp_path / name)
        assert read_photo(tmp_path / name).notes == (), name


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, frame in enumerate(FRAMES[:3]):
        frame.save(folder / f"{number}.png")
    animation(folder / "moving.gif")
    numbers = np.array(FRAMES[5].convert("L")).astype(np.float32)
    tifffile.imwrite(folder / "float.tif", (numbers - numbers.min()) / np.ptp(numbers))
    return folder


RANGE = "its floating-point numbers, 0 to 1, are read as 0 (black) to 1 (white)"


def test_sets_of_pictures_say_it(folder):
    found = open_picture_set(str(folder))
    moving, numbers = (
        f"{folder / 'moving.gif'}: first of 12 frames{OTHERS}",
        f"{folder / 'float.tif'}: {RANGE}",
    )
    assert found.remarks == (moving,)
    assert readable(found).remarks == (moving, numbers)


def test_upscale_degrade_prepare_and_train_say_it(folder, tmp_path, capsys):
    words = ["upscale", "nearest", str(folder), "--out", str(tmp_path / "large"), "--scale", "2"]
    assert run(words) == 0
    told = capsys.readouterr().err
    assert f"note: {folder / 'moving.gif'}: first of 12 frames{OTHERS}" in told
    assert f"note: {folder / 'float.tif'}: {RANGE}" in told
    out = ["--out", str(tmp_path / "a.png"), "--degrade", "bicubic"]
    assert run(["degrade", str(folder / "moving.gif"), *out]) == 0
    assert "moving.gif: first of 12 frames" in capsys.readouterr().err
    prepared = ["prepare", str(folder), str(tmp_path / "prepared"), "--patch", "32"]
    for _ in range(2):  # a second run says it too
        assert run([*prepared, "--workers", "1"]) == 0
        told = capsys.readouterr().out
        assert "moving.gif: first of 12 frames" in told
        assert f"float.tif: {RANGE}" in told
    words = ["train", "--gen", "srvgg(features=4,blocks=1)", "--loss", "l1", "--steps", "1"]
    words += ["--batch", "1", "--patch", "32", "--device", "cpu", "--data", str(folder)]
    assert run([*words, "--out", str(tmp_path / "run")]) == 0
    seen = capsys.readouterr()
    assert "moving.gif: first of 12 frames" in seen.out + seen.err
