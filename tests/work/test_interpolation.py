from collections.abc import Callable, Iterator
from math import ceil
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from srkit_core.builtin import interpolation, srkit_components
from srkit_core.specs import DegradationSpec, GeneratorSpec

KERNELS = ("bicubic", "bilinear", "nearest", "lanczos")
BORDERS = ("symmetric", "replicate")
SHRINKERS = {spec.name: spec for spec in srkit_components() if isinstance(spec, DegradationSpec)}
ENLARGERS = {spec.name: spec for spec in srkit_components() if isinstance(spec, GeneratorSpec)}
RNG = torch.Generator()


def eight_bit(*shape: int, seed: int = 0) -> Tensor:
    """Noise that uses 0 and 255 often, so that rounding is met on its ties and clipping is met at
    all.
    """
    noise = torch.randint(-128, 384, shape, generator=torch.Generator().manual_seed(seed))
    return noise.clamp(0, 255).float() / 255


def shrink(image: Tensor, kernel: str, scale: int, **options: Any) -> Tensor:
    lr: Tensor = SHRINKERS[kernel].factory(scale=scale, **options)(image, rng=RNG)
    return lr


def enlarge(image: Tensor, kernel: str, scale: int, **options: Any) -> Tensor:
    sr: Tensor = ENLARGERS[kernel].factory(scale=scale, **options)(image)
    return sr


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("factor", [1, 2, 3, 4, 5, 8])
def test_lr_of_a_crop_is_the_crop_of_lr(kernel: str, factor: int, border: str) -> None:
    draw = np.random.default_rng(7)
    image = eight_bit(1, 3, 23 * factor, 31 * factor)
    margin = ceil(SHRINKERS[kernel].margin({"scale": factor, "factor": None}) / factor)
    for quantise in (True, False):
        lr = shrink(image, kernel, factor, border=border, quantise=quantise)
        for _ in range(5):
            top, left = (int(at) for at in draw.integers(0, (16, 24)))
            above, before = max(top - margin, 0), max(left - margin, 0)
            window = image[
                ...,
                above * factor : (top + 8 + margin) * factor,
                before * factor : (left + 8 + margin) * factor,
            ]
            crop = shrink(window, kernel, factor, border=border, quantise=quantise)[
                ..., top - above :, left - before :
            ][..., :8, :8]
            difference = (crop - lr[..., top : top + 8, left : left + 8]).abs().max()
            assert difference == 0 if quantise else difference < 1e-6


def reach(output: Tensor, source: Tensor, first: int, last: int) -> int:
    """How far outside first..last the positions lie that change `output`."""
    (gradient,) = torch.autograd.grad(output.sum(), source)
    touched = [at for at, value in enumerate(gradient.flatten().tolist()) if abs(value) > 1e-12]
    return max(first - touched[0], touched[-1] - last, 0)


@pytest.mark.parametrize("factor", [2, 3, 4, 5, 8])
@pytest.mark.parametrize("kernel", KERNELS)
def test_margin_is_what_is_needed(kernel: str, factor: int) -> None:
    column = torch.rand(1, 1, 9 * factor, 1, dtype=torch.float64, requires_grad=True)
    lr = shrink(column, kernel, factor, quantise=False)
    needed = reach(lr[:, :, 4], column, 4 * factor, 5 * factor - 1)
    assert needed == SHRINKERS[kernel].margin({"scale": 2, "factor": factor})


@pytest.mark.parametrize("kernel", KERNELS)
def test_receptive_field_is_what_is_needed(kernel: str) -> None:
    column = torch.rand(1, 1, 9, 1, dtype=torch.float64, requires_grad=True)
    sr = enlarge(column, kernel, 4, quantise=False)
    assert reach(sr[:, :, 16:20], column, 4, 4) == ENLARGERS[kernel].receptive


def test_factor_is_the_scale_unless_given() -> None:
    image = eight_bit(1, 3, 12, 12)
    assert shrink(image, "bicubic", 4, factor=2).shape == (1, 3, 6, 6)
    assert SHRINKERS["bicubic"].divisor({"scale": 4, "factor": 2}) == 2
    assert SHRINKERS["bicubic"].divisor({"scale": 4, "factor": None}) == 4


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 2), (16, 17), (66, 131)])
def test_shapes(size: tuple[int, int]) -> None:
    image = eight_bit(2, 3, *size)
    assert shrink(image, "bicubic", 4).shape == (2, 3, ceil(size[0] / 4), ceil(size[1] / 4))
    assert enlarge(image, "bicubic", 3).shape == (2, 3, 3 * size[0], 3 * size[1])


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_flat_picture_stays_flat(kernel: str) -> None:
    flat = torch.full((1, 3, 3, 50), 77 / 255)
    assert torch.equal(shrink(flat, kernel, 7), torch.full((1, 3, 1, 8), 77 / 255))
    assert torch.equal(enlarge(flat, kernel, 7), torch.full((1, 3, 21, 350), 77 / 255))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_every_dtype_holds_the_same_bytes(dtype: torch.dtype) -> None:
    image = eight_bit(2, 3, 40, 52)
    for resize in (shrink, enlarge):
        result = resize(image.to(dtype), "bicubic", 3)
        assert result.dtype == dtype
        assert torch.equal(
            (result.float() * 255).round(), (resize(image, "bicubic", 3) * 255).round()
        )


