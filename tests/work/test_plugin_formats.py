"""Is a format of pictures that a plugin brings read, trained on and written, and is one that is
broken named and held back?
"""

import struct

import numpy as np
import pytest

from srkit_core.cli.app import run
from srkit_core.errors import DataError, PluginError
from srkit_core.installed_formats import announced_formats
from srkit_core.interfaces import PictureFormat
from srkit_core.io.images import image_size, read_image, read_photo, write_image
from srkit_core.registry import discover
from srkit_core.specs import FormatSpec

MAGIC = b"ZZ\x01P"


class Plain:
    """Magic, height, width and RGB."""

    def size(self, path):
        return struct.unpack(">HH", path.read_bytes()[4:8])

    def decode(self, path):
        height, width = self.size(path)
        pixels = np.frombuffer(path.read_bytes()[8:], np.uint8)
        return pixels.reshape(height, width, 3)

    def encode(self, samples):
        return MAGIC + struct.pack(">HH", *samples.shape[:2]) + samples.tobytes()


class Odd(Plain):
    def __init__(self, made):
        self.made = made

    def decode(self, path):
        return self.made(super().decode(path))


def form(make=Plain, name="plain", **about):
    def made() -> PictureFormat:
        """Make one."""
        return make()

    told = {"endings": (".zzp",), "starts": (MAGIC,), "written": (".zzp",), **about}
    return FormatSpec(name=name, factory=made, summary="a format", **told)


@pytest.fixture
def announced(installed):
    def announce(*specs):
        installed(*specs, distribution="zz-plain")
        announced_formats.cache_clear()

    yield announce
    announced_formats.cache_clear()


def noise(side=64, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (side, side + 8, 3), dtype=np.uint8)


def test_a_file_is_read_and_written(announced, tmp_path):
    announced(form())
    path = tmp_path / "a.zzp"
    write_image(path, noise())
    assert path.read_bytes()[:4] == MAGIC
    assert np.array_equal(read_image(path), noise())
    assert image_size(path) == (64, 72)
    path.rename(tmp_path / "a.png")  # the first bytes say what a file is
    assert np.array_equal(read_photo(tmp_path / "a.png").pixels, noise())


def test_a_folder_of_them_is_trained_on_and_upscaled(announced, tmp_path, capsys):
    announced(form())
    for number in range(3):
        write_image(tmp_path / f"in/{number}.zzp", noise(seed=number))
    words = ["train", "--gen", "srvgg(features=4, blocks=1)", "--steps", "1", "--batch", "1"]
    words += ["--patch", "32", "--data", str(tmp_path / "in"), "--out", str(tmp_path / "run")]
    assert run([*words, "--device", "cpu", "--workers", "1"]) == 0
    source, out = str(tmp_path / "in/0.zzp"), tmp_path / "out.zzp"
    assert run(["upscale", "bicubic", source, "--scale", "2", "--out", str(out)]) == 0
    assert image_size(out) == (128, 144)
    capsys.readouterr()


def test_bytes_of_a_format_of_srkit_are_srkits(announced, tmp_path):
    def everything(head):
        return True

    def broken(*_):
        raise AssertionError("nobody asks it")

    announced(form(lambda: Odd(broken), starts=(b"\x89PNG",), sniff=everything))
    for ending in ("png", "jpg", "webp", "ppm", "tga", "gif"):
        path = tmp_path / f"a.{ending}"
        if ending in ("tga", "gif"):
            from PIL import Image

            Image.fromarray(noise()).save(path)
        else:
            write_image(path, noise())
        assert read_image(path).shape == (64, 72, 3)


@pytest.mark.parametrize(
    ("made", "fact"),
    [
        (
            lambda pixels: pixels.astype(float),
            "TypeError: it returned float64, not uint8",
        ),
        (lambda pixels: None, "TypeError: it returned NoneType, not uint8 or uint16"),
        (lambda pixels: pixels[None], "ValueError: it returned an array of shape (1, 64, 72, 3)"),
        (
            lambda pixels: pixels[:9],
            "ValueError: it returned (9, 72), and its header said",
        ),
        (lambda pixels: pixels[0, 0, 0, 0], "IndexError: too many indices for array"),
    ],
)
def test_a_broken_decoder_is_named(announced, tmp_path, made, fact):
    announced(form(lambda: Odd(made)))
    path = tmp_path / "a.zzp"
    write_image(path, noise())
    with pytest.raises(DataError) as caught:
        read_image(path)
    named = f"cannot read {path}: format 'zz-plain/plain' fails at it: {fact}"
    assert caught.value.message.startswith(named)


def test_a_header_that_promises_too_much_is_refused(announced, tmp_path):
    class Huge(Plain):
        def size(self, path):
            return 10**6, 10**6

    announced(form(Huge))
    write_image(tmp_path / "a.zzp", noise())
    with pytest.raises(DataError, match="more pixels than the limit"):
        read_image(tmp_path / "a.zzp")


def test_one_that_cannot_be_made_or_asked_is_of_its_own_files_alone(announced, tmp_path):
    def failing(head):
        raise OSError("no")

    announced(form(dict, starts=(), sniff=failing), form(dict, "other", endings=(".zzo",)))
    (tmp_path / "a.zzp").write_bytes(MAGIC + b"1234")
    with pytest.raises(DataError, match="'zz-plain/other' fails at it: TypeError: it is a dict"):
        read_image(tmp_path / "a.zzp")
    (tmp_path / "b.zzp").write_bytes(b"unknown to all of them")
    with pytest.raises(DataError, match="it is not a picture of a known format"):
        read_image(tmp_path / "b.zzp")


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        ({"starts": ()}, "no first bytes tell its files: give starts or sniff"),
        ({"starts": (b"",)}, "no first bytes tell its files: give starts or sniff"),
    ],
)
def test_an_announcement_that_claims_no_file_or_every_one_is_refused(told, fault):
    with pytest.raises(PluginError, match=f"format 'plain': {fault}"):
        discover(limit=()).with_components(form(**told))
