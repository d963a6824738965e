"""How are picture files upscaled from Python, one or many with one model?"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from srkit_core.devices import BackendName, DeviceName, PrecisionName
from srkit_core.home import at_home
from srkit_core.io.output_files import check_place
from srkit_core.io.picture_writer import check_choices
from srkit_core.registry import Registry, discover
from srkit_core.upscaling.bands import Report
from srkit_core.upscaling.upscale_file import Upscaled, upscale_file
from srkit_core.upscaling.upscale_options import UpscaleOptions
from srkit_core.upscaling.wanted_size import parse_size

if TYPE_CHECKING:
    from srkit_core.models.find_model import ModelLike


class Upscaler:
    """A model that was made ready once and upscales any number of picture files, one at a time, as
    `srkit upscale` does.

    `scale` is that of the model, `engine` says what computes.
    """

    def __init__(
        self,
        model: "ModelLike",
        *,
        scale: int | None = None,
        size: str = "",
        tile: int | None = None,
        overlap: int | None = None,
        device: DeviceName = "auto",
        precision: PrecisionName = "auto",
        backend: BackendName = "auto",
        quality: int | None = None,
        png_level: int | None = None,
        self_ensemble: bool = False,
        registry: Registry | None = None,
        note: Callable[[str], None] | None = None,
    ) -> None:
        """Open the model, with the options and errors of `upscale`; `note` is told which engine was
        taken.
        """
        sides = parse_size(size, scale)
        self._options = UpscaleOptions(
            model,
            sides,
            tile,
            overlap,
            device,
            precision,
            backend,
            quality,
            png_level,
            self_ensemble,
        )
        self._backend = self._options.open(registry or discover(), note)
        self._choice = self._options.choice
        self.scale, self.engine = self._backend.scale, self._backend.name

    def __call__(
        self, source: str | Path, target: str | Path, *, report: Report | None = None
    ) -> Upscaled:
        """Upscale a picture file into another, which is replaced where it is there.

        `report` is told how many of how many LR pixels are done; what it raises ends the work, and
        no file is left. Raises as `upscale`.
        """
        source, target = at_home(Path(source)), at_home(Path(target))
        check_place(target)
        return upscale_file(
            self._options, self._backend, source, target, self._choice, report=report
        )


def upscale(
    model: "ModelLike",
    source: str | Path,
    target: str | Path,
    *,
    scale: int | None = None,
    size: str = "",
    tile: int | None = None,
    overlap: int | None = None,
    device: DeviceName = "auto",
    precision: PrecisionName = "auto",
    backend: BackendName = "auto",
    quality: int | None = None,
    png_level: int | None = None,
    self_ensemble: bool = False,
    registry: Registry | None = None,
) -> Upscaled:
    """Upscale a picture file into another, which gets the bytes that `srkit upscale` makes; a file
    of that name is replaced.

    `model` is a weights file, a run folder, the name of known weights or of a baseline, or a loaded
    model; for many pictures an `Upscaler` is quicker. `scale`, or `size` as WxH, Wx or xH in
    pixels, is for any model (default: its own scale, 4 of a baseline). `tile` and `overlap` are in
    LR pixels (default: as memory and cost allow). The rest is as in `upscale_file` and
    `open_backend`, with their errors; raises RecipeError for what is no size, too.
    """
    place = at_home(Path(target))  # is looked at before a model is fetched or loaded
    check_choices(place, quality, png_level)
    check_place(place)
    sides = parse_size(size, scale)
    options = UpscaleOptions(
        model, sides, tile, overlap, device, precision, backend, quality, png_level, self_ensemble
    )
    return upscale_file(options, options.open(registry or discover()), at_home(Path(source)), place)
