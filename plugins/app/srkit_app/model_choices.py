"""Which models does the page offer, and what does it say of each?"""

from dataclasses import dataclass
from typing import Final

from srkit_core import Registry, known_models
from srkit_core.pretrained import DownloadProgress, obtain

USUAL_MODEL: Final = "compact-photo-x4"
_MEGABYTE: Final = 1e6


@dataclass(frozen=True)
class ModelChoice:
    """A model of `srkit models`: its name and scale, bytes (None: nobody says), what it is for, and
    whether it is on this machine or can be fetched.
    """

    name: str
    scale: int | None
    size: int | None
    summary: str
    licence: str
    here: bool
    obtainable: bool

    @property
    def label(self) -> str:
        """Return the name, and the bytes to fetch of what is not here."""
        return self.name if self.here else f"{self.name} (to fetch: {self.megabytes})"

    @property
    def megabytes(self) -> str:
        """Return its size in words."""
        if self.size is None:
            return "nobody says how large"
        return f"{self.size / _MEGABYTE:.1f} MB"

    @property
    def about(self) -> str:
        """Return what a person ought to know before it is chosen."""
        scale = f", made for {self.scale}x" if self.scale else ""
        where = "" if self.here else f" Not on this machine: {self.megabytes} to fetch."
        return f"{self.name}: {self.summary}{scale}. Licence: {self.licence}.{where}"


def model_choices(registry: Registry) -> dict[str, ModelChoice]:
    """Return the models that are here or can be fetched, by name: the usual one first, then those
    that are here.
    """
    every = [_choice(one) for one in known_models(registry)]
    usable = [one for one in every if one.here or one.obtainable]
    usable.sort(key=lambda one: (one.name != USUAL_MODEL, not one.here))
    return {one.name: one for one in [*usable, *_baselines(registry)]}


def fetch_model(name: str, registry: Registry, report: DownloadProgress) -> None:
    """Bring a model onto this machine; raises WeightsError with what was tried."""
    obtain(registry.pretrained(name), report)


def _choice(model: dict[str, object]) -> ModelChoice:
    scale, size = model["scale"], model["size_bytes"]
    return ModelChoice(
        name=str(model["name"]),
        scale=scale if isinstance(scale, int) else None,
        size=size if isinstance(size, int) else None,
        summary=str(model["summary"]),
        licence=str(model["licence"]),
        here=bool(model["here"]),
        obtainable=bool(model["obtainable"]),
    )


def _baselines(registry: Registry) -> list[ModelChoice]:
    """Return interpolation, to compare with."""
    found = [one for one in registry.of_kind("generator") if one.name in ("bicubic", "lanczos")]
    return [
        ModelChoice(one.name, None, 0, one.spec.summary, one.spec.licence, True, True)
        for one in found
    ]
