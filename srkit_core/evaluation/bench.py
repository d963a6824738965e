"""Which models are scored on the same pictures, each once?"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import torch

from srkit_core.bf16_units import slow_bf16_note
from srkit_core.data.examples import LrMaker
from srkit_core.data.picture import Picture
from srkit_core.evaluation.exact_floats import exact_floats
from srkit_core.evaluation.fingerprint import Fingerprint
from srkit_core.evaluation.made_pictures import made_files, made_pairs
from srkit_core.evaluation.protocol import Protocol
from srkit_core.evaluation.saved_pictures import SeenBy
from srkit_core.evaluation.scores import ModelScores
from srkit_core.evaluation.scoring import BuiltMetric, Seen, pairs, score_made, score_model
from srkit_core.models.find_model import ModelLike, open_model
from srkit_core.models.locate_weights import weights_used
from srkit_core.registry import Registry


@dataclass(frozen=True)
class Inference:
    """Where and how exactly models compute: device, type, and the side of a tile in LR pixels
    (None: chosen).
    """

    device: torch.device
    precision: torch.dtype = torch.float32
    tile: int | None = None

    def tell_slow(self, note: Callable[[str], None]) -> None:
        """Tell where the precision that was asked for is the slower one."""
        asked = "bf16" if self.precision == torch.bfloat16 else "fp32"
        if slow := slow_bf16_note(asked, self.device):
            note(slow)


@dataclass(frozen=True)
class Bench:
    """Pictures of one scale, and how models are scored on them."""

    pictures: Sequence[Picture]
    scale: int
    lr_maker: LrMaker
    protocol: Protocol
    metrics: Sequence[BuiltMetric]
    inference: Inference
    note: Callable[[str], None]
    fingerprint: Fingerprint = field(default_factory=Fingerprint)

    def score(
        self,
        models: Mapping[str, ModelLike],
        made: Mapping[str, Path],
        registry: Registry,
        seen: SeenBy | None,
    ) -> tuple[ModelScores, ...]:
        """Return the scores of each row: of a model, or of a folder of pictures `made` elsewhere;
        a row with the file of an earlier one has its scores.
        """
        with exact_floats():
            return tuple(self._scored(models, made, registry, seen).values())

    def _scored(
        self,
        models: Mapping[str, ModelLike],
        made: Mapping[str, Path],
        registry: Registry,
        seen: SeenBy | None,
    ) -> dict[str, ModelScores]:
        found = dict[str, ModelScores]()
        for name, word in models.items():
            shown = partial(seen, name) if seen else None
            weights = None if name in made else weights_used(word, registry)
            if twin := _of_same_file(weights, found.values()):
                self.note(f"{name} is the file of {twin.name}: scored once")
                found[name] = replace(twin, name=name, weights=weights)
            elif name in made:
                found[name] = self._made(name, made[name], shown)
            else:
                scored = self._upscaled(name, word, registry, shown)
                found[name] = replace(scored, weights=weights)
        return found

    def _upscaled(
        self, name: str, word: ModelLike, registry: Registry, seen: Seen | None
    ) -> ModelScores:
        inference = self.inference
        device, precision = inference.device, inference.precision
        model = open_model(word, registry, self.scale, device, precision, note=self.note)
        examples = self.fingerprint.watching(
            pairs(self.pictures, self.scale, self.lr_maker, device)
        )
        return score_model(
            name, model, examples, self.protocol, self.metrics, seen=seen, tile=inference.tile
        )

    def _made(self, name: str, folder: Path, seen: Seen | None) -> ModelScores:
        files = made_files(folder, self.pictures, self.scale, self.note)
        own = Fingerprint()
        made = made_pairs(self.pictures, files, self.scale, self.inference.device)
        examples = self.fingerprint.watching(own.watching(made), has_lr=False)
        scored = score_made(name, examples, self.protocol, self.metrics, seen=seen)
        return replace(scored, weights={"asked_for": str(folder), "sha256": own.of_lr()})


def _of_same_file(
    weights: Mapping[str, str] | None, found: Iterable[ModelScores]
) -> ModelScores | None:
    """Return the scores among those found that are of the same file."""
    if weights is None:
        return None
    digest = weights["sha256"]
    return next((one for one in found if one.weights and one.weights["sha256"] == digest), None)
