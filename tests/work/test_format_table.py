"""Does every cell of format x colour model x depth x alpha come out as the array that was written,
or as an independent decoder shows it?
"""

import struct
import zlib
from itertools import product

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from srkit_core.errors import DataError
from srkit_core.io.images import Photo, image_size, read_image, read_photo, write_photo

HEIGHT, WIDTH = 11, 13


def noise(channels, most, height=HEIGHT, width=WIDTH):
    kind = np.uint8 if most < 256 else np.uint16
    numbers = np.random.default_rng(channels).integers(
        0, most + 1, (height, width, channels), dtype=kind
    )
    numbers[0, 0], numbers[0, 1] = 0, most
    return numbers


def check(path, numbers, most, alpha=None):
    """Compare a file with gray or RGB of 0 to `most`."""
    photo = read_photo(path)
    full = 255 if most < 256 else 65535
    assert photo.pixels.dtype == (np.uint8 if full == 255 else np.uint16)
    right = np.rint(numbers * (full / most))
    assert np.abs(photo.pixels - right.astype(float)).max() == 0
    assert (photo.alpha is None) == (alpha is None)
    if alpha is not None:
        assert np.array_equal(photo.alpha, np.rint(alpha * (full / most)))
    assert image_size(path) == photo.pixels.shape[:2]
    return photo


# PNG, made by hand (PNG, third edition)

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
PASSES = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
          (1, 0, 2, 1)]  # fmt: skip
PNG_CELLS = [(0, d) for d in (1, 2, 4, 8, 16)] + [(3, d) for d in (1, 2, 4, 8)]
PNG_CELLS += [(kind, d) for kind in (2, 4, 6) for d in (8, 16)]


def chunk(name, content):
    check_sum = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check_sum


def scanlines(numbers, depth):
    bits = np.unpackbits(numbers.astype(">u2")[..., None].view(np.uint8), axis=3)
    rows = np.packbits(bits[..., 16 - depth :].reshape(len(numbers), -1), axis=1)
    return b"".join(b"\0" + row.tobytes() for row in rows)


def png(numbers, kind, depth, before=(), behind=(), interlaced=False):
    parts = [numbers[y::dy, x::dx] for y, x, dy, dx in PASSES] if interlaced else [numbers]
    data = b"".join(scanlines(part, depth) for part in parts if part.size)
    height, width = numbers.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced)
    chunks = [chunk(b"IHDR", header), *before, chunk(b"IDAT", zlib.compress(data)), *behind]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + chunk(b"IEND", b"")


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("transparent", [False, True])
@pytest.mark.parametrize(("kind", "depth"), PNG_CELLS)
def test_png(tmp_path, kind, depth, transparent, interlaced):
    most, path = 2**depth - 1, tmp_path / "a.png"
    numbers = noise(CHANNELS[kind], most)
    palette = np.random.default_rng(3).integers(0, 256, (most + 1 if kind == 3 else 1, 3))
    palette = palette.astype(np.uint8)
    before = [chunk(b"PLTE", palette.tobytes())] if kind == 3 else []
    if transparent and kind == 3:
        before.append(chunk(b"tRNS", bytes([0, 100])))
    elif transparent and kind in (0, 2):
        before.append(chunk(b"tRNS", numbers[2, 3].astype(">u2").tobytes()))
    path.write_bytes(png(numbers, kind, depth, before, interlaced=interlaced))
    if kind == 3:
        covers = np.array([0, 100] + [255] * 254) if transparent else None
        found = None if covers is None else covers[numbers[:, :, 0]]
        check(path, palette[numbers[:, :, 0]], 255, found)
    else:
        colours = numbers[:, :, :3] if kind in (2, 6) else numbers[:, :, :1].repeat(3, axis=2)
        clear = (numbers == numbers[2, 3]).all(axis=2)
        alpha = numbers[:, :, -1] if kind > 3 else np.where(clear, 0, most) if transparent else None
        check(path, colours, most, alpha)


def sideways():
    return struct.pack("<2sHIHHHIII", b"II", 42, 8, 1, 0x0112, 3, 1, 6, 0)


DESCRIPTIONS = {
    "eXIf": lambda: chunk(b"eXIf", sideways()),
    "text": lambda: chunk(b"tEXt", b"Raw profile type exif\0" + raw_profile()),
    "compressed": lambda: chunk(
        b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(raw_profile())
    ),
}


def raw_profile():
    content = (b"Exif\0\0" + sideways()).hex()
    return f"\nexif\n{len(content) // 2}\n{content}\n".encode()


