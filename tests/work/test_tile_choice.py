"""Are tiles as large as pays and as memory allows, and is little computed twice?"""

import time

import numpy as np
import pytest

from srkit_core.specs import EVERYWHERE
from srkit_core.upscaling.bands import upscale_bands
from srkit_core.upscaling.tile_choice import (
    HOST_BUDGET,
    PAYS,
    PAYS_BEYOND,
    SEEN_OF_EVERYWHERE,
    TileChoice,
    seams_of,
)

NEAR, FAR = 10, 80
COMPACT, LARGE = 1_100, 12_864
"""Bytes that a pixel takes in compact-x4, and in RRDB with 64 features."""
LOTS = 2**40


class Network:
    """Enlarges twice by repeating pixels; a `Backend`."""

    name, scale, size_multiple, min_size = "fake", 2, 1, 1

    def __init__(self, receptive=NEAR, free=LOTS, pixel_bytes=COMPACT, *, device="cpu", most=None):
        self.receptive, self.device, self.most, self.sizes = receptive, device, most, []
        self.free, self.bytes = free, pixel_bytes

    def __call__(self, lr, /, *, gray=False):
        self.sizes.append(lr.shape[:2])
        if self.most and lr.shape[0] * lr.shape[1] > self.most:
            raise MemoryError
        return lr.repeat(2, 0).repeat(2, 1)

    def free_bytes(self):
        return self.free

    def pixel_bytes(self):
        return self.bytes


def cut(network, size, tile=None, overlap=None):
    return TileChoice(tile, overlap).cut(network, size)


def test_a_compact_network_takes_little_memory_for_20_megapixels():
    """At most a tenth is computed twice, and no more than that takes is held."""
    found = cut(Network(), (3648, 5472))
    assert 1.05 < found.cost <= PAYS
    assert found.pixels * COMPACT < 2**28
    assert (found.rows.overlap, found.rows.blend) == (NEAR, 0)


@pytest.mark.parametrize(
    ("free", "most", "least_cost", "most_cost"),
    [(LOTS, 2**36, 1.2, PAYS_BEYOND), (2**34, 2**33, 1.4, 1.7), (2**32, 2**31, 2.4, 3.0)],
)
def test_a_network_that_looks_far_takes_more_memory_up_to_half_of_what_is_free(
    free, most, least_cost, most_cost
):
    found = cut(Network(FAR, free, LARGE), (3648, 5472))
    assert found.rows.overlap == found.columns.overlap == FAR
    assert HOST_BUDGET < found.pixels * LARGE <= most
    assert least_cost < found.cost <= most_cost


def test_rows_and_columns_are_cut_as_costs_least():
    """A picture a little too large is cut into two strips, of which each sees all columns."""
    found = cut(Network(FAR, 2**32 + 2**30, LARGE), (512, 512))
    assert (found.rows.tile, found.columns.tile) == (176, None)
    assert found.cost == pytest.approx(2 * (176 + 2 * FAR) / 512)
    square = cut(Network(FAR, 2**32 + 2**30, LARGE), (512, 512), tile=176)
    assert square.cost == pytest.approx(found.cost**2)


@pytest.mark.parametrize(
    ("network", "size"),
    [
        (Network(), (900, 1000)),
        (Network(free=None, pixel_bytes=None), (100, 160)),
        (Network(FAR, 2**33, LARGE), (512, 512)),
        (Network(free=1, pixel_bytes=LARGE), (128, 128)),
    ],
)
def test_pictures_that_have_room_are_whole(network, size):
    found = cut(network, size)
    assert (found.rows.tile, found.columns.tile, found.tile) == (None, None, None)
    assert (found.pixels, found.cost) == (size[0] * size[1], 1)


def test_a_tile_that_is_asked_for_is_taken_with_the_overlap_that_matters():
    found = cut(Network(FAR, pixel_bytes=LARGE), (1000, 1500), tile=128)
    assert (found.rows.tile, found.columns.tile, found.rows.overlap) == (128, 128, FAR)
    assert found.cost == pytest.approx((7 * 280) * (11 * 282) / 1.5e6, rel=0.01)
    assert cut(Network(FAR), (1000, 1500), tile=128, overlap=16).rows.overlap == 16


def test_where_nothing_fits_the_smallest_tiles_are_tried():
    found = cut(Network(free=1, pixel_bytes=LARGE), (200, 300))
    assert (found.rows.tile, found.columns.tile) == (36, 35)


def test_an_overlap_that_misses_something_that_matters_is_blended():
    assert seams_of(Network(FAR)).blend == seams_of(Network(FAR), FAR + 1).blend == 0
    assert (seams_of(Network(FAR), 40).overlap, seams_of(Network(FAR), 40).blend) == (40, 20)


@pytest.mark.parametrize(
    ("free", "size", "largest"),
    [(LOTS, (3000, 4000), 12_000_000), (2**33, (3000, 4000), 2**32 // 2**14), (1, (99, 99), 9801)],
)
def test_a_network_that_looks_everywhere_is_cut_only_where_memory_asks_for_it(free, size, largest):
    found = cut(Network(EVERYWHERE, free, 2**14), size)
    assert 0.85 * largest < found.pixels <= largest
    assert (found.rows.overlap, found.rows.blend) == (SEEN_OF_EVERYWHERE, SEEN_OF_EVERYWHERE // 2)
    assert cut(Network(EVERYWHERE), size, tile=50).tile == 50


def test_a_gpu_gives_half_of_what_is_free():
    there = Network(FAR, 2**36, LARGE, device="cuda")
    found = cut(there, (3648, 5472))
    assert 2**34 < found.pixels * LARGE <= 2**35
    assert found.cost < PAYS_BEYOND


def test_windows_that_do_not_fit_have_their_sides_halved_and_that_is_remembered():
    lr = np.random.default_rng(0).integers(0, 255, (200, 150, 3), np.uint8)
    choice, network = TileChoice(), Network(most=5000)
    bands = [one.pixels for one in upscale_bands(network, lr, choice)]
    assert np.array_equal(np.concatenate(bands), lr.repeat(2, 0).repeat(2, 1))
    tried = [height * width for height, width in network.sizes if height * width > 5000]
    assert tried[0] == 30_000
    assert len(tried) == 2
    assert tried[1] <= 30_000 / 4
    again = Network(most=5000)
    [*upscale_bands(again, lr.swapaxes(0, 1), choice)]
    assert max(height * width for height, width in again.sizes) <= 5000


def test_the_choice_is_quick_even_for_a_hundred_megapixels():
    started = time.process_time()
    cut(Network(FAR, 2**33, LARGE), (8664, 11552))
    assert time.process_time() - started < 2


def test_a_person_is_told_what_a_wide_overlap_costs_and_of_a_whole_that_was_cut():
    far, choice = Network(FAR, 2**32, LARGE), TileChoice()
    (dear,) = choice.notes(far, (3648, 5472))
    assert dear == (
        "its tiles see 80 pixels of each other, which takes 2.5 times a whole picture's work; "
        "--overlap 16 takes 1.2, with seams"
    )
    assert TileChoice(overlap=FAR).notes(far, (3648, 5472)) == ()
    assert choice.notes(far, (200, 200)) == choice.notes(Network(), (3648, 5472)) == ()
    (cut_up,) = choice.notes(Network(EVERYWHERE, 2**32, LARGE), (3648, 5472))
    assert "computes something from all it sees" in cut_up
