"""Does a metric see the pixels that the published tables were made from?"""

import pytest
import torch

from srkit_core.errors import DataError
from srkit_core.evaluation.protocol import Protocol, luma


def rgb(*colour):
    return torch.tensor(colour, dtype=torch.float64).view(1, 3, 1, 1)


@pytest.mark.parametrize(
    ("colour", "level"),
    [
        ((0, 0, 0), 16),
        ((1, 1, 1), 235),
        ((1, 0, 0), 81.481),
        ((0, 1, 0), 144.553),
        ((0, 0, 1), 40.966),
        ((0.5, 0.5, 0.5), 125.5),
    ],
)
def test_luma_is_that_of_bt_601(colour, level):
    assert luma(rgb(*colour)).shape == (1, 1, 1, 1)
    assert luma(rgb(*colour)).item() * 255 == pytest.approx(level, abs=1e-9)


def test_luma_is_not_rounded():
    assert luma(rgb(1 / 255, 0, 0)).item() * 255 == pytest.approx(16 + 65.481 / 255, abs=1e-9)


def test_a_picture_is_clamped_rounded_and_cut():
    picture = torch.full((1, 3, 6, 8), 100.4 / 255)
    picture[..., 2:4, 2:6] = torch.tensor([-0.2, 1.2, 7.6 / 255, 8.4 / 255]).expand(2, 4)
    prepared = Protocol("rgb", 2).prepare(picture)
    assert (prepared.dtype, prepared.shape) == (torch.float64, (1, 3, 2, 4))
    assert (prepared[0, 0, 0] * 255).tolist() == pytest.approx([0, 255, 8, 8], abs=1e-5)
    whole = Protocol("y", 2).whole(picture)
    assert (whole.dtype, whole.shape) == (torch.float32, (1, 3, 6, 8))
    assert whole[0, 0, 0, 0] * 255 == 100


def test_without_a_border_everything_is_seen():
    picture = torch.rand(2, 3, 5, 4, generator=torch.Generator().manual_seed(0))
    assert Protocol("rgb", 0).prepare(picture).shape == (2, 3, 5, 4)
    assert Protocol("y", 0).prepare(picture).shape == (2, 1, 5, 4)
    assert Protocol("y", 1).prepare(picture).shape == (2, 1, 3, 2)


def test_rounding_may_be_left_out():
    exact = Protocol("rgb", 0, quantise=False)
    assert exact.prepare(torch.full((1, 3, 2, 2), 0.123)).unique().item() == pytest.approx(
        0.123, abs=1e-7
    )
    assert exact.prepare(torch.full((1, 3, 2, 2), 1.5)).unique().item() == 1


def test_a_border_that_leaves_nothing_is_an_error():
    picture = torch.zeros(1, 3, 9, 8)
    assert Protocol("y", 3).prepare(picture).shape == (1, 1, 3, 2)
    with pytest.raises(DataError, match="nothing is left of 8x9 pixels without a border of 4"):
        Protocol("y", 4).prepare(picture)


def test_a_protocol_describes_itself():
    assert Protocol("y", 4).describe() == {
        "channel": "y",
        "definition": "Y = 16 + (65.481 R + 128.553 G + 24.966 B) / 255, not rounded",
        "border": 4,
        "quantisation": "8 bit",
    }
    assert Protocol("rgb", 0, quantise=False).describe() == {
        "channel": "rgb",
        "definition": "RGB",
        "border": 0,
        "quantisation": "none",
    }
