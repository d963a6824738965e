"""How do samples become batches, from any place in the sequence?"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from srkit_core.data.augment import View, draw_view
from srkit_core.data.cache import PixelCache
from srkit_core.data.patches import CropRule, centre_place, cut, picture_of, random_place, sample_rng
from srkit_core.data.sources import Picture
from srkit_core.errors import DataError
from srkit_core.interfaces import Degradation
from srkit_core.io.images import Pixels, read_image, to_unit

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sample:
    """One crop on its way into a batch; `lr` is present where LR comes from disk."""

    name: str
    window: Pixels
    corner: tuple[int, int]
    lr: Pixels | None


@dataclass(frozen=True)
class Batch:
    """Crops with their margins, uint8 (B, window, window, 3); `corners` are where the patches lie in the windows."""

    names: tuple[str, ...]
    windows: Tensor
    corners: tuple[tuple[int, int], ...]
    lr: Tensor | None

    def pin_memory(self) -> "Batch":
        """Let the loader put the pixels where a GPU copies from."""
        return Batch(self.names, self.windows.pin_memory(), self.corners, None if self.lr is None else self.lr.pin_memory())


class Samples(Dataset[Sample]):
    """The endless sequence of a stage's samples; sample i is the same in every process."""

    def __init__(self, pictures: Sequence[Picture], rule: CropRule) -> None:
        self._pictures = pictures
        self._rule = rule
        self._cache = PixelCache(read_image)

    def __getitem__(self, index: int) -> Sample:
        """Return sample `index`; a picture that turns out to be unreadable is replaced by the next one."""
        place = picture_of(self._rule, index, len(self._pictures))
        for offset in range(len(self._pictures)):
            picture = self._pictures[(place + offset) % len(self._pictures)]
            try:
                return self._sample(picture, index)
            except DataError as error:
                _log.warning("skipped: %s", error)
        raise DataError("none of the training pictures can be read any more", hint="--data another folder")

    def _sample(self, picture: Picture, index: int) -> Sample:
        rng = sample_rng(self._rule, index)
        pixels = self._cache.get(picture.path)
        place = random_place(self._rule, pixels.shape[0], pixels.shape[1], rng)
        lr = None if picture.lr is None else self._cache.get(picture.lr)
        return _sample(picture, self._rule, pixels, lr, place, draw_view(self._rule.augment, rng))


class CentrePatches(Dataset[Sample]):
    """The central patch of every picture, for validation."""

    def __init__(self, pictures: Sequence[Picture], rule: CropRule) -> None:
        self._pictures = pictures
        self._rule = rule

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self._pictures)

    def __getitem__(self, index: int) -> Sample:
        """Return the central patch of picture `index`."""
        picture = self._pictures[index]
        pixels, lr = picture.read(self._rule.scale)
        return _sample(picture, self._rule, pixels, lr, centre_place(self._rule, pixels.shape[0], pixels.shape[1]), View())


def training_batches(samples: Samples, batches: Sequence[list[int]], *, workers: int, pin: bool) -> Iterator[Batch]:
    """Yield a batch for each list of sample numbers, with `workers` processes (0: in this one)."""
    loader = DataLoader(samples, batch_sampler=batches, num_workers=workers, collate_fn=collate, pin_memory=pin)
    return iter(loader)


def batch_indices(first_step: int, steps: int, batch: int, *, rank: int = 0, world: int = 1) -> list[list[int]]:
    """Return the sample numbers of each remaining step of a stage for one of `world` processes."""
    share = batch // world
    return [list(range(step * batch + rank * share, step * batch + (rank + 1) * share)) for step in range(first_step, steps)]


def collate(samples: list[Sample]) -> Batch:
    """Stack samples; their windows have one size."""
    lr = None if samples[0].lr is None else torch.from_numpy(np.stack([sample.lr for sample in samples if sample.lr is not None]))
    return Batch(
        names=tuple(sample.name for sample in samples),
        windows=torch.from_numpy(np.stack([sample.window for sample in samples])),
        corners=tuple(sample.corner for sample in samples),
        lr=lr,
    )


def to_pair(batch: Batch, rule: CropRule, degrade: Degradation | None, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return (lr, hr) in [0, 1] on the device of `rng`, (B, 3, patch/scale, patch/scale) and (B, 3, patch, patch).

    Without `degrade`, LR comes from the batch. Otherwise whole windows are degraded and both sides cut to the patch.
    """
    windows = to_unit(batch.windows.to(rng.device, non_blocking=True))
    hr = _patches(windows, batch.corners, rule.patch)
    if degrade is None:
        return to_unit(_stored_lr(batch).to(rng.device, non_blocking=True)), hr
    small = [(y // rule.scale, x // rule.scale) for y, x in batch.corners]
    return _patches(degrade(windows, rng=rng), small, rule.patch // rule.scale), hr


def _stored_lr(batch: Batch) -> Tensor:
    if batch.lr is None:
        raise DataError("the recipe wants LR from disk, the data have none", hint="--degrade bicubic, or data with HR and LR subfolders")
    return batch.lr


def _patches(pictures: Tensor, corners: Sequence[tuple[int, int]], side: int) -> Tensor:
    cuts = [picture[:, y : y + side, x : x + side] for picture, (y, x) in zip(pictures, corners, strict=True)]
    return torch.stack(cuts).contiguous(memory_format=torch.channels_last)


def _sample(picture: Picture, rule: CropRule, pixels: Pixels, lr: Pixels | None, place: tuple[int, int], view: View) -> Sample:
    crop = cut(rule, pixels, place, view)
    return Sample(picture.name, crop.window, crop.corner, None if lr is None else _lr_patch(picture, rule, pixels, lr, place, view))


def _lr_patch(picture: Picture, rule: CropRule, pixels: Pixels, lr: Pixels, place: tuple[int, int], view: View) -> Pixels:
    sides = tuple(side // rule.scale for side in pixels.shape[:2])
    if lr.shape[0] < sides[0] or lr.shape[1] < sides[1]:
        raise DataError(
            f"{picture.lr} is {lr.shape[1]}x{lr.shape[0]}, its HR at scale {rule.scale} needs {sides[1]}x{sides[0]}", hint="--scale N"
        )
    y, x, side = place[0] // rule.scale, place[1] // rule.scale, rule.patch // rule.scale
    return np.ascontiguousarray(view.of(lr[y : y + side, x : x + side]))
