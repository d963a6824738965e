"""Does every cell of colour model x depth x alpha x compression x byte order of TIFF come out as
the array that was written?
"""

import struct
from io import BytesIO
from itertools import product

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from srkit_core.io.images import image_size, read_image, read_photo

HEIGHT, WIDTH = 16, 20
CODES = ["lzw", "zlib", "packbits", "zstd", "lzma", "webp", "png", "jpeg2000", "jpegxl", "jpegxr"]
COLOURS = {"minisblack": 1, "miniswhite": 1, "rgb": 3, "separated": 4, "palette": 1}
DEPTHS = {
    "minisblack": [1, 2, 4, 6, 8, 10, 12, 14, 16, 24, 32, 64, "f2", "f4", "f8"],
    "miniswhite": [1, 2, 4, 8, 12, 16, 32],
    "rgb": [2, 4, 8, 10, 12, 16, 24, 32, "f2", "f4", "f8"],
    "separated": [8, 16, 32, "f4"],
    "palette": [8, 16],
}
CELLS = [(model, depth) for model, depths in DEPTHS.items() for depth in depths]


def stored(depth, channels):
    """Numbers that reach from the least to the most, and alpha that does too."""
    rng = np.random.default_rng(channels)
    unit = rng.random((HEIGHT, WIDTH, channels))
    unit[0, 0], unit[0, 1] = 0, 1
    if isinstance(depth, str):
        return unit.astype(depth)
    kind = np.dtype(f"u{next(size for size in (1, 2, 4, 8) if depth <= 8 * size)}")
    most = 2**depth - 1
    numbers = np.minimum(unit * float(most), float(most) * (1 - 2**-52) if depth > 52 else most)
    numbers = numbers.astype(kind)
    numbers[0, 1] = most
    return numbers


def unit_of(numbers, depth):
    return (
        numbers.astype(float) if isinstance(depth, str) else numbers.astype(float) / (2**depth - 1)
    )


def expected(numbers, depth, model, palette):
    """RGB in [0, 1] after TIFF 6.0."""
    if model == "palette":
        return palette.T[numbers[:, :, 0]] / 65535
    unit = unit_of(numbers, depth)
    if model == "separated":
        return (1 - unit[:, :, :3]) * (1 - unit[:, :, 3:4])
    gray = 1 - unit[:, :, :1] if model == "miniswhite" else unit[:, :, : COLOURS[model]]
    return gray if model == "rgb" else gray.repeat(3, axis=2)


def options(depth, alpha):
    extra = {"extrasamples": [alpha]} if alpha else {}
    return extra | ({"bitspersample": depth} if depth in (2, 4, 6, 10, 12, 14, 24) else {})


def ways():
    """Compressions and byte orders, planes and BigTIFF beside each."""
    yield from ({"byteorder": order, "bigtiff": big} for order, big in product("<>", (0, 1)))
    yield from ({"compression": code, "byteorder": order} for code, order in product(CODES, "<>"))
    for order, code in product("<>", (None, "zlib", "lzw")):
        yield {"compression": code, "byteorder": order, "planarconfig": "separate"}
        yield {"compression": code, "byteorder": order, "tile": (16, 16)}
        yield {"compression": code, "byteorder": order, "rowsperstrip": 5, "predictor": bool(code)}


def write(path, numbers, model, **way):
    """Say whether there is a writer for a cell."""
    data = numbers if numbers.shape[2] > 1 else numbers[:, :, 0]
    if way.get("planarconfig") == "separate":
        if data.ndim == 2:
            return False
        data = np.moveaxis(data, 2, 0)
    elif data.ndim == 3:
        way["planarconfig"] = "contig"
    try:
        tifffile.imwrite(path, data, photometric=model, **way)
        return np.array_equal(tifffile.imread(path), data)
    except Exception:  # every codec says in a way of its own that it does not write this
        return False


