"""Is a JPEG file of every kind read whole, with the small faults that others pass over, and named
where its data end early?
"""

from io import BytesIO

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from srkit_core.errors import DataError
from srkit_core.io.images import image_size, read_image, read_photo


def smooth(channels, most):
    rows, columns = np.mgrid[:32, :48]
    parts = [rows / 31, columns / 47, (rows + columns) / 78, 1 - columns / 47][:channels]
    return np.rint(np.dstack(parts) * most).astype(np.uint8 if most < 256 else np.uint16)


def jpeg(mode, **options):
    file = BytesIO()
    picture = Image.fromarray(smooth(3, 255)).convert(mode)
    picture.save(file, "JPEG", quality=90, **options)
    return file.getvalue()


JPEGS = {
    "gray": jpeg("L"),
    "colour": jpeg("RGB"),
    "progressive": jpeg("RGB", progressive=True),
    "fine": jpeg("RGB", subsampling=0),
    "restarts": jpeg("RGB", restart_marker_rows=1),
    "many restarts": jpeg("L", optimize=True, restart_marker_blocks=1),
    "all of it": jpeg("RGB", progressive=True, restart_marker_blocks=3),
    "ink": jpeg("CMYK"),
    "progressive ink": jpeg("CMYK", progressive=True),
}


def with_strays(data):
    """Bytes that are no segment, before each segment of the header."""
    place, parts = 2, [data[:2]]
    while data[place + 1] != 0xDA:
        length = 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        parts += [b"stray", data[place : place + length]]
        place += length
    return b"".join(parts) + b"\0\0" + data[place:]


MENDED = {
    "strays": with_strays,
    "no end": lambda data: data[:-2],
    "both": lambda data: with_strays(data)[:-2],
}


@pytest.mark.parametrize("how", MENDED)
@pytest.mark.parametrize("name", JPEGS)
def test_jpeg_of_small_faults(tmp_path, name, how):
    (tmp_path / "good.jpg").write_bytes(JPEGS[name])
    (tmp_path / "a.jpg").write_bytes(MENDED[how](JPEGS[name]))
    photo = read_photo(tmp_path / "a.jpg")
    assert np.array_equal(photo.pixels, read_photo(tmp_path / "good.jpg").pixels)
    assert bool(photo.notes) == (how != "strays")
    assert image_size(tmp_path / "a.jpg") == (32, 48)
    if "ink" not in name:
        assert np.array_equal(
            photo.pixels, np.array(Image.open(BytesIO(JPEGS[name])).convert("RGB"))
        )


@pytest.mark.parametrize("name", JPEGS)
def test_jpeg_whose_data_end_early(tmp_path, name):
    data = JPEGS[name]
    scan = data.index(b"\xff\xda")
    (tmp_path / "a.jpg").write_bytes(data)
    whole = read_image(tmp_path / "a.jpg")
    for place in [*range(scan + 20, len(data) - 20, 37), *range(len(data) - 20, len(data))]:
        (tmp_path / "a.jpg").write_bytes(data[:place])
        try:
            pixels = read_image(tmp_path / "a.jpg")
        except DataError as error:
            told = error.message
        else:
            told = ""
            assert np.array_equal(pixels, whole)
        assert "it is truncated or damaged" in told or (
            len(data) - place < 6 and len(data) - place != 1
        )


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("bits", "lossless"), [(12, False), (8, True), (12, True), (16, True)])
def test_jpeg_of_more_bits_and_without_loss(tmp_path, channels, bits, lossless):
    most = 2**bits - 1
    numbers = smooth(channels, most)
    options = {"lossless": True, "predictor": 1} if lossless else {"level": 98}
    encoded = imagecodecs.jpeg8_encode(numbers, bitspersample=bits, **options)
    (tmp_path / "a.jpg").write_bytes(encoded)
    photo, full = read_photo(tmp_path / "a.jpg"), 255 if bits == 8 else 65535
    off = np.abs(photo.pixels / full - numbers / most)
    assert off.max() <= (0 if lossless and bits in (8, 16) else 0.51 / full if lossless else 0.02)
    assert image_size(tmp_path / "a.jpg") == (32, 48)