def test_the_input_is_left_alone() -> None:
    image = eight_bit(1, 3, 24, 24)
    for dtype in (torch.float32, torch.float64):
        given = image.to(dtype)
        for quantise in (True, False):
            shrink(given, "nearest", 1, quantise=quantise).mul_(0)
            shrink(given, "bicubic", 2, quantise=quantise)
        assert torch.equal(given, image.to(dtype))


def test_strides_do_not_matter() -> None:
    image = eight_bit(2, 3, 40, 52)
    assert torch.equal(
        shrink(image.to(memory_format=torch.channels_last), "bicubic", 4),
        shrink(image, "bicubic", 4),
    )
    assert shrink(image, "bicubic", 4).is_contiguous()


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("cached", [1, 2**40])
def test_it_does_not_matter_how_many_are_resized_at_once(
    kernel: str, cached: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = eight_bit(5, 3, 37, 22).to(memory_format=torch.channels_last)
    usual = [resize(image, kernel, factor) for resize in (shrink, enlarge) for factor in (2, 3, 8)]
    monkeypatch.setattr(interpolation, "_CACHED", cached)
    again = [resize(image, kernel, factor) for resize in (shrink, enlarge) for factor in (2, 3, 8)]
    assert all(torch.equal(one, other) for one, other in zip(usual, again, strict=True))
    assert all(one.is_contiguous(memory_format=torch.channels_last) for one in usual)


@pytest.fixture
def in_float64() -> Iterator[Callable[[], None]]:
    """Lets float32 products be rounded from now on, as people do for speed, which makes srkit sum
    in float64.
    """
    yield lambda: torch.set_float32_matmul_precision("medium")
    torch.set_float32_matmul_precision("highest")


def both_ways(kernel: str, factor: int) -> Tensor:
    smaller = shrink(eight_bit(1, 3, 256, 320), kernel, factor)
    larger = enlarge(eight_bit(1, 3, 24, 20), kernel, factor)
    return torch.cat([smaller.flatten(), larger.flatten()])


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("factor", [2, 4, 8, 16])
def test_float32_loses_nothing_where_it_is_used(
    kernel: str, factor: int, in_float64: Callable[[], None]
) -> None:
    usual = both_ways(kernel, factor)
    in_float64()
    assert torch.equal(both_ways(kernel, factor), usual)


@pytest.mark.parametrize("quantise", [True, False])
@pytest.mark.parametrize("scale", [3, 4])
def test_autocast_changes_nothing(scale: int, quantise: bool) -> None:
    image = eight_bit(2, 3, 48, 48)
    for resize in (shrink, enlarge):
        outside = resize(image, "bicubic", scale, quantise=quantise)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert (image @ image).dtype == torch.bfloat16
            assert torch.equal(resize(image, "bicubic", scale, quantise=quantise), outside)


@pytest.mark.parametrize(("resize", "pixels"), [(shrink, 3 * 6 * 6), (enlarge, 3 * 96 * 96)])
def test_gradient_flows_without_rounding_only(resize: Callable[..., Tensor], pixels: int) -> None:
    image = torch.rand(1, 3, 24, 24, requires_grad=True)
    (gradient,) = torch.autograd.grad(resize(image, "bicubic", 4, quantise=False).sum(), image)
    assert gradient.sum().item() == pytest.approx(pixels, rel=1e-5)  # weights sum to 1
    (gradient,) = torch.autograd.grad(resize(image, "bicubic", 4).sum(), image)
    assert not gradient.any()


def test_plain_interpolation_is_not_clamped() -> None:
    edge = torch.tensor([0.0, 0, 0, 1, 1, 1]).expand(6, 6)[None, None]
    sr = enlarge(edge, "bicubic", 2, quantise=False)
    assert sr.min() < -0.03
    assert sr.max() > 1.03
    assert enlarge(edge, "bicubic", 2).min() == 0


def test_an_enlarger_is_a_module_without_state() -> None:
    module = ENLARGERS["bicubic"].factory(scale=4)
    assert isinstance(module, nn.Module)
    assert not module.state_dict()
    assert not list(module.parameters())
    module.half().eval()
    assert module(eight_bit(1, 3, 8, 8)).dtype == torch.float32