@pytest.mark.parametrize(("model", "depth"), CELLS)
def test_every_compression_and_order_gives_what_was_written(tmp_path, model, depth):
    path, written = tmp_path / "a.tif", 0
    bits = 64 if isinstance(depth, str) else depth
    palette = (
        np.random.default_rng(1).integers(0, 65536, (3, 2**depth), dtype=np.uint16)
        if (model == "palette")
        else None
    )
    table = {"colormap": palette} if model == "palette" else {}
    alphas = [None] if model == "palette" or bits < 8 else [None, "unassalpha", "unspecified"]
    for alpha in alphas:
        numbers = stored(depth, COLOURS[model] + bool(alpha))
        numbers = numbers.astype(bool) if depth == 1 else numbers
        right = expected(numbers.astype(np.uint8) if depth == 1 else numbers, depth, model, palette)
        for way in ways():
            if not write(path, numbers, model, **options(depth, alpha), **way, **table):
                continue
            written += 1
            photo = read_photo(path)
            full = np.iinfo(photo.pixels.dtype).max
            assert (full > 255) == (bits > 8 or model == "palette"), way
            slack = 0.51
            if model == "separated":
                slack = 1.5
            assert np.abs(photo.pixels - right * full).max() <= slack, (way, alpha)
            assert (photo.alpha is not None) == (alpha == "unassalpha"), (way, alpha)
            if photo.alpha is not None:
                cover = unit_of(numbers[:, :, -1], depth) * full
                assert np.abs(photo.alpha - cover).max() <= 1.01, way
    assert written >= 8


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("model", ["minisblack", "rgb", "separated"])
def test_premultiplied_colours_are_divided_in_every_model(tmp_path, model, order, depth):
    full = 2**depth - 1
    colours = stored(depth, COLOURS[model]).astype(float)
    alpha = np.where(np.arange(WIDTH) % 2, full, full // 2 + 1)[None, :, None].repeat(HEIGHT, 0)
    numbers = np.rint(np.dstack([colours * (alpha / full), alpha])).astype(f"u{depth // 8}")
    assert write(tmp_path / "a.tif", numbers, model, byteorder=order, extrasamples=["assocalpha"])
    photo = read_photo(tmp_path / "a.tif")
    right = expected(colours, depth, model, None) * full
    assert np.abs(photo.pixels - right).max() <= 3
    assert np.array_equal(photo.alpha, alpha[:, :, 0])


def to_lab_numbers(lab, model, bits):
    """L*a*b* as each of the models stores them."""
    lightness, a, b = np.moveaxis(lab, 2, 0)
    most, step = 2**bits - 1, 2 ** (bits - 8)
    numbers = {
        "cielab": [lightness / 100 * most, a * step % (256 * step), b * step % (256 * step)],
        "icclab": [lightness / 100 * 255 * step, (a + 128) * step, (b + 128) * step],
        "itulab": [
            lightness / 100 * most,
            (a * 255 / 170 + 128) * step,
            (b * 255 / 200 + 96) * step,
        ],
    }[model]
    return np.rint(np.dstack(numbers)).astype(f"u{bits // 8}")


def by_little_cms(lab):
    """sRGB of L*a*b* by the colour management that Pillow brings."""
    numbers = to_lab_numbers(lab, "icclab", 8)
    numbers[:, :, 1:] ^= 128
    image = Image.frombytes("LAB", lab.shape[1::-1], numbers.tobytes())
    profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    transform = ImageCms.buildTransform(
        *profiles, "LAB", "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC
    )
    return np.array(ImageCms.applyTransform(image, transform)).astype(int)


@pytest.mark.parametrize("alpha", [None, "unassalpha", "unspecified"])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("model", ["cielab", "icclab", "itulab"])
def test_lab_becomes_what_little_cms_makes_of_it(tmp_path, model, bits, alpha):
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    lab = np.dstack([20 + rows * 4.0, columns * 2.0 - 20, 15 - rows * 2.0])
    gray = np.dstack([columns * 100 / (WIDTH - 1), rows * 0, rows * 0])
    for shown, slack in ((lab, 5), (gray, 2)):
        numbers = to_lab_numbers(shown, model, bits)
        extra = {"extrasamples": [alpha]} if alpha else {}
        if alpha:
            numbers = np.dstack([numbers, np.full(rows.shape, 2**bits - 2, numbers.dtype)])
        for way in ways():
            if not write(tmp_path / "a.tif", numbers, model, **extra, **way):
                continue
            photo = read_photo(tmp_path / "a.tif")
            assert photo.pixels.dtype == numbers.dtype
            seen = photo.pixels.astype(float) / (257 if bits == 16 else 1)
            assert np.abs(seen - by_little_cms(shown)).max() <= slack, way
            assert (photo.alpha is not None) == (alpha == "unassalpha")
        if shown is gray:
            assert np.ptp(photo.pixels.astype(int), axis=2).max() <= (2 if bits == 8 else 8)


def by_hand(order, bits, palette, indices):
    """A palette of few bits, for which no library has a writer (TIFF 6.0, section 5)."""
    rows = np.unpackbits(indices[:, :, None], axis=2)[:, :, 8 - bits :].reshape(HEIGHT, -1)
    data = np.packbits(rows, axis=1).tobytes()
    table = palette.astype(order + "u2").tobytes()
    start = 8 + 2 + 12 * 8 + 4
    values = {256: WIDTH, 257: HEIGHT, 258: bits, 259: 1, 262: 3, 273: start + len(table),
              279: len(data)}  # fmt: skip
    entries = [struct.pack(order + "HHII", tag, 4, 1, value) for tag, value in values.items()]
    entries.append(struct.pack(order + "HHII", 320, 3, palette.size, start))
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, 8)
    return head + b"".join(entries) + bytes(4) + table + data


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("bits", [1, 2, 4])
@pytest.mark.parametrize("spread", [1, 256, 257])
def test_a_palette_of_few_bits_is_looked_up(tmp_path, bits, order, spread):
    """Some write 8-bit colours into the lower byte of a map's entries, some into the upper one."""
    rng = np.random.default_rng(bits)
    palette = rng.integers(0, 256, (3, 2**bits), dtype=np.uint16)
    indices = rng.integers(0, 2**bits, (HEIGHT, WIDTH), dtype=np.uint8)
    (tmp_path / "a.tif").write_bytes(by_hand(order, bits, palette * np.uint16(spread), indices))
    photo = read_photo(tmp_path / "a.tif")
    assert photo.pixels.dtype == np.uint8
    assert np.array_equal(photo.pixels, palette.T[indices])


