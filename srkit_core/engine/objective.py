"""What is minimised?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from srkit_core.interfaces import AdversarialLoss, ReferenceLoss
from srkit_core.models.build import build
from srkit_core.models.component_errors import component_errors, shape_of
from srkit_core.plan import StagePlan

Maps = tuple[Tensor, ...]
Values = dict[str, Tensor]
Gather = Callable[[Tensor], Tensor]
LossT = TypeVar("LossT")


@dataclass(frozen=True)
class WeightedLoss(Generic[LossT]):
    """A loss that was built, with its label, its weight and the full name of its component."""

    label: str
    weight: float
    loss: LossT
    owner: str = ""


@dataclass(frozen=True)
class GeneratorLoss:
    """The weighted sum that the generator minimises, and its unweighted terms by label."""

    total: Tensor
    terms: Values


@dataclass(frozen=True)
class Objective:
    """The losses of one stage.

    Everything is computed in float32, whatever the precision of the networks.

    Logits of all processes are gathered before a loss sees them, and a discriminator with several
    maps is judged map by map and averaged: a loss sees neither processes nor tuples.
    """

    reference: tuple[WeightedLoss[ReferenceLoss], ...]
    adversarial: tuple[WeightedLoss[AdversarialLoss], ...]
    gather: Gather

    def ramped(self, factors: Mapping[str, float]) -> "Objective":
        """Return the same losses with some of their weights multiplied, by label."""
        reference = tuple(
            replace(term, weight=term.weight * factors.get(term.label, 1.0))
            for term in self.reference
        )
        adversarial = tuple(
            replace(term, weight=term.weight * factors.get(term.label, 1.0))
            for term in self.adversarial
        )
        return replace(self, reference=reference, adversarial=adversarial)

    def generator(
        self, sr: Tensor, target: Tensor, real: Maps = (), fake: Maps = ()
    ) -> GeneratorLoss:
        """Return the generator's loss.

        Logits of real and fake pictures are needed by adversarial terms only.
        """
        terms = {}
        for one in self.reference:
            with component_errors(one.owner, f"compared {shape_of(sr)}"):
                terms[one.label] = one.loss(sr.float(), target.float())
        for term in self.adversarial:
            detached = [logits.detach() for logits in real]
            terms[term.label] = self._over_maps(term, term.loss.generator, detached, fake)
        weights = {one.label: one.weight for one in self.reference}
        weights |= {one.label: one.weight for one in self.adversarial}
        total = torch.stack([weights[label] * value for label, value in terms.items()]).sum()
        return GeneratorLoss(total, terms)

    def discriminator(self, real: Maps, fake: Maps) -> Tensor:
        """Return the discriminator's loss, the sum over the adversarial terms, unweighted."""
        losses = [
            self._over_maps(term, term.loss.discriminator, real, fake) for term in self.adversarial
        ]
        return torch.stack(losses).sum()

    def _over_maps(
        self,
        term: WeightedLoss[AdversarialLoss],
        face: Callable[[Tensor, Tensor], Tensor],
        real: Sequence[Tensor],
        fake: Sequence[Tensor],
    ) -> Tensor:
        values = []
        for one, other in zip(real, fake, strict=True):
            logits = self.gather(one.float()), self.gather(other.float())
            with component_errors(term.owner, f"judged logits of {shape_of(one)}"):
                values.append(face(*logits))
        return torch.stack(values).mean()


def build_objective(stage: StagePlan, device: torch.device, gather: Gather) -> Objective:
    """Build the losses of a stage on a device."""
    reference = list[WeightedLoss[ReferenceLoss]]()
    adversarial = list[WeightedLoss[AdversarialLoss]]()
    for term in stage.terms:
        loss, owner = _on(build(term.bound), device), term.bound.component.full_name
        built = WeightedLoss[Any](term.label, term.weight, loss, owner)
        (adversarial if term.adversarial else reference).append(built)
    return Objective(tuple(reference), tuple(adversarial), gather)


def column_values(
    g_loss: GeneratorLoss, d_loss: Tensor | None = None, real: Maps = (), fake: Maps = ()
) -> Values:
    """Return the values of a step under the names of their columns, detached."""
    values = {f"loss/{label}": value.detach() for label, value in g_loss.terms.items()}
    values["loss/total"] = g_loss.total.detach()
    return values if d_loss is None else values | discriminator_values(d_loss, real, fake)


def discriminator_values(d_loss: Tensor, real: Maps, fake: Maps) -> Values:
    """Return what a step says of the discriminator, under the names of its columns, detached."""
    d_real, d_fake = confidence(real), confidence(fake)
    return {
        "loss/discriminator": d_loss.detach(),
        "d_real": d_real,
        "d_fake": d_fake,
        "d_gap": d_real - d_fake,
    }


def logits_of(discriminator: Callable[[Tensor], Any], pictures: Tensor) -> Maps:
    """Return the discriminator's logits as a tuple of maps."""
    logits: Tensor | Maps = discriminator(pictures)
    return logits if isinstance(logits, tuple) else (logits,)


def confidence(logits: Maps) -> Tensor:
    """Return the mean of sigmoid(logits), the probability of being real, over all maps."""
    return torch.stack([torch.sigmoid(one.detach().float()).mean() for one in logits]).mean()


def _on(loss: Any, device: torch.device) -> Any:
    return loss.to(device).eval().requires_grad_(False) if isinstance(loss, nn.Module) else loss
