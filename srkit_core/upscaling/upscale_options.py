"""By which model, and how, are pictures to be upscaled?"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from srkit_core.devices import BackendName, DeviceName, PrecisionName
from srkit_core.errors import RecipeError
from srkit_core.models.model_words import DEFAULT_SCALE, own_scale
from srkit_core.registry import Registry
from srkit_core.upscaling.backends.choice import open_backend
from srkit_core.upscaling.backends.interface import Backend
from srkit_core.upscaling.tile_choice import TileChoice
from srkit_core.upscaling.wanted_size import WantedSize

if TYPE_CHECKING:
    from srkit_core.models.find_model import ModelLike


@dataclass(frozen=True)
class UpscaleOptions:
    """What `srkit upscale` and `upscale` are asked for, by the names of the command's options."""

    model: "ModelLike"
    wanted: WantedSize = field(default_factory=WantedSize)
    tile: int | None = None
    overlap: int | None = None
    device: DeviceName = "auto"
    precision: PrecisionName = "auto"
    backend: BackendName = "auto"
    quality: int | None = None
    png_level: int | None = None
    self_ensemble: bool = False

    @property
    def choice(self) -> TileChoice:
        """Return the tiles that are asked for, none of them halved yet."""
        return TileChoice(self.tile, self.overlap)

    @property
    def named(self) -> str:
        """Return the word for the model, "" where it is a loaded one."""
        return str(self.model) if isinstance(self.model, str | Path) else ""

    def scale(self, registry: Registry) -> int:
        """Return the scale of the model, which a baseline takes from what is wanted.

        Raises what `own_scale` does.
        """
        return own_scale(self.model, registry) or self.wanted.scale or DEFAULT_SCALE

    def open(self, registry: Registry, note: Callable[[str], None] | None = None) -> Backend:
        """Make the model ready, with the errors of `open_backend`; `note` is told which engine was
        taken, and what else a person ought to know.

        Raises RecipeError where an engine is to compute the self-ensemble.
        """
        if self.self_ensemble:
            return self._ensemble(registry, note)
        return open_backend(
            self.model,
            backend=self.backend,
            scale=self.scale(registry),
            device=self.device,
            precision=self.precision,
            registry=registry,
            note=note,
        )

    def _ensemble(self, registry: Registry, note: Callable[[str], None] | None) -> Backend:
        from srkit_core.models.find_model import load_model
        from srkit_core.models.self_ensemble import self_ensemble
        from srkit_core.upscaling.backends.torch_backend import torch_backend

        if self.backend not in ("auto", "torch"):
            fact = f"--self-ensemble is computed by torch, not by {self.backend}"
            raise RecipeError(fact, hint="--backend torch")
        loaded = load_model(
            self.model,
            scale=self.scale(registry),
            device=self.device,
            precision=self.precision,
            registry=registry,
            note=note,
        )
        return torch_backend(self_ensemble(loaded), self.precision, note or (lambda text: None))

    def in_words(self) -> str:
        """Return the options that decide what pictures are."""
        told = [
            str(self.wanted),
            "" if self.overlap is None else f"--overlap {self.overlap}",
            "" if self.precision == "auto" else f"--precision {self.precision}",
            "" if self.quality is None else f"--quality {self.quality}",
            "--self-ensemble" if self.self_ensemble else "",
        ]
        return " ".join(filter(None, told))