MODES = ["1", "L", "LA", "RGB", "RGBA", "CMYK", "P", "YCbCr", "LAB"]
PILLOW_CODES = ["raw", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits", "jpeg"]
FAX = ["tiff_ccitt", "group3", "group4"]


@pytest.mark.parametrize("mode", MODES)
def test_what_pillow_writes_is_read_as_pillow_shows_it(tmp_path, mode):
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    smooth = np.dstack([rows * 15, columns * 12, rows * 6 + columns * 5, 255 - columns * 12])
    picture = Image.fromarray(smooth[:, :, :3].astype(np.uint8)).convert(
        {"LA": "L", "RGBA": "RGB", "CMYK": "RGB", "LAB": "RGB"}.get(mode, mode)
    )
    if mode in ("LA", "RGBA"):
        picture.putalpha(Image.fromarray(smooth[:, :, 3].astype(np.uint8)))
    if mode in ("CMYK", "LAB"):
        picture = Image.merge(mode, [Image.fromarray(smooth[:, :, one].astype(np.uint8)) for one in
                                     range(len(mode))])  # fmt: skip
    written = 0
    for code in PILLOW_CODES + (FAX if mode == "1" else []):
        content = BytesIO()
        try:
            picture.save(content, "TIFF", compression=code)
        except (OSError, ValueError):
            continue
        written += 1
        (tmp_path / "a.tif").write_bytes(content.getvalue())
        assert image_size(tmp_path / "a.tif") == (HEIGHT, WIDTH)
        if mode == "LAB":
            assert read_image(tmp_path / "a.tif").shape == (HEIGHT, WIDTH, 3)
            continue
        white = Image.new("RGBA", picture.size, "white")
        white.alpha_composite(picture.convert("RGBA"))
        right = np.array(white.convert("RGB")).astype(int)
        slack = 30 if code == "jpeg" else 1
        assert np.abs(read_image(tmp_path / "a.tif") - right).max() <= slack, code
    assert written >= 3
