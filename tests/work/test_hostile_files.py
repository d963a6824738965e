"""Is every broken, cut, forged or hostile file named with its reason, without a crash, a hang or a
made-up picture?
"""

import json
import multiprocessing
import random
import struct
import warnings
import zlib
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import imagecodecs
import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image, ImageFile

from srkit_core.errors import DataError
from srkit_core.io.decode_errors import NOTHING_BUT_ZEROS
from srkit_core.io.images import image_size, read_image, read_image_noted, read_photo
from srkit_core.io.pixel_limit import MOST_PIXELS

ROWS, COLUMNS = np.mgrid[:40, :56]
PICTURE = (
    np.dstack([ROWS * 3, COLUMNS * 2, ROWS + COLUMNS])
    + np.random.default_rng(0).integers(0, 100, (40, 56, 3))
).astype(np.uint8)
DEEP = PICTURE.astype(np.uint16) * 257 + 3
SECONDS = 60
"""A process that needs longer to start and read 40 x 56 pixels hangs."""


def by_pillow(form, **options):
    file = BytesIO()
    Image.fromarray(PICTURE).save(file, form, **options)
    return file.getvalue()


def by_tifffile(samples=DEEP, **options):
    file = BytesIO()
    tifffile.imwrite(file, samples, **({"photometric": "rgb"} | options))
    return file.getvalue()


def heic():
    file = BytesIO()
    pillow_heif.from_pillow(Image.fromarray(PICTURE)).save(file, quality=90)
    return file.getvalue()


def few_colours():
    file = BytesIO()
    Image.fromarray(PICTURE).quantize(32).save(file, "PNG")
    return file.getvalue()


def dng():
    """The smallest file that LibRaw develops: a sensor's numbers and what DNG 1.4 asks for beside
    them.
    """
    numbers = np.random.default_rng(1).integers(500, 16000, (80, 112), dtype=np.uint16)
    matrix = tuple(
        int(part) for row in np.eye(3, dtype=int) for value in row for part in (value, 1)
    )
    tags = [
        (50706, "B", 4, bytes([1, 4, 0, 0]), True),
        (33421, "H", 2, (2, 2), True),
        (33422, "B", 4, bytes([0, 1, 1, 2]), True),
        (50708, "s", 0, "Test", True),
        (50721, "2i", 9, matrix, True),
        (50728, "2I", 3, (1, 2, 1, 1, 1, 2), True),
    ]
    return by_tifffile(numbers, photometric=32803, extratags=tags)


GOOD = {
    "a.jpg": by_pillow("JPEG", quality=90),
    "progressive.jpg": by_pillow("JPEG", progressive=True),
    "a.png": by_pillow("PNG"),
    "deep.png": imagecodecs.png_encode(DEEP),
    "few.png": few_colours(),
    "a.webp": by_pillow("WEBP"),
    "lossless.webp": by_pillow("WEBP", lossless=True),
    "a.tif": by_pillow("TIFF"),
    "lzw.tif": by_pillow("TIFF", compression="tiff_lzw"),
    "deep.tif": by_tifffile(),
    "zip.tif": by_tifffile(compression="zlib", predictor=True),
    "white.tif": by_tifffile(
        DEEP[:, :, 0], photometric="miniswhite", compression="zlib", predictor=True
    ),
    "tiles.tif": by_tifffile(compression="lzw", tile=(16, 32)),
    "a.bmp": by_pillow("BMP"),
    "a.gif": by_pillow("GIF"),
    "a.jp2": by_pillow("JPEG2000"),
    "deep.jp2": imagecodecs.jpeg2k_encode(DEEP, level=0, codecformat="jp2"),
    "twelve.jp2": imagecodecs.jpeg2k_encode(
        DEEP >> 4, level=0, codecformat="jp2", bitspersample=12
    ),
    "a.ppm": by_pillow("PPM"),
    "deep.ppm": b"P6 56 40 65535\n" + DEEP.astype(">u2").tobytes(),
    "a.avif": by_pillow("AVIF"),
    "ten.avif": imagecodecs.avif_encode(DEEP >> 6, level=90, bitspersample=10),
    "a.heic": heic(),
    "a.dng": dng(),
}
UNCOMPRESSED = {"a.tif", "deep.tif", "a.bmp", "a.ppm", "deep.ppm"}


