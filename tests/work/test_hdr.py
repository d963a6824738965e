"""Do colours that are named by a code, HDR among them, become the sRGB that they mean, and is it
said?
"""

import struct
import zlib
from functools import partial

import imagecodecs
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from srkit_core.io.images import image_notes, read_photo
from srkit_core.io.jpegxl_header import read_jpegxl_header

PQ, HLG = 16, 18
SDR_WHITE, PEAK = 203, 1000


def pq(light):
    """SMPTE ST 2084, signal of light in cd/m2."""
    power = (np.asarray(light) / 10000) ** (2610 / 16384)
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def srgb(light):
    """IEC 61966-2-1."""
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def hlg(light):
    """ARIB STD-B67, signal of gray light on a display of 1000 cd/m2."""
    scene = (np.asarray(light) / PEAK) ** (1 / 1.2)
    low, high = np.sqrt(3 * scene), 0.17883277 * np.log(12 * scene - 0.28466892) + 0.55991073
    return np.where(scene <= 1 / 12, low, high)


GRAYS = [0, 1, 10, 30, 60, 85]
"""Light in cd/m2 that stays as it is on a display of 203."""


def chunk(name, content):
    check_sum = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check_sum


def as_png(path, numbers, primaries, transfer):
    data = bytes(imagecodecs.png_encode(numbers))
    code = chunk(b"cICP", bytes([primaries, transfer, 0, 1]))
    path.write_bytes(data[:33] + code + data[33:])


def as_avif(path, numbers, primaries, transfer):
    path.write_bytes(
        imagecodecs.avif_encode(
            numbers >> 4, level=100, bitspersample=12, primaries=primaries, transfer=transfer
        )
    )


def as_avif_of_8_bit(path, numbers, primaries, transfer):
    path.write_bytes(
        imagecodecs.avif_encode(
            (numbers >> 8).astype(np.uint8), level=100, primaries=primaries, transfer=transfer
        )
    )


def as_heic(path, numbers, primaries, transfer):
    heif = pillow_heif.from_bytes(mode="RGB;16", size=numbers.shape[1::-1], data=numbers.tobytes())
    heif.save(
        path,
        quality=-1,
        chroma=444,
        matrix_coefficients=0,
        color_primaries=primaries,
        transfer_characteristics=transfer,
        full_range_flag=1,
    )


def as_jxl(path, numbers, primaries, transfer):
    """imagecodecs names more than 8 bit light itself: the four bits of that are replaced."""
    encoded = bytearray(imagecodecs.jpegxl_encode(numbers >> 4, lossless=True, bitspersample=12))
    assert primaries == 1
    first = read_jpegxl_header(bytes(encoded)).transfer_place + 2
    for bit in range(4):
        byte, mask = (first + bit) // 8, 1 << (first + bit) % 8
        encoded[byte] = encoded[byte] | mask if (transfer - 2) >> bit & 1 else encoded[byte] & ~mask
    path.write_bytes(encoded)


WRITERS = {
    "png": (as_png, 0.002),
    "avif": (as_avif, 0.004),
    "eight.avif": (as_avif_of_8_bit, 0.02),
    "heic": (as_heic, 0.01),
    "jxl": (as_jxl, 0.004),
}


def patches(signal):
    """A patch of 16 x 16 pixels for each signal, gray, uint16."""
    numbers = np.rint(np.asarray(signal, dtype=float) * 65535).astype(np.uint16)
    return np.ascontiguousarray(
        numbers[None, :, None].repeat(16, axis=1).repeat(16, axis=0).repeat(3, axis=2)
    )


def middles(path):
    pixels = read_photo(path).pixels
    return pixels[8, 8::16].astype(float) / np.iinfo(pixels.dtype).max


SIGNALS = {"PQ": (PQ, pq), "HLG": (HLG, hlg)}
WRITTEN = [(name, one) for name in WRITERS for one in SIGNALS if (name, one) != ("jxl", "HLG")]
"""What there is a writer for: of JPEG XL, HLG's code is longer than the one that is replaced."""


