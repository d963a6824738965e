"""Is a picture that is upscaled band by band the one that is upscaled whole?"""

import itertools
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch.nn import functional

from srkit_core.errors import DataError, OutOfMemoryError
from srkit_core.io.images import Photo, read_photo, write_photo
from srkit_core.upscaling.alpha import larger_alpha
from srkit_core.upscaling.bands import upscale_bands
from srkit_core.upscaling.batch import Ahead, upscale_batch
from srkit_core.upscaling.hand_over import hand_over
from srkit_core.upscaling.read_ahead import ReadAhead
from srkit_core.upscaling.tile_choice import TileChoice, seams_of
from srkit_core.upscaling.tiling import Tiling, spans, window
from srkit_core.upscaling.upscale_file import Upscaled, upscale_file
from srkit_core.upscaling.upscale_options import UpscaleOptions

REACH = 4


class Blur:
    """Enlarges twice what is averaged over REACH pixels around; a `Backend` without torch."""

    name, device, scale = "blur", "cpu", 2
    size_multiple = min_size = 1

    def __init__(self, receptive=REACH, *, most=None, error=MemoryError):
        self.receptive, self.most, self.error = receptive, most, error
        self.sizes = []

    def __call__(self, lr, /, *, gray=False):
        self.sizes.append(lr.shape[:2])
        if self.most and max(lr.shape[:2]) > self.most:
            raise self.error
        padded = np.pad(lr.astype(np.float64), ((REACH, REACH), (REACH, REACH), (0, 0)), "edge")
        across = sum(padded[i : i + lr.shape[0]] for i in range(2 * REACH + 1))
        both = sum(across[:, i : i + lr.shape[1]] for i in range(2 * REACH + 1))
        mean = np.rint(both / (2 * REACH + 1) ** 2)
        if gray:
            mean = np.repeat(mean[:, :, 1:2], 3, axis=2)
        return mean.astype(lr.dtype).repeat(2, 0).repeat(2, 1)

    def free_bytes(self):
        return None

    def pixel_bytes(self):
        return None


def noise(height, width, kind=np.uint8):
    rng = np.random.default_rng(height * width)
    return rng.integers(0, np.iinfo(kind).max, (height, width, 3), endpoint=True, dtype=kind)


def joined(backend, lr, choice, **options):
    bands = list(upscale_bands(backend, lr, choice, **options))
    assert [one.start for one in bands] == [0, *(one.stop for one in bands[:-1])]
    assert all(len(one.pixels) == backend.scale * (one.stop - one.start) for one in bands)
    return np.concatenate([one.pixels for one in bands])


@pytest.mark.parametrize("size", [(40, 50), (1, 30), (37, 1), (9, 9)])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("tile", [1, 5, 16, 33, 64])
def test_tiles_that_see_all_they_need_make_the_whole_picture(size, kind, tile):
    lr = noise(*size, kind)
    assert np.array_equal(joined(Blur(), lr, TileChoice(tile)), Blur()(lr))
    assert np.array_equal(joined(Blur(), lr, TileChoice(tile), gray=True), Blur()(lr, gray=True))


@pytest.mark.parametrize("tile", [8, 11, 30])
def test_a_blended_overlap_of_what_is_needed_changes_nothing(tile):
    lr = noise(40, 50)
    assert seams_of(Blur(100), 8).blend == REACH
    assert np.array_equal(joined(Blur(100), lr, TileChoice(tile, 8)), Blur()(lr))


def test_less_overlap_is_blended_and_differs_less_than_a_cut():
    lr = noise(40, 50)
    exact = Blur()(lr).astype(int)
    cut = np.abs(joined(Blur(2), lr, TileChoice(10, 2)).astype(int) - exact).max()
    blended = np.abs(joined(Blur(REACH), lr, TileChoice(10, 2)).astype(int) - exact).max()
    assert 0 < blended < cut


def test_progress_ends_at_every_pixel():
    told = []
    joined(Blur(), noise(20, 30), TileChoice(10), report=lambda *one: told.append(one))
    assert [done for done, _ in told] == [120, 200, 300, 420, 500, 600]
    assert {total for _, total in told} == {600}


