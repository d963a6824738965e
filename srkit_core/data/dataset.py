"""Which crops does training see, and what is in a batch of them?"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from srkit_core.augmentation.pixel_change import PixelChange
from srkit_core.augmentation.view import View
from srkit_core.data.mixture import Mixture
from srkit_core.data.patches import CropRule, centre_crop_position, cut, picture_of, sample_rng
from srkit_core.data.picture import Picture
from srkit_core.data.transforms import draw_change, draw_crop_position, draw_view
from srkit_core.errors import DataError
from srkit_core.io.images import Pixels, read_image
from srkit_core.process_start import FILE_LIMITS, too_many_files

_log = logging.getLogger(__name__)
_CACHE_BYTES: Final = 512 * 2**20


class PixelCache:
    """Keeps the most recently used pictures of one process, up to a number of bytes."""

    def __init__(self, read: Callable[[Path], Pixels], *, most_bytes: int = _CACHE_BYTES) -> None:
        self._read = read
        self._most = most_bytes
        self._held = 0
        self._pictures = OrderedDict[Path, Pixels]()

    def get(self, path: Path) -> Pixels:
        """Return the pixels of a file, reading it at the first use or after it was dropped."""
        if path in self._pictures:
            self._pictures.move_to_end(path)
            return self._pictures[path]
        pixels = self._read(path)
        self._pictures[path] = pixels
        self._held += pixels.nbytes
        while self._held > self._most and len(self._pictures) > 1:
            self._held -= self._pictures.popitem(last=False)[1].nbytes
        return pixels


@dataclass(frozen=True)
class Sample:
    """One crop on its way into a batch; `lr` is present where LR comes from disk."""

    name: str
    window: Pixels
    corner: tuple[int, int]
    lr: Pixels | None


@dataclass(frozen=True)
class Batch:
    """Crops with their margins, uint8 (N, H, W, 3), a tensor for each size of window: pictures
    smaller than the window have their own.

    `names` and `corners` (where the patches lie in the windows) are in the order of all windows;
    `lr` is that of the crops whose numbers in this order are `stored`, from disk.
    """

    names: tuple[str, ...]
    windows: tuple[Tensor, ...]
    corners: tuple[tuple[int, int], ...]
    lr: Tensor | None
    stored: tuple[int, ...] = ()

    def pin_memory(self) -> "Batch":
        """Let the loader put the pixels where a GPU copies from."""
        windows = tuple(stack.pin_memory() for stack in self.windows)
        lr = None if self.lr is None else self.lr.pin_memory()
        return replace(self, windows=windows, lr=lr)


class CropDataset(Dataset[Sample]):
    """The endless sequence of a run's samples, as a stage crops them.

    Sample i is the same in every process.
    """

    def __init__(self, pictures: Sequence[Picture], rule: CropRule) -> None:
        self._pictures = pictures
        self._mixture = Mixture.of(pictures)
        self._rule = rule
        self._cache = PixelCache(read_image)
        self._named = set[str]()

    def __getitem__(self, index: int) -> Sample:
        """Return sample `index`.

        A picture that turns out to be unusable is replaced by the next one. Raises ResourceError
        where this process may open no more files.
        """
        epoch, turn = (
            index // self._mixture.length,
            picture_of(self._rule, index, self._mixture.length),
        )
        position = self._mixture.picture(epoch, turn)
        errors = list[DataError]()
        for offset in range(len(self._pictures)):
            picture = self._pictures[(position + offset) % len(self._pictures)]
            try:
                return self._sample(picture, index)
            except DataError as error:
                if isinstance(error.__cause__, OSError) and error.__cause__.errno in FILE_LIMITS:
                    raise too_many_files("--workers 0") from error  # the picture is not to blame
                self._name_once(picture, error)
                errors.append(error)
        raise DataError(
            f"none of the {len(errors)} training pictures can be used; {errors[0]}",
            hint=errors[0].hint,
        )

    def _name_once(self, picture: Picture, error: DataError) -> None:
        if picture.name not in self._named:
            self._named.add(picture.name)
            _log.warning("skipped: %s", error)

    def _sample(self, picture: Picture, index: int) -> Sample:
        rule, rng = self._rule, sample_rng(self._rule, index)
        hr, lr = _read(picture, rule, self._cache.get)
        position = draw_crop_position(rule.augment, hr, rule.patch, rule.scale, rng)
        change, view = draw_change(rule.augment, rng), draw_view(rule.augment, rng)
        return _seen(picture, rule, hr, lr, position, view, change)


class CentreCropDataset(Dataset[Sample]):
    """The central patch of every picture, for validation."""

    def __init__(self, pictures: Sequence[Picture], rule: CropRule) -> None:
        self._pictures = pictures
        self._rule = rule

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self._pictures)

    def usable(self) -> list[int]:
        """Return the numbers of the pictures that are as large as the patch."""
        return [
            number
            for number, picture in enumerate(self._pictures)
            if min(picture.sides(self._rule.scale)) >= self._rule.patch
        ]

    def __getitem__(self, index: int) -> Sample:
        """Return the central patch of picture `index`."""
        picture = self._pictures[index]
        hr, lr = _read(picture, self._rule, read_image)
        return _seen(
            picture,
            self._rule,
            hr,
            lr,
            centre_crop_position(self._rule, hr.shape[0], hr.shape[1]),
            View(),
            PixelChange(),
        )


def collate(samples: Iterable[Sample]) -> Batch:
    """Stack samples, those with windows of one size together."""
    ordered = sorted(samples, key=_window_size)
    stored = {at: one.lr for at, one in enumerate(ordered) if one.lr is not None}
    return Batch(
        names=tuple(sample.name for sample in ordered),
        windows=tuple(
            _stacked([sample.window for sample in alike])
            for _, alike in groupby(ordered, key=_window_size)
        ),
        corners=tuple(sample.corner for sample in ordered),
        lr=_stacked(list(stored.values())) if stored else None,
        stored=tuple(stored),
    )


def _read(
    picture: Picture, rule: CropRule, read: Callable[[Path], Pixels]
) -> tuple[Pixels, Pixels | None]:
    hr, lr = picture.read(rule.scale, read)
    if min(hr.shape[:2]) < rule.patch:
        size = f"{hr.shape[1]}x{hr.shape[0]}"
        raise DataError(
            f"of {picture.path} {size} pixels are left, less than the crop of {rule.patch}",
            hint="--patch",
            path=picture.path,
        )
    return hr, lr


def _seen(
    picture: Picture,
    rule: CropRule,
    hr: Pixels,
    lr: Pixels | None,
    position: tuple[int, int],
    view: View,
    change: PixelChange,
) -> Sample:
    crop = cut(rule, hr, position, view, change)
    return Sample(
        picture.name,
        crop.window,
        crop.corner,
        None if lr is None else _lr_patch(rule, lr, position, view),
    )


def _lr_patch(rule: CropRule, lr: Pixels, position: tuple[int, int], view: View) -> Pixels:
    y, x, side = position[0] // rule.scale, position[1] // rule.scale, rule.patch // rule.scale
    return view.of(lr[y : y + side, x : x + side])


def _window_size(sample: Sample) -> tuple[int, ...]:
    return sample.window.shape


def _stacked(pixels: Sequence[Pixels]) -> Tensor:
    return torch.from_numpy(np.stack(pixels))