def flipped(rng, data, _):
    """Up to ten bits turned anywhere."""
    for _ in range(rng.choice((1, 3, 10))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return data


def misled(rng, data, _):
    """Up to four bytes of the header replaced."""
    for _ in range(rng.choice((1, 2, 4))):
        data[rng.randrange(min(len(data), 200))] = rng.randrange(256)
    return data


def cut(rng, data, _):
    return data[: rng.randrange(1, len(data) - 1)]


def zeroed(rng, data, _):
    """A copy that broke off after its space was reserved."""
    place = rng.randrange(len(data))
    return data[:place] + bytes(len(data) - place)


def spliced(rng, data, others):
    place = rng.randrange(1, len(data))
    return data[:place] + rng.choice(others)[place:]


def damaged_files(folder, each=4, seed=0):
    rng = random.Random(seed)
    for name, data in GOOD.items():
        others = [other for known, other in GOOD.items() if known != name]
        for number in range(each):
            for damage in (flipped, misled, cut, zeroed, spliced):
                path = folder / f"{damage.__name__}-{number}-{name}"
                path.write_bytes(bytes(damage(rng, bytearray(data), others)))
                yield name, damage, path


def written(folder, name):
    path = folder / name
    path.write_bytes(GOOD[name])
    return path


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    folder = tmp_path_factory.mktemp("good")
    return {name: read_image(written(folder, name)) for name in GOOD}


def test_the_good_files_are_good(good, tmp_path):
    for name, pixels in good.items():
        assert pixels.std() > 10, name
        assert (
            image_size(written(tmp_path, name))
            == pixels.shape[:2]
            == ((80, 112) if name == "a.dng" else (40, 56))
        )


@pytest.mark.parametrize("seed", [0])
def test_damaged_files_crash_nothing_and_come_out_as_no_flat_picture(good, tmp_path, seed):
    """Each is read in a process of its own pool, where a crash would break the pool and a hang be
    noticed.
    """
    with readers() as pool:
        tasks = [
            (name, damage, path, pool.submit(read_image_noted, path))
            for name, damage, path in damaged_files(tmp_path, seed=seed)
        ]
        assert len(tasks) >= 300
        refused = sum(
            not seen(good[name], damage, path, task) for name, damage, path, task in tasks
        )
    assert refused > len(tasks) / 2


@contextmanager
def readers():
    """A pool of two processes, which are killed if a test gives up on them."""
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    context.set_forkserver_preload([read_image.__module__])
    pool = ProcessPoolExecutor(2, mp_context=context)
    try:
        yield pool
    except BaseException:
        for process in multiprocessing.active_children():
            process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def seen(original, damage, path, task):
    """Whether a picture came of a damaged file; then it is none that a cut or a hole made up."""
    error = task.exception(timeout=SECONDS)
    if error is not None:
        assert isinstance(error, DataError), path
        assert error.path == path
        assert error.message.startswith(f"cannot read {path}: ")
        assert "\n" not in error.message
        return False
    pixels, notes = task.result()
    assert (pixels != pixels[0, 0]).any() or NOTHING_BUT_ZEROS in notes, path
    if damage is cut:
        assert np.array_equal(pixels, original), path
    return True


@pytest.mark.parametrize("name", sorted(GOOD))
def test_every_cut_is_noticed(good, tmp_path, name):
    data = GOOD[name]
    for length in [
        *range(1, 40, 4),
        *(len(data) * part // 7 for part in range(1, 7)),
        len(data) - 20,
    ]:
        path = tmp_path / name
        path.write_bytes(data[:length])
        try:
            pixels = read_image(path)
        except DataError:
            continue
        assert length == len(data) - 20
        assert np.array_equal(pixels, good[name])  # nothing of the picture was in the last bytes


@pytest.mark.parametrize("name", sorted(set(GOOD) - UNCOMPRESSED))
def test_a_copy_that_broke_off_is_noticed(tmp_path, name):
    data = GOOD[name]
    for part in (3, 5):
        place = len(data) * part // 8
        path = tmp_path / name
        path.write_bytes(data[:place] + bytes(len(data) - place))
        with pytest.raises(DataError, match=r"it is truncated or damaged|its header promises"):
            read_image(path)


@pytest.mark.parametrize("name", sorted(UNCOMPRESSED))
def test_zeros_behind_a_header_are_black_and_may_be_a_hole(tmp_path, name):
    data = GOOD[name]
    start = len(data) - PICTURE.size * (2 if "deep" in name else 1)
    path = tmp_path / name
    path.write_bytes(data[:start] + bytes(len(data) - start))
    assert image_size(path) == (40, 56)
    photo = read_photo(path)
    assert not photo.pixels.any()
    assert photo.notes == (NOTHING_BUT_ZEROS,)


def test_a_black_picture_with_a_checksum_is_a_picture(tmp_path):
    for name in ("a.png", "a.jpg", "a.webp"):
        Image.fromarray(np.zeros_like(PICTURE)).save(tmp_path / name)
        assert not read_image(tmp_path / name).any()


@pytest.mark.parametrize("options", [{"quality": 90}, {"optimize": True}, {"subsampling": 0}])
def test_a_jpeg_that_ends_early_and_says_so_is_noticed(tmp_path, options):
    """libjpeg fills the rest with gray."""
    data = by_pillow("JPEG", **options)
    scan = data.index(b"\xff\xda")
    path = tmp_path / "a.jpg"
    for place in (scan + 14, scan + 30, (scan + len(data)) // 2):
        path.write_bytes(data[:place] + b"\xff\xd9")
        with pytest.raises(DataError, match="its data end before its picture"):
            read_image(path)


def test_a_jpeg_that_ends_in_gray_is_whole(tmp_path):
    pixels = PICTURE.copy()
    pixels[16:] = 128
    Image.fromarray(pixels).save(tmp_path / "a.jpg", quality=95)
    assert (read_image(tmp_path / "a.jpg")[-8:] == 128).all()
    Image.fromarray(np.full((40, 40, 3), 128, dtype=np.uint8)).save(tmp_path / "flat.jpg")
    assert (read_image(tmp_path / "flat.jpg") == 128).all()


def test_an_end_marker_in_a_thumbnail_or_bytes_behind_the_end_are_no_end(tmp_path):
    exif = Image.Exif()
    exif[0x010E] = "a thumbnail ends in \xff\xd9"
    data = by_pillow("JPEG", exif=exif.tobytes().replace(b"\xc3\xbf\xc3\x99", b"\xff\xd9\xff\xd9"))
    (tmp_path / "whole.jpg").write_bytes(data + b"more" * 100)
    assert read_image(tmp_path / "whole.jpg").shape == (40, 56, 3)
    (tmp_path / "cut.jpg").write_bytes(data[:-30])
    with pytest.raises(DataError, match="its data have no end"):
        read_image(tmp_path / "cut.jpg")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Canon-R6-pruned.CR3", "it is truncated or damaged"),
        ("corrupted.heic", "it is truncated or damaged"),
        ("pillow_broken.png", "it is truncated or damaged"),
        ("pillow_truncated_image.png", "it is truncated or damaged"),
        ("pillow_truncated_jpeg.jpg", "it is truncated or damaged"),
    ],
)
def test_the_shared_broken_files_are_named(assets, name, reason):
    path = assets / "camera" / name
    with pytest.raises(DataError, match=f"cannot read {path}: {reason}"):
        read_image(path)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.999])