@pytest.mark.parametrize(("name", "kind"), WRITTEN)
def test_hdr_is_mapped_to_sdr_and_it_is_said(tmp_path, name, kind):
    transfer, signal = SIGNALS[kind]
    write, slack = WRITERS[name]
    path = tmp_path / f"a.{name}"
    primaries = 1 if name == "jxl" else 9
    write(path, patches(signal([*GRAYS, SDR_WHITE, 500, PEAK])), primaries, transfer)
    seen = middles(path)
    assert np.abs(seen[: len(GRAYS)] - srgb(np.array(GRAYS) / SDR_WHITE)[:, None]).max() < slack
    assert np.ptp(seen, axis=1).max() < slack  # gray stays gray
    brighter = seen[len(GRAYS) - 1 :, 1]
    assert (np.diff(brighter) > (0.005 if slack < 0.02 else -0.005)).all()
    assert brighter[-1] == pytest.approx(1, abs=slack)
    word = "PQ" if transfer == PQ else "HLG"
    note = f"it is HDR ({word}), mapped to SDR: 1000 cd/m2 become white"
    assert read_photo(path).notes == image_notes(path) == (note,)


SRGB_TO_BT_2020 = np.array(
    [[0.627404, 0.329283, 0.043313], [0.069097, 0.919540, 0.011362], [0.016391, 0.088013, 0.895595]]
)
"""Light of sRGB's primaries as BT.2020's (ITU-R BT.2087-0)."""

SRGB_TO_P3 = np.array(
    [[0.822462, 0.177538, 0], [0.033194, 0.966806, 0], [0.017083, 0.072397, 0.910520]]
)


@pytest.mark.parametrize("name", ["png", "avif"])
@pytest.mark.parametrize(
    ("primaries", "transfer", "matrix"),
    [(9, 1, SRGB_TO_BT_2020), (12, 13, SRGB_TO_P3), (1, 8, np.eye(3)), (1, 13, np.eye(3))],
)
def test_primaries_and_light_itself_become_srgb(tmp_path, name, primaries, transfer, matrix):
    colours = np.array([[0.8, 0.1, 0.1], [0.1, 0.7, 0.2], [0.2, 0.2, 0.9], [0.5, 0.5, 0.5]])
    light = colours @ matrix.T
    stored = light if transfer == 8 else srgb(light)
    numbers = np.rint(stored * 65535).astype(np.uint16)[None].repeat(16, 0).repeat(16, 1)
    WRITERS[name][0](tmp_path / "a", np.ascontiguousarray(numbers), primaries, transfer)
    assert np.abs(middles(tmp_path / "a") - srgb(colours)).max() < 0.004
    assert read_photo(tmp_path / "a").notes == ()


def test_a_profile_goes_before_a_code_and_a_code_of_png_before_a_profile(tmp_path):
    """ISO/IEC 23008-12 has it so for HEIF, and PNG's third edition, 11.3.2.6, for cICP."""
    profile = imagecodecs.cms_profile("srgb")
    pixels = np.full((32, 32, 3), 100, np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png", icc_profile=profile)
    data = (tmp_path / "a.png").read_bytes()
    code = chunk(b"cICP", bytes([9, PQ, 0, 1]))
    (tmp_path / "a.png").write_bytes(data[:33] + code + data[33:])
    photo = read_photo(tmp_path / "a.png")
    assert photo.notes
    assert not photo.profiled
    save = partial(Image.fromarray(pixels).save, tmp_path / "a.avif", quality=100)
    save(icc_profile=profile)
    stored = (tmp_path / "a.avif").read_bytes()
    place = stored.find(b"colrnclx")
    if place >= 0:
        changed = stored[: place + 10] + struct.pack(">H", PQ) + stored[place + 12 :]
        (tmp_path / "a.avif").write_bytes(changed)
    assert read_photo(tmp_path / "a.avif").notes == ()
    assert np.abs(read_photo(tmp_path / "a.avif").pixels.astype(int) - 100).max() <= 2
