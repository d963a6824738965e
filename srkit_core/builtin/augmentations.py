"""Which augmentations come with srkit?"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal

from srkit_core.augmentation import (
    CropAugmentation,
    MixAugmentation,
    PixelAugmentation,
    ViewAugmentation,
)
from srkit_core.interfaces import Between
from srkit_core.specs import AugmentationSpec

if TYPE_CHECKING:
    import numpy as np
    import torch

    from srkit_core.augmentation.batch_examples import Examples
    from srkit_core.augmentation.crop_position import CropChoice
    from srkit_core.augmentation.pixel_change import PixelChange
    from srkit_core.augmentation.view import View

Share = Annotated[float, Between(0, 1)]


@dataclass(frozen=True, kw_only=True)
class Centre(CropAugmentation):
    """Takes crops from the middle of a picture, as for faces that are centred in it.

    Args:
        margin: Share of each side that is left out at both ends; 0.5 leaves the central crop alone,
            and so does any margin that leaves less than a crop.
    """

    margin: Annotated[float, Between(0, 0.5)] = 0.5

    def apply(self, choice: "CropChoice", rng: "np.random.Generator") -> "CropChoice":
        """Of several margins the widest counts."""
        return replace(choice, margin=max(choice.margin, self.margin))


@dataclass(frozen=True, kw_only=True)
class Salient(CropAugmentation):
    """Takes, of several places drawn evenly, the crop with the largest mean gradient: edges instead
    of sky (empirical).

    Args:
        of: How many places are looked at.
    """

    of: Annotated[int, Between(2, 64)] = 4

    def apply(self, choice: "CropChoice", rng: "np.random.Generator") -> "CropChoice":
        """Of several numbers of places the largest counts."""
        from srkit_core.augmentation.crop_position import detail

        return replace(choice, candidates=max(choice.candidates, self.of), score=detail)


@dataclass(frozen=True, kw_only=True)
class Affine(PixelAugmentation):
    """Rotates, shifts, shears and zooms a picture about the centre of the crop.

    Pixels beyond its border are the nearest.

    Every number is drawn evenly between its negative and itself. Keras's `ImageDataGenerator`, but
    for the shear, which is a slope here and an angle there. Resampled by bicubic interpolation (a =
    -0.75) and rounded to 8 bits.

    Args:
        rotation: The largest angle, in degrees.
        shift: The largest shift of each axis, as a share of the crop's side.
        shear: The largest slope of vertical lines, in pixels a pixel.
        zoom: The largest change of each axis' size, as a share of it.
    """

    rotation: Annotated[float, Between(0, 180)] = 90.0
    shift: Share = 0.2
    shear: Share = 0.2
    zoom: Annotated[float, Between(0, 0.9)] = 0.2

    def apply(self, change: "PixelChange", rng: "np.random.Generator") -> "PixelChange":
        """Draw a warp."""
        from srkit_core.builtin.augmentation_draws import draw_warp

        return change.with_warp(draw_warp(self, rng))


@dataclass(frozen=True, kw_only=True)
class Jitter(PixelAugmentation):
    """Changes the colours of a picture: each number is drawn evenly between its negative and itself
    (defaults empirical).

    Contrast is about mid-gray, saturation about luma (BT.601), hue turns the colours of YIQ and
    keeps luma, so that a pixel becomes the same wherever it lies.

    Args:
        brightness: The largest change of the factor of all values.
        contrast: The largest change of the factor of their distance from mid-gray.
        saturation: The largest change of the factor of their distance from luma.
        hue: The largest turn of the colours, in turns.
    """

    brightness: Share = 0.1
    contrast: Share = 0.1
    saturation: Share = 0.1
    hue: Annotated[float, Between(0, 0.5)] = 0.02

    def apply(self, change: "PixelChange", rng: "np.random.Generator") -> "PixelChange":
        """Draw a linear map of colours."""
        from srkit_core.builtin.augmentation_draws import draw_tint

        return change.with_tint(draw_tint(self, rng))


@dataclass(frozen=True, kw_only=True)
class Flip(ViewAugmentation):
    """Mirrors every second picture, or with `@` that share of them.

    Args:
        axis: Whether left and right change places, or top and bottom.
    """

    axis: Literal["horizontal", "vertical"] = "horizontal"

    def apply(self, view: "View", rng: "np.random.Generator") -> "View":
        """Flip or not, equally likely."""
        return self.change(view, rng) if rng.integers(2) else view

    def change(self, view: "View", rng: "np.random.Generator") -> "View":
        """Flip."""
        return view.flipped(vertically=self.axis == "vertical")


@dataclass(frozen=True, kw_only=True)
class Turn(ViewAugmentation):
    """Turns a picture by 0, 1, 2 or 3 quarters; with `@` that share of them, by 1, 2 or 3."""

    def apply(self, view: "View", rng: "np.random.Generator") -> "View":
        """Draw one of the four quarter turns."""
        return view.turned(int(rng.integers(4)))

    def change(self, view: "View", rng: "np.random.Generator") -> "View":
        """Draw one of the three that change something."""
        return view.turned(int(rng.integers(1, 4)))


@dataclass(frozen=True, kw_only=True)
class CutBlur(MixAugmentation):
    """Exchanges a square between LR and clean LR, so that a network learns where and how much to
    restore.

    CutBlur (Yoo et al. 2020, section 3.1), which exchanges HR and enlarged LR. A network whose
    input is LR itself gets bicubic LR of the target in place of HR, without further degradation:
    inside the square, or outside of it, equally likely. With `bicubic` alone, LR is clean
    everywhere and next to nothing changes.

    Args:
        size: Side of the square, as a share of the patch's.
    """

    size: Annotated[float, Between(0, 1)] = 0.7

    def apply(
        self, examples: "Examples", probability: float | None, rng: "torch.Generator"
    ) -> "Examples":
        """Exchange a square of each example that it happens to."""
        from srkit_core.builtin.cutblur import cut_blurred

        lr = cut_blurred(examples.lr, examples.target, self.size, probability, rng)
        return replace(examples, lr=lr)


@dataclass(frozen=True, kw_only=True)
class MixUp(MixAugmentation):
    """Makes of two examples of a batch their weighted mean, in LR, HR and target alike (Zhang et
    al. 2018, eq. 1 and 2).

    Of a batch of one nothing changes.

    Args:
        alpha: The weight is drawn from Beta(alpha, alpha): near 0 or 1 for small ones, near a half
            for large ones; 1.2 is what Yoo et al. 2020 found best for super-resolution.
    """

    alpha: Annotated[float, Between(0.05, 100)] = 1.2

    def apply(
        self, examples: "Examples", probability: float | None, rng: "torch.Generator"
    ) -> "Examples":
        """Mix each example that it happens to with another one."""
        from srkit_core.builtin.mixing import mixed_up

        return mixed_up(examples, self.alpha, probability, rng)


@dataclass(frozen=True, kw_only=True)
class CutMix(MixAugmentation):
    """Puts a square of another example of the batch in its place, in LR, HR and target alike (Yun
    et al. 2019, section 3.1, with squares of one size).

    Of a batch of one nothing changes.

    Args:
        size: Side of the square, as a share of the patch's; 0.7 is what Yoo et al. 2020 found best
            for super-resolution.
    """

    size: Annotated[float, Between(0, 1)] = 0.7

    def apply(
        self, examples: "Examples", probability: float | None, rng: "torch.Generator"
    ) -> "Examples":
        """Exchange a square of each example that it happens to."""
        from srkit_core.builtin.mixing import cut_mixed

        return cut_mixed(examples, self.size, probability, rng)


AUGMENTATIONS = (
    AugmentationSpec(
        name="centre", factory=Centre, summary="takes crops from the middle of a picture"
    ),
    AugmentationSpec(
        name="salient",
        factory=Salient,
        summary="takes, of several places, the crop with the largest mean gradient",
    ),
    AugmentationSpec(
        name="affine",
        factory=Affine,
        summary="rotates, shifts, shears and zooms a picture",
        source="Keras's ImageDataGenerator, but for the shear",
    ),
    AugmentationSpec(name="jitter", factory=Jitter, summary="changes the colours of a picture"),
    AugmentationSpec(name="flip", factory=Flip, summary="mirrors every second picture"),
    AugmentationSpec(name="turn", factory=Turn, summary="turns a picture by 0, 1, 2 or 3 quarters"),
    AugmentationSpec(
        name="cutblur",
        factory=CutBlur,
        summary="exchanges a square between LR and clean LR",
        source="CutBlur, Yoo et al. 2020, section 3.1",
    ),
    AugmentationSpec(
        name="mixup",
        factory=MixUp,
        summary="makes of two examples their weighted mean",
        source="mixup, Zhang et al. 2018, eq. 1 and 2; alpha: Yoo et al. 2020",
    ),
    AugmentationSpec(
        name="cutmix",
        factory=CutMix,
        summary="puts a square of another example in its place",
        source="CutMix, Yun et al. 2019, section 3.1; size: Yoo et al. 2020",
    ),
)