def test_a_raw_file_that_was_cut_is_named(assets, tmp_path, share):
    """LibRaw fills the rest with zeros or with the last row, and says nothing."""
    data = (assets / "camera/_DSC2164.ARW").read_bytes()
    path = tmp_path / "a.ARW"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(DataError, match="the data of its sensor end before its picture"):
        read_image(path)
    path.write_bytes(data[:1_000_000].ljust(len(data), b"\0"))
    with pytest.raises(DataError, match="the data of its sensor end before its picture"):
        read_image(path)


def png_header(width, height):
    content = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + content
        + struct.pack(">I", zlib.crc32(content))
        + GOOD["a.png"][33:]
    )


def tiff_header(width, height, **options):
    data = bytearray(by_tifffile(**options))
    with tifffile.TiffFile(BytesIO(bytes(data))) as file:
        places = {
            name: file.pages[0].tags[name].valueoffset for name in ("ImageWidth", "ImageLength")
        }
        form = "<H" if file.pages[0].tags["ImageWidth"].dtype == 3 else "<I"
    struct.pack_into(form, data, places["ImageWidth"], width)
    struct.pack_into(form, data, places["ImageLength"], height)
    return bytes(data)


def heif_header(width, height):
    data = bytearray(GOOD["a.heic"])
    place = data.index(b"ispe") + 8
    data[place : place + 8] = struct.pack(">II", width, height)
    return bytes(data)


def bmp_header(width, height):
    return GOOD["a.bmp"][:18] + struct.pack("<ii", width, height) + GOOD["a.bmp"][26:]


