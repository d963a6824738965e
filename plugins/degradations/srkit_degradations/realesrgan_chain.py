"""How does Real-ESRGAN make LR from HR?

Wang et al. 2021, section 3 and figure 2, with the parameters of the published options file
train_realesrgan_x4plus.yml. Deviations: resize factors, kernels and the final order are drawn for
each picture unless asked otherwise, so that a batch is as diverse as the pool of pairs makes it
there; pictures keep their alignment when a resized side is no whole number of pixels; JPEG is that
of libjpeg.
"""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Final

from torch import Tensor

from srkit_core.interfaces import Range
from srkit_degradations import published
from srkit_degradations.base import PerPicture, in_groups, sometimes
from srkit_degradations.blurring import Blur, Sinc
from srkit_degradations.compression import Jpeg
from srkit_degradations.dice import Dice
from srkit_degradations.noising import Noise
from srkit_degradations.options import Draw
from srkit_degradations.resizing import Resize, Size, resized_back

_SINC: Final = Sinc(cutoff=published.FINAL_CUTOFF, size=published.KERNEL_SIZES)
"""The final filter, whose cutoffs do not depend on the size (RealESRGANDataset)."""

Both = tuple[Range, Range]


@dataclass(frozen=True, kw_only=True)
class Round:
    """What one of the two rounds does: blurring, resizing, noise and JPEG."""

    blur: Blur
    resize: Resize
    noise: Noise
    jpeg: Jpeg


@dataclass(frozen=True, kw_only=True)
class RealESRGAN(PerPicture):
    """Two rounds of degradations, the last of them with a final sinc filter: (B, 3, sH, sW) -> (B,
    3, H, W) of 8-bit values.

    Options are those of the factory `realesrgan`.
    """

    name: ClassVar[str] = "realesrgan"

    scale: int
    first: Round
    second: Round
    draw: Draw = "picture"

    @classmethod
    def of(
        cls,
        *,
        scale: int,
        sigma: Both,
        factor: Both,
        noise: Both,
        poisson: Both,
        quality: Both,
        draw: Draw,
    ) -> "RealESRGAN":
        """Return the chain with ranges for the first and the second round, and the published values
        of everything else.
        """
        first, second = (
            Round(
                blur=Blur(
                    kinds=published.BLUR_KINDS,
                    weights=published.BLUR_WEIGHTS,
                    sigma=sigma[i],
                    size=published.KERNEL_SIZES,
                ),
                resize=Resize(factor=factor[i], weights=published.UP_DOWN_KEEP[i], draw=draw),
                noise=Noise(
                    kinds=("gaussian", "poisson"),
                    sigma=noise[i],
                    factor=poisson[i],
                    gray=published.GRAY,
                ),
                jpeg=Jpeg(quality=quality[i]),
            )
            for i in range(2)
        )
        return cls(scale=scale, first=first, second=second, draw=draw)

    def degraded(self, pictures: Tensor, dice: Dice) -> Tensor:
        """Make LR."""
        height, width = pictures.shape[-2:]
        rest = partial(self._after_first_resize, (height // self.scale, width // self.scale))
        blurred = self.first.blur.degraded(pictures, dice.under("blur"))
        lr = self.first.resize.to_drawn_size(blurred, (height, width), dice.under("resize"), rest)
        return (lr * 255).round_().clamp_(0, 255).div_(255)

    def _after_first_resize(self, size: Size, pictures: Tensor, dice: Dice) -> Tensor:
        noisy = self.first.noise.degraded(pictures, dice.under("noise"))
        coded = self.first.jpeg.degraded(noisy, dice.under("jpeg"))
        blurred = sometimes(
            coded,
            published.SECOND_BLUR,
            dice,
            lambda some, of: self.second.blur.degraded(some, of.under("blur")),
        )
        return self.second.resize.to_drawn_size(
            blurred, size, dice.under("resize"), partial(self._after_second_resize, size)
        )

    def _after_second_resize(self, size: Size, pictures: Tensor, dice: Dice) -> Tensor:
        noisy = self.second.noise.degraded(pictures, dice.under("noise"))
        last = dice.under(self.name)
        drawing = last.for_all() if self.draw == "batch" else last
        return in_groups(
            noisy, drawing.word("last", ("jpeg", "sinc")), drawing, partial(self._finish, size)
        )

    def _finish(self, size: Size, last: str, pictures: Tensor, dice: Dice) -> Tensor:
        """Resize to LR and ring before JPEG or after it.

        Other orders make twisted lines (Wang et al. 2021, section 3.3).
        """
        if last == "jpeg":
            return self.second.jpeg.degraded(
                self._ringing(size, pictures, dice), dice.under("jpeg")
            )
        return self._ringing(size, self.second.jpeg.degraded(pictures, dice.under("jpeg")), dice)

    def _ringing(self, size: Size, pictures: Tensor, dice: Dice) -> Tensor:
        small = resized_back(pictures, size, published.RESIZE_KERNELS, dice)
        return sometimes(
            small,
            published.FINAL_SINC,
            dice,
            lambda some, of: _SINC.degraded(some, of.under("sinc")),
        )
