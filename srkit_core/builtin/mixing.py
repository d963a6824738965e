"""What do examples of a batch get of each other?"""

import torch
from torch import Tensor

from srkit_core.augmentation.batch_examples import Examples
from srkit_core.builtin.cutblur import covered

_ROUNDS = 12
"""Of candidates of which each is taken in more than 95 of 100 cases: that none is, happens to one
of 10^15 draws.
"""


def mixed_up(
    examples: Examples, alpha: float, probability: float | None, rng: torch.Generator
) -> Examples:
    """Return examples of which each is, with `probability` (None: always), a weighted mean of
    itself and another of the batch.

    The weight is drawn from Beta(alpha, alpha), the same for LR, HR and target.
    """
    partners, chosen = _drawn(examples, probability, rng)
    one, other = (_gamma(alpha, len(examples.lr), rng) for _ in range(2))
    weights = (other / (one + other))[:, None, None, None]
    weights = torch.where(chosen, weights, 0.0)
    lr, hr, target = (
        torch.lerp(batch, batch[partners], weights.to(batch))
        for batch in (examples.lr, examples.hr, examples.target)
    )
    return Examples(lr, hr, target)


def cut_mixed(
    examples: Examples, size: float, probability: float | None, rng: torch.Generator
) -> Examples:
    """Return examples of which each has, with `probability` (None: always), a square of another of
    the batch in the same place.

    `size` is the square's side as a share of LR's; it covers whole LR pixels, and what they show of
    HR and target.
    """
    partners, chosen = _drawn(examples, probability, rng)
    places = torch.rand(2, len(examples.lr), 1, 1, 1, generator=rng, device=examples.lr.device)
    rows, columns = (
        covered(side, size, place)
        for side, place in zip(examples.lr.shape[-2:], places, strict=True)
    )
    square = rows[..., None] & columns[..., None, :] & chosen
    scale = examples.hr.shape[-1] // examples.lr.shape[-1]
    large = square.repeat_interleave(scale, -2).repeat_interleave(scale, -1)
    lr, hr, target = (
        torch.where(mask, batch[partners], batch)
        for mask, batch in (
            (square, examples.lr),
            (large, examples.hr),
            (large, examples.target),
        )
    )
    return Examples(lr, hr, target)


def _drawn(
    examples: Examples, probability: float | None, rng: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return which other example each is mixed with, (B,), and whether it is, (B, 1, 1, 1).

    Partners are as far from each other in all of the batch, so that nobody is its own where there
    are two.
    """
    count, device = len(examples.lr), examples.lr.device
    step = 1 + (torch.rand((), generator=rng, device=device) * max(count - 1, 1)).long()
    partners = (torch.arange(count, device=device) + step) % count
    chosen = torch.rand(count, 1, 1, 1, generator=rng, device=device)
    return partners, chosen < (1.0 if probability is None else probability)


def _gamma(shape: float, count: int, rng: torch.Generator) -> Tensor:
    """Draw from the gamma distribution of scale 1 (Marsaglia & Tsang 2000), (count,).

    One of a shape below 1 is that of 1 more, times a power of a uniform number. Candidates are all
    drawn at once, where the tensors are.
    """
    normal = torch.randn(_ROUNDS, count, generator=rng, device=rng.device)
    uniform = torch.rand(_ROUNDS, count, generator=rng, device=rng.device)
    power = torch.rand(count, generator=rng, device=rng.device) ** (1 / shape)
    d = shape - 1 / 3 if shape >= 1 else shape + 2 / 3
    cubes = (1 + normal / (9 * d) ** 0.5).clamp(min=1e-6) ** 3
    taken = uniform.log() < normal.square() / 2 + d * (1 - cubes + cubes.log())
    first = taken.to(torch.uint8).argmax(0, keepdim=True)
    value: Tensor = d * cubes.gather(0, first)[0]
    return value if shape >= 1 else value * power
