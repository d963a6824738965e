from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor, pi, sin
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from srkit_core.builtin import Border, Kernel, interpolation
from srkit_core.builtin.interpolation import Enlarge, Shrink

SET5 = ("baby", "bird", "butterfly", "head", "woman")
SIZES = [(13, 21), (5, 3), (1, 1), (2, 7)]
RNG = torch.Generator()


def resize(
    image: Tensor, kernel: Kernel, scale: Fraction, border: Border, quantise: bool
) -> Tensor:
    if scale < 1:
        return Shrink(kernel, scale.denominator, border=border, quantise=quantise)(image, rng=RNG)
    enlarged: Tensor = Enlarge(kernel, scale.numerator, border=border, quantise=quantise)(image)
    return enlarged


def shrink(image: Tensor, kernel: Kernel, factor: int, border: Border = "symmetric") -> Tensor:
    return resize(image, kernel, Fraction(1, factor), border, quantise=True)


def picture(path: Path) -> Tensor:
    pixels = np.array(Image.open(path).convert("RGB"))
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255


def whole_blocks(hr: Tensor, scale: int) -> Tensor:
    height, width = (side // scale * scale for side in hr.shape[-2:])
    return hr[..., :height, :width]


@pytest.mark.parametrize("name", SET5)
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_official_lr_files_are_reproduced(assets: Path, name: str, scale: int) -> None:
    set5 = assets / "benchmarks" / "Set5"
    hr = whole_blocks(picture(set5 / "HR" / f"{name}.png"), scale)
    assert torch.equal(
        shrink(hr, "bicubic", scale), picture(set5 / f"LRx{scale}" / f"{name}x{scale}.png")
    )


@pytest.mark.parametrize("name", SET5)
def test_lr_files_with_replicated_border_are_reproduced(assets: Path, name: str) -> None:
    set5 = assets / "benchmarks" / "Set5"
    hr = whole_blocks(picture(set5 / "HR" / f"{name}.png"), 4)
    assert torch.equal(
        shrink(hr, "bicubic", 4, "replicate"), picture(set5 / "LRx4_selfexsr" / f"{name}.png")
    )


def cubic(x: Fraction) -> Fraction:
    x = abs(x)
    if x <= 1:
        return Fraction(3, 2) * x**3 - Fraction(5, 2) * x**2 + 1
    return -(x**3) / 2 + Fraction(5, 2) * x**2 - 4 * x + 2 if x < 2 else Fraction(0)


def triangle(x: Fraction) -> Fraction:
    return max(1 - abs(x), Fraction(0))


def box(x: Fraction) -> Fraction:
    return Fraction(-Fraction(1, 2) <= x < Fraction(1, 2))


def lanczos3(x: Fraction) -> Fraction:
    if x == 0 or abs(x) >= 3:
        return Fraction(x == 0)
    return Fraction(3 * sin(pi * x) * sin(pi * x / 3) / (pi * x) ** 2)


EXACT: dict[Kernel, tuple[Callable[[Fraction], Fraction], int]] = {
    "bicubic": (cubic, 4),
    "bilinear": (triangle, 2),
    "nearest": (box, 1),
    "lanczos": (lanczos3, 6),
}


def inside(position: int, side: int, border: Border) -> int:
    there_and_back = [*range(side), *reversed(range(side))]
    return (
        there_and_back[position % (2 * side)]
        if border == "symmetric"
        else min(max(position, 0), side - 1)
    )


def contributions(
    side: int, kernel: Kernel, scale: Fraction, border: Border
) -> list[dict[int, Fraction]]:
    """The weights of imresize as its documentation describes them, positions counted from 1."""
    function, width = EXACT[kernel]
    stretch = scale if scale < 1 and kernel != "nearest" else Fraction(1)
    rows = []
    for x in range(1, ceil(side * scale) + 1):
        u = x / scale + (1 - 1 / scale) / 2
        left = floor(u - width / stretch / 2)
        taps = [
            (i, function(stretch * (u - i))) for i in range(left, left + ceil(width / stretch) + 2)
        ]
        total = sum(weight for _, weight in taps)
        row: dict[int, Fraction] = {}
        for i, weight in taps:
            at = inside(i - 1, side, border)
            row[at] = row.get(at, 0) + weight / total
        rows.append(row)
    return rows


def exact_pass(
    columns: list[list[Fraction]], kernel: Kernel, scale: Fraction, border: Border, quantise: bool
) -> list[list[Fraction]]:
    """Resize columns; returns the rows of the result, which are the columns of the next pass."""
    rows = contributions(len(columns[0]), kernel, scale, border)
    sums = [
        [sum((weight * column[i] for i, weight in row.items()), Fraction(0)) for column in columns]
        for row in rows
    ]
    return (
        [[Fraction(min(max(floor(v + Fraction(1, 2)), 0), 255)) for v in row] for row in sums]
        if quantise
        else sums
    )


def exact(image: Tensor, kernel: Kernel, scale: Fraction, border: Border, quantise: bool) -> Tensor:
    columns = [
        [Fraction(v) for v in column] for column in (image[0, 0].T * 255).round().int().tolist()
    ]
    rows = exact_pass(columns, kernel, scale, border, quantise)
    columns = exact_pass(rows, kernel, scale, border, quantise)
    return (
        torch.tensor([[float(v) for v in column] for column in columns], dtype=torch.float64).T[
            None, None
        ]
        / 255
    )


@pytest.mark.parametrize("quantise", [True, False])
@pytest.mark.parametrize("border", ["symmetric", "replicate"])
@pytest.mark.parametrize("kernel", EXACT)
@pytest.mark.parametrize("scale", ["1/8", "1/6", "1/4", "1/3", "1/2", "1", "2", "3", "4"])
def test_resizing_is_imresize(kernel: Kernel, scale: str, border: Border, quantise: bool) -> None:
    ratio = Fraction(scale)
    for size in SIZES:
        # 0 and 255 are frequent, so that ties and clipping are.
        noise = torch.randint(-128, 384, (1, 1, *size), generator=torch.Generator().manual_seed(0))
        image = noise.clamp(0, 255).float() / 255
        result = resize(image, kernel, ratio, border, quantise)
        expected = exact(image, kernel, ratio, border, quantise)
        if ratio <= 1:
            expected = expected.clamp(0, 1)  # LR is clipped, SR is not
        assert result.shape == expected.shape
        assert (
            torch.equal(result, expected.float())
            if quantise
            else torch.allclose(result.double(), expected, rtol=0, atol=1e-6)
        )


def test_halves_are_rounded_up_after_each_pass() -> None:
    half_black = torch.tensor([[0.0, 0.0], [1.0, 1.0]])[None, None]
    assert shrink(half_black, "bilinear", 2) == torch.tensor(128 / 255)
    # 1.5 from twelfths, which floats cannot hold.
    twelfths = torch.tensor([0.0, 0, 0, 3, 3, 3])[:, None].expand(6, 6)[None, None] / 255
    assert shrink(twelfths, "bilinear", 6) == torch.tensor(2 / 255)


def test_a_second_batch_takes_nothing_from_the_host(monkeypatch):
    shrink, rng = Shrink("bicubic", 4, border="symmetric", quantise=True), torch.Generator()
    first = shrink(torch.rand(2, 3, 32, 48), rng=rng)
    assert first.shape == (2, 3, 8, 12)
    monkeypatch.setattr(torch, "tensor", lambda *_, **__: pytest.fail("a tensor was made anew"))
    assert shrink(torch.rand(2, 3, 32, 48), rng=rng).isfinite().all()


def test_what_was_kept_under_inference_has_a_gradient_later():
    enlarge = Enlarge("bicubic", 2, border="symmetric", quantise=False)
    with torch.inference_mode():
        enlarge(torch.rand(1, 3, 8, 8))
    picture = torch.rand(1, 3, 8, 8, requires_grad=True)
    enlarge(picture).sum().backward()
    assert picture.grad is not None
    assert float(picture.grad.sum()) == pytest.approx(4 * 3 * 8 * 8, rel=1e-5)


def test_a_gpu_makes_nan_of_what_is_not_finite(monkeypatch):
    """As on a card, where nothing is read: the check says what it found, and raises nothing."""
    shrink, rng = Shrink("bicubic", 2, border="symmetric", quantise=True), torch.Generator()
    monkeypatch.setattr(interpolation, "_finite", lambda picture: picture.isfinite().all())
    picture = torch.rand(1, 3, 8, 8)
    assert shrink(picture, rng=rng).isfinite().all()
    picture[0, 0, 0, 0] = torch.inf
    assert shrink(picture, rng=rng).isnan().all()