@pytest.mark.parametrize("how", DESCRIPTIONS)
@pytest.mark.parametrize("place", ["before", "behind"])
@pytest.mark.parametrize(("kind", "depth"), [(2, 8), (2, 16), (3, 8), (0, 8)])
def test_the_orientation_of_a_png_counts_wherever_it_stands(tmp_path, kind, depth, place, how):
    numbers = noise(CHANNELS[kind], 2**depth - 1)
    palette = [chunk(b"PLTE", bytes(range(256)) * 3)] if kind == 3 else []
    where = {place: [DESCRIPTIONS[how]()]}
    before = [*palette, *where.get("before", [])]
    (tmp_path / "a.png").write_bytes(png(numbers, kind, depth, before, where.get("behind", [])))
    (tmp_path / "plain.png").write_bytes(png(numbers, kind, depth, palette))
    turned = np.rot90(read_photo(tmp_path / "plain.png").pixels, -1)
    assert np.array_equal(read_photo(tmp_path / "a.png").pixels, turned)
    assert image_size(tmp_path / "a.png") == (WIDTH, HEIGHT)


# BMP, made by hand

MASKS = {
    16: [(0x7C00, 0x3E0, 0x1F, 0), (0xF800, 0x7E0, 0x1F, 0), (0xF00, 0xF0, 0xF, 0xF000),
         (0x300, 0x1C, 0x3, 0), (0x7C00, 0x3E0, 0x1F, 0x8000)],
    32: [(0xFF0000, 0xFF00, 0xFF, 0), (0xFF, 0xFF00, 0xFF0000, 0xFF000000),
         (0xFFC00000, 0x3FF000, 0xFFC, 0), (0x3FF00000, 0xFFC00, 0x3FF, 0xC0000000),
         (0xF800, 0x7E0, 0x1F, 0)],
}  # fmt: skip