def jp2_header(width, height):
    data = bytearray(GOOD["a.jp2"])
    place = data.index(b"ihdr") + 4
    data[place : place + 8] = struct.pack(">II", height, width)
    size = data.index(b"\xff\x51") + 6
    data[size : size + 8] = struct.pack(">II", width, height)
    return bytes(data)


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a.png", png_header),
        ("a.bmp", bmp_header),
        ("a.tif", tiff_header),
        ("a.jp2", jp2_header),
        ("a.ppm", lambda width, height: b"P6 %d %d 255\n" % (width, height) + bytes(99)),
        ("deep.ppm", lambda width, height: b"P6 %d %d 65535\n" % (width, height) + bytes(99)),
    ],
)
@pytest.mark.parametrize(
    ("width", "height"), [(MOST_PIXELS // 60_000 + 1, 60_000), (60_000, 60_000)]
)
def test_a_bomb_is_refused_by_its_header_without_a_warning(tmp_path, name, header, width, height):
    path = tmp_path / name
    path.write_bytes(header(width, height))
    for read in (image_size, read_image):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(
                DataError, match="its header promises more pixels than the limit of 268 million"
            ):
                read(path)


def test_a_forged_size_of_heif_and_raw_is_refused(tmp_path, assets):
    (tmp_path / "a.heic").write_bytes(heif_header(30_000, 30_000))
    with pytest.raises(DataError, match="cannot read"):
        read_image(tmp_path / "a.heic")
    data = bytearray(GOOD["a.dng"])
    for width in (struct.pack("<HHI", 256, 3, 1), struct.pack("<HHI", 256, 4, 1)):
        if width in data:
            struct.pack_into("<H", data, data.index(width) + 8, 60_000)
    (tmp_path / "a.dng").write_bytes(bytes(data))
    with pytest.raises(DataError, match="cannot read"):
        read_image(tmp_path / "a.dng")


def test_planes_of_an_unknown_kind_are_no_picture_out_of_unwritten_memory(tmp_path):
    """tifffile takes them for planes and fills only the first of them."""
    data = bytearray(GOOD["tiles.tif"])
    place = data.index(struct.pack("<HHI", 284, 3, 1)) + 8
    struct.pack_into("<H", data, place, 2049)
    (tmp_path / "a.tif").write_bytes(data)
    assert image_size(tmp_path / "a.tif") == (40, 56)
    with pytest.raises(DataError, match="its directory knows no such planes as 2049"):
        read_image(tmp_path / "a.tif")


def test_pictures_up_to_the_limit_are_not_pillow_s_affair(tmp_path):
    """180 megapixels, which Pillow alone would refuse."""
    path = tmp_path / "a.png"
    path.write_bytes(png_header(15_000, 12_000))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert image_size(path) == (12_000, 15_000)


def test_nothing_by_nothing_is_no_picture(tmp_path):
    for name, data in [
        ("a.png", png_header(0, 5)),
        ("a.ppm", b"P6 0 5 255\n"),
        ("a.bmp", bmp_header(0, 5)),
    ]:
        (tmp_path / name).write_bytes(data)
        with pytest.raises(DataError, match="cannot read"):
            image_size(tmp_path / name)


NO_PICTURES = [
    b"words",
    b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
    b"%PDF-1.7 and so on",
    b"II*\0\x08\0\0\0" + bytes(40),
    b"\0\0\0\x18ftypmp42" + bytes(80),
]


@pytest.mark.parametrize("name", ["a.jpg", "a.nef", "a.heic", "a.tif", "a", "a.dng", "a.cr3"])
@pytest.mark.parametrize("content", NO_PICTURES)
def test_what_is_no_picture_is_refused_whatever_it_is_called(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    for read in (image_size, read_image):
        with pytest.raises(DataError, match=f"cannot read {tmp_path / name}: "):
            read(tmp_path / name)


def test_truncated_files_are_not_let_through_by_a_switch():
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def test_prepare_names_every_damaged_file_or_stores_what_the_door_reads(tmp_path, capsys):
    from safetensors.numpy import load_file

    from srkit_core.cli.app import run

    folder, out = tmp_path / "hostile set", tmp_path / "out"
    folder.mkdir()
    paths = {path.name: path for _, _, path in damaged_files(folder, seed=1)}
    words = [
        "--patch",
        "16",
        "--workers",
        "2",
        "--max-failures",
        "1",
        "--keep-duplicates",
        "--time-limit",
        str(SECONDS),
    ]
    assert run(["prepare", str(folder), str(out), *words]) == 0
    manifest = json.loads((out / "manifest.json").read_text())
    stored = {one["name"]: load_file(out / one["shard"])["hr"] for one in manifest["pictures"]}
    named = json.loads((out / "skipped.json").read_text())
    refused = {Path(one["path"]).name for one in [*named["skipped"], *named["filtered"]]}
    assert len(paths) >= 300
    assert stored.keys() | refused == paths.keys()
    assert not stored.keys() & refused
    for name, pixels in stored.items():
        height, width = pixels.shape[:2]
        assert np.array_equal(read_image(paths[name])[:height, :width], pixels), name
