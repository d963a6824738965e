"""How do the windows of a batch become LR, HR and target?"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from srkit_core.augmentation import Augment, MixAugmentation
from srkit_core.augmentation.batch_examples import Examples
from srkit_core.data.dataset import Batch
from srkit_core.data.patches import CropRule
from srkit_core.errors import DataError
from srkit_core.interfaces import Degradation
from srkit_core.io.images import to_unit
from srkit_core.models.component_errors import component_errors


@dataclass(frozen=True)
class LrMaker:
    """What happens to HR: `target` first, where there is one, and then `degrade`, unless LR comes
    from disk (None); with `of_hr`, LR is made of HR itself.
    """

    degrade: Degradation | None
    target: Degradation | None = None
    of_hr: bool = False

    def targets(self, hr: Tensor, rng: torch.Generator) -> Tensor:
        """Return what SR is compared with, of the shape of HR: HR itself where nothing happens to
        it.
        """
        return hr if self.target is None else self.target(hr, rng=rng)


def make_examples(
    batch: Batch, rule: CropRule, lr_maker: LrMaker, rng: torch.Generator
) -> Examples:
    """Make a batch's examples on the device of `rng`: whole windows are degraded, but for crops
    whose LR is stored, and all sides cut to the patch.

    Raises DataError when a crop has no LR and nothing makes it.
    """
    stacks = [stack.to(rng.device, non_blocking=True) for stack in batch.windows]
    hr = to_unit(_cut(stacks, batch.corners, rule.patch))
    if len(batch.stored) == len(batch.names) and lr_maker.target is None:
        return Examples(_lr(batch, (), rule, lr_maker, rng), hr, hr)
    whole = [to_unit(stack) for stack in stacks]
    targets = [lr_maker.targets(stack, rng) for stack in whole]
    target = hr if lr_maker.target is None else _patches(targets, batch.corners, rule.patch)
    windows = whole if lr_maker.of_hr else targets
    return Examples(_lr(batch, windows, rule, lr_maker, rng), hr, target)


def mixed(examples: Examples, augment: Augment, rng: torch.Generator) -> Examples:
    """Return the examples of a batch with their LR mixed, each by its own draws from `rng`, on the
    device of both.
    """
    for step in augment.of(MixAugmentation):
        with component_errors(step.owner, "mixed a batch"):
            examples = _same_sizes(step.what.apply(examples, step.probability, rng), examples)
    return examples


def _lr(
    batch: Batch,
    windows: Sequence[Tensor],
    rule: CropRule,
    lr_maker: LrMaker,
    rng: torch.Generator,
) -> Tensor:
    """Return LR of every crop, (N, C, h, w): stored, or made of its window."""
    stored = None if batch.lr is None else to_unit(batch.lr.to(rng.device, non_blocking=True))
    if stored is not None and len(stored) == len(batch.names):
        return stored
    if lr_maker.degrade is None:
        raise DataError(
            "the recipe wants LR from disk, the data have none",
            hint="--degrade bicubic, or data with HR and LR subfolders",
        )
    without = [at for at in range(len(batch.names)) if at not in batch.stored]
    small = [(y // rule.scale, x // rule.scale) for y, x in batch.corners]
    made = _patches(
        [lr_maker.degrade(stack, rng=rng) for stack in _rows(windows, without)],
        [small[at] for at in without],
        rule.patch // rule.scale,
    )
    return made if stored is None else _in_order((batch.stored, without), (stored, made))


def _rows(stacks: Sequence[Tensor], numbers: Sequence[int]) -> list[Tensor]:
    """Return the rows of these numbers, counted over all stacks, in stacks of one size."""
    first, found = 0, list[Tensor]()
    for stack in stacks:
        mine = [at - first for at in numbers if first <= at < first + len(stack)]
        found += [stack if len(mine) == len(stack) else _some(stack, mine)] if mine else []
        first += len(stack)
    return found


def _some(stack: Tensor, rows: Sequence[int]) -> Tensor:
    """Return some rows; a GPU is not waited for."""
    return stack.index_select(0, torch.tensor(rows).to(stack.device, non_blocking=True))


def _in_order(numbers: tuple[Sequence[int], Sequence[int]], parts: tuple[Tensor, Tensor]) -> Tensor:
    """Put stored LR and LR that was made, with their numbers in the batch, into its order.

    The result is channels_last.
    """
    rows = sorted(zip((*numbers[0], *numbers[1]), (*parts[0], *parts[1]), strict=True), key=_number)
    return torch.stack([row.permute(1, 2, 0) for _, row in rows]).permute(0, 3, 1, 2)


def _number(row: tuple[int, Tensor]) -> int:
    return row[0]


def _patches(stacks: Sequence[Tensor], corners: Sequence[tuple[int, int]], side: int) -> Tensor:
    """Cut (B, C, H, W); the result is channels_last."""
    return _cut([stack.permute(0, 2, 3, 1) for stack in stacks], corners, side).permute(0, 3, 1, 2)


def _cut(stacks: Sequence[Tensor], corners: Sequence[tuple[int, int]], side: int) -> Tensor:
    pictures = [picture for stack in stacks for picture in stack]
    return torch.stack(
        [
            picture[y : y + side, x : x + side]
            for picture, (y, x) in zip(pictures, corners, strict=True)
        ]
    )


def _same_sizes(mixed: Examples, before: Examples) -> Examples:
    """Raise TypeError or ValueError for what an augmentation may not hand back."""
    if not isinstance(mixed, Examples):
        raise TypeError(f"it returned {type(mixed).__name__}, not Examples")
    for name in ("lr", "hr", "target"):
        one, other = getattr(mixed, name), getattr(before, name)
        if (one.shape, one.dtype) != (other.shape, other.dtype):
            shape = f"{tuple(one.shape)} {one.dtype}"
            raise ValueError(f"it made {name} {shape}, not {tuple(other.shape)} {other.dtype}")
    return mixed