def bmp(rows, bits, size, compression=0, palette=b"", fields=(), upside_down=True):
    stride = (WIDTH * bits + 31) // 32 * 4
    body = b"".join(row.ljust(stride, b"\0") for row in (rows[::-1] if upside_down else rows))
    height = HEIGHT if upside_down else -HEIGHT
    info = struct.pack("<IiiHHIIiiII", size, WIDTH, height, 1, bits, compression, len(body),
                       2835, 2835, len(palette) // 4, 0)  # fmt: skip
    masks = struct.pack("<4I", *fields) if fields else b""
    inside, behind = (masks, b"") if size > 40 else (b"", masks[: 16 if compression == 6 else 12])
    info = (info + inside).ljust(size, b"\0") + behind + palette
    return (
        b"BM" + struct.pack("<IHHI", 14 + len(info) + len(body), 0, 0, 14 + len(info)) + info + body
    )


@pytest.mark.parametrize("upside_down", [False, True])
@pytest.mark.parametrize("size", [40, 108, 124])
@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_bmp_of_palettes(tmp_path, bits, size, upside_down):
    numbers = noise(1, 2**bits - 1)[:, :, 0]
    palette = np.random.default_rng(4).integers(0, 256, (2**bits, 4), dtype=np.uint8)
    rows = [np.packbits(np.unpackbits(row[:, None], axis=1)[:, 8 - bits :]) for row in numbers]
    data = bmp([row.tobytes() for row in rows], bits, size, 0, palette.tobytes(), (), upside_down)
    (tmp_path / "a.bmp").write_bytes(data)
    check(tmp_path / "a.bmp", palette[numbers][:, :, 2::-1], 255)


@pytest.mark.parametrize(
    ("bits", "fields", "size"),
    [(b, f, s) for b, all_of in MASKS.items() for f in all_of for s in (40, 56, 108, 124)],
)
def test_bmp_of_bit_fields(tmp_path, bits, fields, size):
    with_alpha = bool(fields[3])
    numbers = np.random.default_rng(5).integers(0, 2**bits, (HEIGHT, WIDTH), dtype=f"<u{bits // 8}")
    parts = [
        (numbers.astype(np.uint64) & mask) / mask if mask else np.ones(numbers.shape)
        for mask in fields
    ]
    compression = 6 if with_alpha and size == 40 else 3
    data = bmp([row.tobytes() for row in numbers], bits, size, compression, b"", fields)
    (tmp_path / "a.bmp").write_bytes(data)
    photo = read_photo(tmp_path / "a.bmp")
    full = np.iinfo(photo.pixels.dtype).max
    assert full == (65535 if max(mask.bit_count() for mask in fields) > 8 else 255)
    # A part of few bits is spread from its own least to its own most, here seen in whole steps.
    steps = [mask >> ((mask & -mask).bit_length() - 1) if mask else 1 for mask in fields]
    right = [np.floor(part * step + 1e-9) / step for part, step in zip(parts, steps, strict=True)]
    assert np.abs(photo.pixels - np.dstack(right[:3]) * full).max() <= 8 * (full == 255) + 1
    assert (photo.alpha is not None) == with_alpha
    if with_alpha:
        assert np.abs(photo.alpha - right[3] * full).max() <= 8 * (full == 255) + 1


# JPEG XL


@pytest.mark.parametrize("container", [False, True])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_jpeg_xl(tmp_path, bits, channels, container):
    most = 2**bits - 1
    numbers = noise(channels, most)
    encoded = imagecodecs.jpegxl_encode(
        numbers.squeeze(), lossless=True, bitspersample=bits, usecontainer=container
    )
    (tmp_path / "a.jxl").write_bytes(encoded)
    photo, full = read_photo(tmp_path / "a.jxl"), 255 if bits == 8 else 65535
    colours = numbers[:, :, :3] if channels > 2 else numbers[:, :, :1].repeat(3, axis=2)
    light = colours / most
    # This writer names more than 8 bit light itself; sRGB is IEC 61966-2-1 of it.
    curve = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    assert np.abs(photo.pixels - (light if bits == 8 else curve) * full).max() <= (
        0.01 if bits == 8 else 8
    )
    assert (photo.alpha is not None) == (channels in (2, 4))
    for cut in (1, 20, len(encoded) // 2):
        (tmp_path / "a.jxl").write_bytes(encoded[:-cut])
        with pytest.raises(DataError, match="it is truncated or damaged"):
            read_photo(tmp_path / "a.jxl")


@pytest.mark.parametrize("with_alpha", [False, True])
@pytest.mark.parametrize("most", [255, 65535])
def test_jpeg_xl_is_written_without_loss_as_srgb(tmp_path, most, with_alpha):
    pixels, alpha = noise(3, most), noise(1, most)[:, :, 0] if with_alpha else None
    write_photo(tmp_path / "a.jxl", Photo(pixels, alpha))
    check(tmp_path / "a.jxl", pixels, most, alpha)


# Netpbm, by hand, TGA, GIF and WebP by Pillow


@pytest.mark.parametrize("most", [1, 15, 255, 1023, 65535])
@pytest.mark.parametrize("form", ["P2", "P3", "P5", "P6"])
def test_netpbm(tmp_path, form, most):
    numbers = noise(3 if form in ("P3", "P6") else 1, most)
    head = f"{form}\n# a remark\n{WIDTH} {HEIGHT}\n{most}\n".encode()
    kind = ">u2" if most > 255 else "u1"
    words = " ".join(map(str, numbers.ravel())).encode()
    body = words if form in ("P2", "P3") else numbers.astype(kind).tobytes()
    (tmp_path / "a.ppm").write_bytes(head + body)
    photo = read_photo(tmp_path / "a.ppm")
    full = np.iinfo(photo.pixels.dtype).max
    right = numbers.repeat(3 // numbers.shape[2], axis=2) * (full / most)
    assert np.abs(photo.pixels - right).max() <= 1


@pytest.mark.parametrize("high", [1.0, 2.0])
@pytest.mark.parametrize("order", ["<", ">"])
def test_pfm(tmp_path, order, high):
    numbers = (noise(1, 255)[:, :, 0] / 255 * high).astype(np.float32)
    head = f"Pf\n{WIDTH} {HEIGHT}\n{'-' if order == '<' else ''}1.0\n".encode()
    (tmp_path / "a.pfm").write_bytes(head + numbers[::-1].astype(order + "f4").tobytes())
    if high == 1.0:
        assert np.abs(read_image(tmp_path / "a.pfm")[:, :, 0] / 255 - numbers).max() < 0.003
    else:
        with pytest.raises(DataError, match="floating-point numbers from 0 to 2, not from 0 to 1"):
            read_image(tmp_path / "a.pfm")


@pytest.mark.parametrize(
    ("ending", "mode", "options"),
    [("tga", mode, {"compression": code}) for mode, code in product(
        ["L", "LA", "P", "RGB", "RGBA"], [None, "tga_rle"])] + [("tga", "1", {})]
    + [("gif", mode, {}) for mode in ("1", "L", "P")]
    + [("webp", mode, {"lossless": True, "exact": True}) for mode in ("L", "RGB", "RGBA")]
    + [("pcx", mode, {}) for mode in ("1", "L", "P", "RGB")]
    + [("sgi", mode, {}) for mode in ("L", "RGB", "RGBA")],
)  # fmt: skip
def test_what_pillow_writes_without_loss(tmp_path, ending, mode, options):
    numbers = noise(4, 255)
    picture = Image.fromarray(numbers[:, :, :3]).convert(mode.removesuffix("A"))
    if mode in ("LA", "RGBA"):
        picture.putalpha(Image.fromarray(numbers[:, :, 3]))
    picture.save(tmp_path / f"a.{ending}", **options)
    photo = read_photo(tmp_path / f"a.{ending}")
    assert np.array_equal(photo.pixels, np.array(picture.convert("RGB")))
    assert (photo.alpha is not None) == (mode in ("LA", "RGBA"))
