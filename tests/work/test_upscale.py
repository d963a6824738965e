"""Is a picture upscaled in tiles the same, and does a network see the sizes it asked for?"""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional

from srkit_core.binding import BoundComponent
from srkit_core.errors import RecipeError
from srkit_core.expressions import parse_call
from srkit_core.models.build import build_network
from srkit_core.models.model import Model
from srkit_core.plan import bind_generator
from srkit_core.registry import Component, discover
from srkit_core.specs import GeneratorSpec
from srkit_core.upscaling.tensor_tiles import AUTO_TILE, exact_tiling, upscale_tiled
from srkit_core.upscaling.tiling import Tiling

RADIUS = 3
"""How far srvgg(blocks=1) sees: three convolutions of 3x3."""


def picture(height, width, batch=1):
    return torch.rand(
        batch, 3, height, width, generator=torch.Generator().manual_seed(height * width)
    )


@pytest.fixture(scope="module")
def convolutional():
    """A network that sees RADIUS pixels far, and would notice a seam: its weights are as large as
    at the start of training.
    """
    bound = bind_generator(discover(), parse_call("srvgg(features=8, blocks=1)"), 2)
    network = build_network(bound).eval()
    with torch.no_grad():
        network.body[-1].weight *= 10
    return Model(network, bound, 2)


def fake(network, scale=2, **traits):
    spec = GeneratorSpec(name="fake", factory=lambda: None, summary="", scales=(scale,), **traits)
    return Model(network, BoundComponent("fake", Component(spec, "srkit-fake", "1"), {}, {}), scale)


class Enlarge(nn.Module):
    """Repeats pixels, and keeps the sizes it was given."""

    def __init__(self):
        super().__init__()
        self.sizes = []

    def forward(self, lr):
        self.sizes.append(tuple(lr.shape[-2:]))
        return functional.interpolate(lr, scale_factor=2.0, mode="nearest")


class OnAGridOfFour(nn.Module):
    """Treats squares of 4x4 pixels as one, so its place on the grid matters.

    Sees one square far.
    """

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.conv = nn.Conv2d(48, 192, 3, padding=1)

    def forward(self, lr):
        return functional.pixel_shuffle(self.conv(functional.pixel_unshuffle(lr, 4)), 8)


@pytest.mark.parametrize("size", [(13, 17), (16, 8), (1, 20), (9, 9)])
def test_tiles_make_the_whole_picture(convolutional, size):
    lr = picture(*size, batch=2)
    whole = upscale_tiled(convolutional, lr)
    assert whole.shape == (2, 3, 2 * size[0], 2 * size[1])
    for tile in range(1, max(size) + 2):
        for overlap in (RADIUS, RADIUS + 2):
            assert (
                upscale_tiled(convolutional, lr, Tiling(tile, overlap)) - whole
            ).abs().max() < 1e-5, (
                tile,
                overlap,
            )


def test_less_overlap_than_the_network_sees_leaves_seams(convolutional):
    lr = picture(13, 17)
    assert (
        upscale_tiled(convolutional, lr, Tiling(5, RADIUS - 1)) - upscale_tiled(convolutional, lr)
    ).abs().max() > 1e-3


@pytest.mark.parametrize("size", [(24, 28), (23, 30), (9, 50)])
@pytest.mark.parametrize("tile", [4, 5, 7, 16])
@pytest.mark.parametrize("smallest", [1, 24])
def test_tiles_lie_on_the_grid_of_the_network_and_are_no_smaller_than_it_takes(
    size, tile, smallest
):
    model = fake(OnAGridOfFour(), size_multiple=4, min_size=smallest)
    lr = picture(*size)
    for overlap in (8, 9, 11):
        assert (
            upscale_tiled(model, lr, Tiling(tile, overlap)) - upscale_tiled(model, lr)
        ).abs().max() < 1e-5


@pytest.mark.parametrize(("tile", "overlap"), [(4, 0), (5, 3), (8, 1), (30, 0)])
def test_tiles_have_the_size_the_network_asks_for(tile, overlap):
    model = fake(Enlarge(), size_multiple=4, min_size=12)
    lr = picture(40, 36)
    assert torch.equal(
        upscale_tiled(model, lr, Tiling(tile, overlap)),
        functional.interpolate(lr, scale_factor=2.0, mode="nearest"),
    )
    assert all(side >= 12 and side % 4 == 0 for size in model.network.sizes for side in size)
    assert len(model.network.sizes) > 1


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 3), (16, 16), (17, 33)])
@pytest.mark.parametrize(
    ("traits", "side"),
    [
        ({}, lambda side: side),
        ({"size_multiple": 8}, lambda side: (side + 7) // 8 * 8),
        ({"min_size": 16}, lambda side: max(side, 16)),
        ({"size_multiple": 8, "min_size": 20}, lambda side: max((side + 7) // 8 * 8, 24)),
    ],
)
def test_pictures_are_padded_to_what_a_network_asks_for_and_cut_back(size, traits, side):
    model = fake(Enlarge(), **traits)
    lr = picture(*size)
    assert torch.equal(model(lr), functional.interpolate(lr, scale_factor=2.0, mode="nearest"))
    assert model.network.sizes == [(side(size[0]), side(size[1]))]


def test_padding_repeats_the_edge():
    class Remember(nn.Module):
        def forward(self, lr):
            self.seen = lr
            return lr

    model = fake(Remember(), scale=1, size_multiple=4)
    lr = picture(3, 5)
    assert torch.equal(model(lr), lr)
    assert model.network.seen.shape == (1, 3, 4, 8)
    assert torch.equal(model.network.seen[..., 3:, :5], lr[..., 2:, :])
    assert torch.equal(model.network.seen[..., :3, 5:], lr[..., 4:].expand(1, 3, 3, 3))


def test_a_precision_is_used_inside_only():
    exact = fake(OnAGridOfFour(), size_multiple=4)
    rough = replace(exact, precision=torch.bfloat16)
    lr = picture(12, 12)
    assert exact.network(lr).dtype == rough(lr).dtype == torch.float32
    assert 1e-5 < (rough(lr) - exact(lr)).abs().max() < 0.05


@pytest.mark.parametrize(
    ("size", "tile"),
    [((512, 512), None), ((512, 513), AUTO_TILE), ((100, 2621), None), ((100, 2622), AUTO_TILE)],
)
def test_auto_cuts_pictures_of_more_than_512_by_512_pixels(convolutional, size, tile):
    lr = torch.empty(1, 3, *size, device="meta")
    assert exact_tiling(convolutional, lr) == Tiling(tile, RADIUS)
    assert exact_tiling(convolutional, lr, 64) == Tiling(64, RADIUS)


def test_a_picture_within_one_tile_is_not_cut():
    model = fake(Enlarge())
    upscale_tiled(model, picture(9, 10), Tiling(10, 4))
    assert model.network.sizes == [(9, 10)]
    upscale_tiled(model, picture(9, 25), Tiling(10, 0))
    assert model.network.sizes[1:] == [(9, 9), (9, 9), (9, 9)]


@pytest.mark.parametrize("wrong", [{"tile": 0}, {"tile": -4}, {"tile": 8, "overlap": -1}])
def test_tiles_that_cover_nothing_are_refused(wrong):
    with pytest.raises(RecipeError, match="covers nothing"):
        Tiling(**wrong)