@pytest.mark.parametrize("unit", [1, 2, 8])
@pytest.mark.parametrize(("length", "tile", "overlap"), [(5472, 254, 16), (100, 9, 3), (64, 1, 4)])
def test_all_tiles_of_a_side_see_equally_much(length, tile, overlap, unit):
    blur = Blur()
    blur.size_multiple = unit
    tiling = Tiling(tile, overlap)
    cut = [*spans(length, tiling, blur)]
    assert [one.start for one in cut] == [0, *(one.stop for one in cut[:-1])]
    assert cut[-1].stop == length
    seen = {one.seen_stop - one.seen_start for one in cut}
    assert max(seen) == window(length, tiling, blur)
    assert max(seen) - min(seen) < unit
    assert all(one.seen_start <= max(one.start - overlap, 0) for one in cut)
    assert all(one.seen_stop >= min(one.stop + overlap, length) for one in cut)
    work = sum(one.seen_stop - one.seen_start for one in cut)
    if unit == 1:
        assert work <= length + (len(cut) - 1) * 2 * overlap + len(cut) - 1


def test_a_tile_that_was_asked_for_is_kept_and_the_least_is_tried_once(tmp_path):
    write_photo(tmp_path / "a.png", Photo(noise(90, 90)))
    for asked, hint in ((60, "--tile 32"), (None, "a smaller network")):
        backend = Blur(most=20)
        with pytest.raises(OutOfMemoryError, match=r"a.png was upscaled to 180x180") as caught:
            upscale_file(
                UpscaleOptions(""),
                backend,
                tmp_path / "a.png",
                tmp_path / "b.png",
                TileChoice(asked),
            )
        assert caught.value.hint.startswith(hint)
        assert len(backend.sizes) == (1 if asked else 2)
    assert [one.name for one in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_alpha_is_that_of_the_whole_and_of_torch(scale, kind):
    alpha = noise(41, 7, kind)[:, :, 0]
    full = np.iinfo(kind).max
    larger = larger_alpha(alpha, scale, 0, 41)
    unit = torch.from_numpy(alpha.astype(np.float64))[None, None]
    wanted = functional.interpolate(unit, scale_factor=float(scale), mode="bicubic")[0, 0]
    wanted = wanted.clamp(0, full).round().numpy()
    assert np.abs(larger - wanted).max() <= 1
    assert np.abs(larger - wanted).mean() < 0.01
    parts = [larger_alpha(alpha, scale, *one) for one in ((0, 3), (3, 40), (40, 41))]
    assert np.array_equal(np.concatenate(parts), larger)


@pytest.mark.parametrize("ending", ["png", "tif", "webp", "jp2", "jxl"])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_bands_write_what_the_whole_does(tmp_path, ending, kind):
    alpha = noise(40, 50, kind)[:, :, 0]
    write_photo(tmp_path / "a.png", Photo(noise(40, 50, kind), alpha))
    for name, tile in (("whole", None), ("tiles", 7)):
        upscale_file(
            UpscaleOptions(""),
            Blur(),
            tmp_path / "a.png",
            tmp_path / f"{name}.{ending}",
            TileChoice(tile),
        )
    whole, tiles = (read_photo(tmp_path / f"{name}.{ending}") for name in ("whole", "tiles"))
    assert whole.pixels.shape == (80, 100, 3)
    assert np.array_equal(whole.pixels, tiles.pixels)
    assert np.array_equal(whole.alpha, tiles.alpha)


def test_the_next_picture_is_read_ahead_and_a_broken_one_is_told_in_its_turn(tmp_path):
    paths = [tmp_path / f"{name}.png" for name in "abcd"]
    for path in paths:
        write_photo(path, Photo(noise(4, 5)))
    paths[1].write_bytes(b"no picture")
    with ReadAhead(paths) as read:
        assert read(paths[0]).pixels.shape == (4, 5, 3)
        with pytest.raises(DataError, match=r"b\.png"):
            read(paths[1])
        assert read(paths[3]).pixels.shape == read(paths[2]).pixels.shape == (4, 5, 3)
    assert not [one for one in threading.enumerate() if one.name.startswith("srkit-read")]


class Stopped(Blur):
    """Is stopped by a person at its third tile."""

    def __call__(self, lr, /, *, gray=False):
        if len(self.sizes) == 2:
            raise KeyboardInterrupt
        return super().__call__(lr, gray=gray)


@pytest.mark.parametrize("ending", ["png", "tif", "jpg"])
def test_nothing_is_left_of_a_picture_that_was_stopped(tmp_path, ending):
    write_photo(tmp_path / "a.png", Photo(noise(40, 10)))
    with pytest.raises(KeyboardInterrupt):
        upscale_file(
            UpscaleOptions(""),
            Stopped(),
            tmp_path / "a.png",
            tmp_path / f"b.{ending}",
            TileChoice(10),
        )
    assert [one.name for one in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.slow
def test_memory_does_not_grow_with_the_picture(tmp_path):
    peaks = []
    for rows in (400, 3200):
        lr = np.zeros((rows, 300, 3), np.uint8)
        write_photo(tmp_path / "a.png", Photo(lr))
        tracemalloc.start()
        upscale_file(
            UpscaleOptions(""), Blur(), tmp_path / "a.png", tmp_path / "b.png", TileChoice(50)
        )
        peaks.append(tracemalloc.get_traced_memory()[1] - lr.nbytes)
        tracemalloc.stop()
    grown = (peaks[1] - peaks[0]) / (2800 * 300 * 4)
    assert grown < 4


class View:
    def __init__(self):
        self.pixels, self.upscaled, self.failed = [], [], []

    def on_pixels(self, picture, done, total):
        self.pixels.append((done, total))

    def on_upscaled(self, source, target, result):
        self.upscaled.append(source.name)

    def on_failed(self, source, error):
        self.failed.append(source.name)


class Slow:
    """Begins with pictures whose files are written once so many are begun."""

    def __init__(self, broken="", enough=2):
        self.broken, self.enough, self.begun, self.ended = broken, enough, [], []
        self.written, self.most = threading.Event(), 0

    def __call__(self, source, target, report, writers):
        report(10, 20)
        if source.name == "3.png" and self.broken == "stopped":
            raise KeyboardInterrupt
        if source.name == "3.png" and self.broken == "read":
            raise DataError("broken", hint="mend it")
        self.begun.append(source.name)
        self.most = max(self.most, len(self.begun) - len(self.ended))
        if len(self.begun) == self.enough:
            self.written.set()
        return writers.submit(self._write, source.name)

    def _write(self, name):
        assert self.written.wait(10)
        self.ended.append(name)
        if name == "3.png" and self.broken == "write":
            raise DataError("broken", hint="mend it")
        return Upscaled((4, 5), (8, 10))


@pytest.fixture
def tasks(tmp_path):
    found = [(tmp_path / f"{i}.png", tmp_path / f"out/{i}.png") for i in range(5)]
    for source, _ in found:
        write_photo(source, Photo(noise(4, 5)))
    return found


@pytest.mark.parametrize("broken", ["read", "write"])
def test_pictures_are_computed_while_others_are_written(tasks, broken):
    """In their order; one that fails costs no other."""
    view, begin = View(), Slow(broken)
    with pytest.raises(DataError, match=r"1 picture was not upscaled: .*3\.png: broken"):
        upscale_batch(tasks, begin, view, Ahead(3))
    assert view.upscaled == ["0.png", "1.png", "2.png", "4.png"]
    assert view.failed == ["3.png"]
    assert view.pixels[0] == (0, 100)
    assert view.pixels[-1] == (80, 80)
    assert not [one for one in threading.enumerate() if one.name.startswith("srkit-write")]


def test_what_is_computed_is_written_when_a_batch_is_stopped(tasks):
    begin = Slow("stopped")
    with pytest.raises(KeyboardInterrupt):
        upscale_batch(tasks, begin, View(), Ahead(3))
    assert begin.begun == ["0.png", "1.png", "2.png"]
    assert sorted(begin.ended) == begin.begun


@pytest.mark.parametrize(
    ("ahead", "most"),
    [
        (Ahead(1), 1),
        (Ahead(2), 2),
        (Ahead(9), 5),
        (Ahead(9, 12, 3 * 20 * 12), 3),
        (Ahead(9, 9, 1), 1),
    ],
)
def test_what_waits_to_be_written_is_bounded(tasks, ahead, most):
    begin = Slow(enough=most)
    upscale_batch(tasks, begin, View(), ahead)
    assert begin.most == most


def test_what_fails_on_one_side_ends_the_other():
    def use(things):
        return sum(things)

    def broken(things):
        raise DataError(f"no {next(things)}", hint="mend it")

    def ended():
        yield 1
        raise DataError("ended", hint="mend it")

    with ThreadPoolExecutor(1) as helpers:
        assert hand_over(iter(range(9)), use, helpers).result() == 36
        with pytest.raises(DataError, match="no 0"):
            hand_over(itertools.count(), broken, helpers)
        with pytest.raises(DataError, match="ended"):
            hand_over(ended(), use, helpers)


def test_memory_of_a_gpu_that_runs_out_halves_the_tile_and_goes_on(tmp_path):
    lr = noise(200, 150)
    write_photo(tmp_path / "a.png", Photo(lr))
    backend = Blur(most=70, error=torch.OutOfMemoryError)
    upscale_file(UpscaleOptions(""), backend, tmp_path / "a.png", tmp_path / "b.png")
    assert np.array_equal(read_photo(tmp_path / "b.png").pixels, Blur()(lr))
    assert max(backend.sizes[0]) > 70 >= max(backend.sizes[-1])
