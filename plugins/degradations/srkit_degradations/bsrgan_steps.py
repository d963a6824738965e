"""How do the steps of BSRGAN happen to many pictures, each in an order of its own?"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from srkit_degradations import kernels
from srkit_degradations.canvas import Canvas, PickedRows, PixelSize, corner, on_canvas, shipped_rows
from srkit_degradations.compression import compressed
from srkit_degradations.drawn_kernels import DrawnKernel, KernelTable
from srkit_degradations.filtering import filtered
from srkit_degradations.noising import PictureNoise, with_noise
from srkit_degradations.option_types import ResizeKernel
from srkit_degradations.parameter_sampler import by_label
from srkit_degradations.resizing import resized
from srkit_degradations.shipping import shipped

_SHIFTED_SIZE: Final = 25


@dataclass(frozen=True, slots=True)
class DrawnStep:
    """A step as it was drawn for a picture; which fields matter says its name.

    A `kernel` of None halves with antialiased bicubic interpolation.
    """

    name: str
    shape: DrawnKernel | None = None
    kernel: ResizeKernel | None = None
    divisor: float = 1.0
    sigma: float = 0.0
    noise: PictureNoise | None = None
    quality: int = 0

    def kind(self) -> Hashable:
        """Return what is equal for steps that leave pictures of one size alike."""
        return self.name, self.divisor, self.kernel


@dataclass(frozen=True)
class LrBeingMade:
    """What is made: LR of a size, with `kernels` and noise whose pixels are drawn by `rng`."""

    size: PixelSize
    kernels: KernelTable
    rng: torch.Generator


def all_done(canvas: Canvas, queues: Sequence[Sequence[DrawnStep]], made: LrBeingMade) -> Tensor:
    """Do the steps of each picture in their order, and return LR (B, C, *size)."""
    rounds = _rounds(queues)
    numbers = shipped_rows([list(round_) for round_ in rounds], canvas.pixels)
    for rows, round_ in zip(numbers, rounds, strict=True):
        steps = list(round_.values())
        canvas = _put(canvas, rows, _ACTS[steps[0].name](canvas.picked(rows), steps, made))
    return corner(canvas.pixels, made.size)


def _rounds(queues: Sequence[Sequence[DrawnStep]]) -> list[dict[int, DrawnStep]]:
    """Return which pictures get which steps at once.

    Pictures do not wait for each other: next is the step that most of them have before them.
    """
    rounds, done = list[dict[int, DrawnStep]](), [0] * len(queues)
    while waiting := [row for row, queue in enumerate(queues) if done[row] < len(queue)]:
        heads = by_label([_together(queues[row][done[row]]) for row in waiting])
        rows = [waiting[number] for number in max(heads.values(), key=len)]
        rounds.append({row: queues[row][done[row]] for row in rows})
        for row in rows:
            done[row] += 1
    return rounds


def _together(step: DrawnStep) -> tuple[str, float]:
    """Return what is equal for steps that are done at once."""
    return step.name, step.divisor if step.name == "subsample" else 0


def _put(canvas: Canvas, rows: PickedRows, part: Canvas) -> Canvas:
    """Put pictures, which may be smaller now, into their places."""
    if rows.index is None:
        return part
    sizes = list(canvas.sizes)
    for row, size in zip(rows.numbers, part.sizes, strict=True):
        sizes[row] = size
    pixels = _with_room(canvas.pixels, part.pixels)
    corner(pixels, part.pixels.shape[-2:]).index_copy_(0, rows.index, part.pixels)
    return on_canvas(pixels, sizes)


def _with_room(pixels: Tensor, part: Tensor) -> Tensor:
    """Return a copy that is large enough for what is put into it."""
    sides = zip(pixels.shape[-2:], part.shape[-2:], strict=True)
    room = [max(both) for both in sides]
    if list(pixels.shape[-2:]) == room:
        return pixels.clone()
    copy = pixels.new_zeros(*pixels.shape[:2], *room)
    corner(copy, pixels.shape[-2:]).copy_(pixels)
    return copy


def _halve(canvas: Canvas, steps: Sequence[DrawnStep], made: LrBeingMade) -> Canvas:
    """Halve pictures of one size with antialiased bicubic interpolation or with a kernel."""
    half = canvas.sizes[0][0] // 2, canvas.sizes[0][1] // 2
    plain = [step.kernel or "area" for step in steps]
    halves = resized(canvas, [half] * len(steps), plain).pixels
    smooth = shipped([step.kernel is None for step in steps], halves, torch.bool)
    bicubic = functional.interpolate(canvas.pixels, half, mode="bicubic", antialias=True)
    return Canvas.of(torch.where(smooth[:, None, None, None], bicubic, halves).clamp(0, 1))


def _blur(canvas: Canvas, steps: Sequence[DrawnStep], made: LrBeingMade) -> Canvas:
    return filtered(canvas, made.kernels.those([step.shape for step in steps if step.shape]))


def _shrink(canvas: Canvas, steps: Sequence[DrawnStep], made: LrBeingMade) -> Canvas:
    sizes = [
        (int(height / step.divisor), int(width / step.divisor))
        for (height, width), step in zip(canvas.sizes, steps, strict=True)
    ]
    return _clipped(resized(canvas, sizes, [step.kernel or "area" for step in steps]))


def _subsample(canvas: Canvas, steps: Sequence[DrawnStep], made: LrBeingMade) -> Canvas:
    """Take every so many pixels of a blurred picture; the kernel is shifted to the middle of the
    pixels that one stands for.
    """
    scale = int(steps[0].divisor)
    sigma = torch.tensor([step.sigma for step in steps], dtype=torch.float64)
    shifted = kernels.shifted_gaussian(_SHIFTED_SIZE, sigma, (scale - 1) / 2)
    pixels = filtered(canvas, shifted).pixels[..., ::scale, ::scale].clamp(0, 1)
    return on_canvas(pixels, [(-(-h // scale), -(-w // scale)) for h, w in canvas.sizes])


def _resize(canvas: Canvas, steps: Sequence[DrawnStep], made: LrBeingMade) -> Canvas:
    return _clipped(
        resized(canvas, [made.size] * len(steps), [step.kernel or "area" for step in steps])
    )


def _noise(canvas: Canvas, steps: Sequence[DrawnStep], made: LrBeingMade) -> Canvas:
    return with_noise(canvas, [step.noise for step in steps if step.noise], made.rng)


def _jpeg(canvas: Canvas, steps: Sequence[DrawnStep], made: LrBeingMade) -> Canvas:
    return compressed(canvas, [step.quality for step in steps])


def _clipped(canvas: Canvas) -> Canvas:
    return canvas.showing(canvas.pixels.clamp(0, 1))


_ACTS: Final[Mapping[str, Callable[[Canvas, Sequence[DrawnStep], LrBeingMade], Canvas]]] = {
    "halve": _halve,
    "blur": _blur,
    "shrink": _shrink,
    "subsample": _subsample,
    "resize": _resize,
    "noise": _noise,
    "jpeg": _jpeg,
}
