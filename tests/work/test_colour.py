"""Do embedded profiles lead to sRGB, and does everything without one follow its stated rule?"""

import struct

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from srkit_core.io.images import read_image, read_photo

SRGB_OF_XYZ = np.linalg.inv(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
ADOBE_TO_XYZ = [
    [0.5767309, 0.1855540, 0.1881852],
    [0.2973769, 0.6273491, 0.0752741],
    [0.0270343, 0.0706872, 0.9911085],
]
P3_TO_XYZ = [
    [0.4865709, 0.2656677, 0.1982173],
    [0.2289746, 0.6917385, 0.0792869],
    [0.0, 0.0451134, 1.0439444],
]
"""RGB to XYZ (D65) of Adobe RGB (1998) and Display P3, as published."""

COLOURS = np.array(
    [
        [200, 90, 60],
        [90, 150, 120],
        [128, 128, 128],
        [250, 240, 230],
        [20, 30, 40],
        [255, 255, 255],
    ],
    dtype=np.uint8,
)


def curved(light):
    return np.where(
        light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055
    )


def expected(colours, matrix, gamma):
    """Work the colours out by hand, from the published primaries."""
    light = (colours / 255) ** gamma @ np.transpose(matrix) @ SRGB_OF_XYZ.T
    return curved(light).clip(0, 1) * 255


def saved(path, samples, mode=None, **options):
    Image.fromarray(samples, mode).save(path, **options)
    return path


ADOBE = imagecodecs.cms_profile("adobergb")
P3 = imagecodecs.cms_profile(
    "rgb",
    whitepoint=[0.3127, 0.329, 1],
    primaries=[0.68, 0.32, 1, 0.265, 0.69, 1, 0.15, 0.06, 1],
    gamma=1.8,
)
"""The primaries of Display P3, under a curve of its own."""


@pytest.mark.parametrize(
    ("profile", "matrix", "gamma"),
    [(ADOBE, ADOBE_TO_XYZ, 563 / 256), (P3, P3_TO_XYZ, 1.8)],
    ids=["adobe", "p3"],
)
@pytest.mark.parametrize("ending", ["png", "tif", "webp"])
def test_a_wide_profile_is_followed_to_srgb(tmp_path, profile, matrix, gamma, ending):
    path = saved(tmp_path / f"a.{ending}", COLOURS[None], icc_profile=profile, lossless=True)
    assert np.abs(read_image(path)[0] - expected(COLOURS, matrix, gamma)).max() <= 1.1


def test_16_bit_follow_a_profile_finely(tmp_path):
    fine = np.array([[[51_400, 23_130, 15_420], [51_500, 23_130, 15_420]]], dtype=np.uint16)
    exact = expected(fine / 257.0, ADOBE_TO_XYZ, 563 / 256) * 257
    (tmp_path / "plain.png").write_bytes(imagecodecs.png_encode(fine))
    with_profile = Image.new("RGB", (2, 1))
    with_profile.save(tmp_path / "profile.png", icc_profile=ADOBE)
    chunk = (tmp_path / "profile.png").read_bytes()
    start = chunk.index(b"iCCP") - 4
    end = chunk.index(b"IDAT") - 4
    plain = (tmp_path / "plain.png").read_bytes()
    (tmp_path / "a.png").write_bytes(plain[:33] + chunk[start:end] + plain[33:])
    photo = read_photo(tmp_path / "a.png")
    assert photo.pixels.dtype == np.uint16
    assert np.abs(photo.pixels - exact).max() < 100
    assert 0 < photo.pixels[0, 1, 0] - int(photo.pixels[0, 0, 0]) < 257


def test_an_srgb_profile_moves_nothing(tmp_path):
    from PIL import ImageCms

    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert np.array_equal(
        read_image(saved(tmp_path / "a.png", pixels, icc_profile=profile)), pixels
    )


@pytest.mark.parametrize("profile", [b"no profile", bytes(500), ADOBE[:200]])
def test_a_broken_profile_is_ignored(tmp_path, profile):
    path = saved(tmp_path / "a.png", COLOURS[None], icc_profile=profile)
    assert np.array_equal(read_image(path)[0], COLOURS)


def test_a_profile_for_other_channels_is_ignored(tmp_path):
    gray = saved(tmp_path / "a.png", COLOURS[:, :1], icc_profile=ADOBE)
    assert np.array_equal(read_image(gray), COLOURS[:, :1, None].repeat(3, axis=2))


def test_alpha_and_palettes_follow_the_profile_too(tmp_path):
    wanted = read_image(saved(tmp_path / "rgb.png", COLOURS[None], icc_profile=ADOBE))
    alpha = np.full((1, len(COLOURS)), 100, dtype=np.uint8)
    seen = read_photo(
        saved(tmp_path / "rgba.png", np.dstack([COLOURS[None], alpha]), icc_profile=ADOBE)
    )
    assert np.array_equal(seen.pixels, wanted)
    assert np.array_equal(seen.alpha, alpha)
    few = Image.fromarray(COLOURS[None]).quantize(len(COLOURS))
    few.save(tmp_path / "few.png", icc_profile=ADOBE)
    assert np.array_equal(read_image(tmp_path / "few.png"), wanted)


def test_a_gray_profile_is_followed(assets, tmp_path):
    path = assets / "camera/realesrgan_wolf_gray.jpg"  # dot gain of 15 %
    stored = np.array(Image.open(path))
    seen = read_image(path)
    assert (seen == seen[:, :, :1]).all()
    assert seen.shape == (*stored.shape, 3)
    difference = seen[:, :, 0].astype(int) - stored
    assert 3 < np.abs(difference).mean() < 30
    assert np.corrcoef(seen[:, :, 0].ravel(), stored.ravel())[0, 1] > 0.99


def test_three_exif_variants_agree_in_colour_where_their_profile_is_the_same(assets):
    turned = [read_image(assets / f"camera/exif_landscape_{number}.jpg") for number in (3, 6)]
    assert np.abs(turned[0].astype(int) - turned[1]).mean() < 4


def cmyk_profile(lab_of):
    """An ICC profile (v2, lut8) that gives each corner of the inks a Lab colour."""
    corners = [(c, m, y, k) for c in (0, 1) for m in (0, 1) for y in (0, 1) for k in (0, 1)]
    nodes = bytes(round(value) for corner in corners for value in lab_of(*corner))
    straight = bytes(range(256))
    matrix = struct.pack(
        ">9i", *(65536 * (row == column) for row in range(3) for column in range(3))
    )
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix + straight * 4 + nodes + straight * 3
    table += bytes(-len(table) % 4)
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    tags = (
        struct.pack(">I", 2)
        + struct.pack(">4sII", b"wtpt", 156, 20)
        + struct.pack(">4sII", b"A2B0", 176, len(table))
    )
    start = struct.pack(
        ">I4sI4s4s4s12s4s",
        176 + len(table),
        b"lcms",
        0x02400000,
        b"prtr",
        b"CMYK",
        b"Lab ",
        bytes(12),
        b"acsp",
    )
    head = start + bytes(24) + struct.pack(">I3i", 1, 63190, 65536, 54061)
    return head.ljust(128, b"\0") + tags + white + table


def test_a_profile_of_inks_is_followed(tmp_path):
    def lab(c, m, y, k):
        lightness = 0 if k else {0: 100, 1: 50}.get(c + m + y, 20)
        return lightness * 2.55, 128, 128

    inks = np.array([[[0, 0, 0, 0], [255, 0, 0, 0], [0, 0, 0, 255]]], dtype=np.uint8)
    path = saved(tmp_path / "a.tif", inks, "CMYK", icc_profile=cmyk_profile(lab))
    seen = read_image(path)[0].astype(int)
    assert (
        np.abs(seen - np.array([[255] * 3, [119] * 3, [0] * 3])).max() <= 2
    )  # L* = 50 is 119 in sRGB
    plain = saved(tmp_path / "b.tif", inks, "CMYK")
    assert read_image(plain)[0].tolist() == [[255, 255, 255], [0, 255, 255], [0, 0, 0]]


def test_adobe_s_inverted_inks(assets):
    seen = read_image(assets / "camera/pillow_pil_sample_cmyk.jpg")
    assert (
        np.abs(
            seen.astype(int)
            - np.array(Image.open(assets / "camera/pillow_pil_sample_cmyk.jpg").convert("RGB"))
        ).max()
        <= 1
    )
