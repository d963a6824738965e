"""What is minimised?"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from srkit_core.augmentation.batch_examples import Examples
from srkit_core.interfaces import AdversarialLoss, ReferenceLoss
from srkit_core.models.build import build
from srkit_core.models.component_errors import component_errors, shape_of
from srkit_core.plan import StagePlan
from srkit_core.specs import LossSpec

Maps = tuple[Tensor, ...]
Values = dict[str, Tensor]
Gather = Callable[[Tensor], Tensor]
Autocast = Callable[[], AbstractContextManager[None]]
LossT = TypeVar("LossT")


@dataclass(frozen=True)
class WeightedLoss(Generic[LossT]):
    """A loss that was built, with its label, its weight and the full name of its component.

    `sees_target` says whether real pictures are the target to it, or HR; `autocast` is the context
    in which it is called.
    """

    label: str
    weight: float
    loss: LossT
    owner: str = ""
    sees_target: bool = False
    autocast: Autocast = nullcontext


@dataclass(frozen=True)
class GeneratorLoss:
    """The weighted sum that the generator minimises, and its unweighted terms by label."""

    total: Tensor
    terms: Values


@dataclass(frozen=True)
class Logits:
    """What a discriminator says of SR and of real pictures: of HR, of the target or of both, as
    the losses ask.
    """

    fake: Maps
    hr: Maps = ()
    target: Maps = ()

    @property
    def real(self) -> Maps:
        """Everything that it says of real pictures."""
        return self.hr + self.target


@dataclass(frozen=True)
class Objective:
    """The losses of one stage.

    Everything is computed in float32, whatever the precision of the networks; only losses that are
    networks themselves (`LossSpec.autocast`) take that precision, if it is bf16, and SR as it is.

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

    def logits(
        self,
        discriminator: Callable[[Tensor], Any],
        examples: Examples,
        sr: Tensor,
        *,
        learns: bool = True,
    ) -> Logits:
        """Return what the discriminator says of the real pictures that a loss looks at, and then of
        SR; without a graph of the first where it does not learn.
        """
        looked_at = {term.sees_target for term in self.adversarial}
        with torch.set_grad_enabled(learns and torch.is_grad_enabled()):
            hr = logits_of(discriminator, examples.hr) if False in looked_at else ()
            target = logits_of(discriminator, examples.target) if True in looked_at else ()
        return Logits(logits_of(discriminator, sr), hr, target)

    def generator(
        self, sr: Tensor, examples: Examples, logits: Logits | None = None
    ) -> GeneratorLoss:
        """Return the generator's loss.

        Logits are needed by adversarial terms only.
        """
        terms, in_float32 = {}, sr.float()
        for one in self.reference:
            real = examples.target if one.sees_target else examples.hr
            with component_errors(one.owner, f"compared {shape_of(sr)}"), one.autocast():
                half = torch.is_autocast_enabled(sr.device.type)
                terms[one.label] = one.loss(sr if half else in_float32, real.float())
        if logits is not None:
            for term in self.adversarial:
                terms[term.label] = self._over_maps(term, term.loss.generator, _detached(logits))
        weights = {one.label: one.weight for one in self.reference}
        weights |= {one.label: one.weight for one in self.adversarial}
        total = torch.stack([weights[label] * value for label, value in terms.items()]).sum()
        return GeneratorLoss(total, terms)

    def discriminator(self, logits: Logits) -> Tensor:
        """Return the discriminator's loss, the sum over the adversarial terms, unweighted."""
        losses = [
            self._over_maps(term, term.loss.discriminator, logits) for term in self.adversarial
        ]
        return torch.stack(losses).sum()

    def _over_maps(
        self,
        term: WeightedLoss[AdversarialLoss],
        face: Callable[[Tensor, Tensor], Tensor],
        logits: Logits,
    ) -> Tensor:
        values = []
        real = logits.target if term.sees_target else logits.hr
        for one, other in zip(real, logits.fake, strict=True):
            gathered = self.gather(one), self.gather(other)
            with component_errors(term.owner, f"judged logits of {shape_of(one)}"):
                values.append(face(*gathered))
        return torch.stack(values).mean()


def build_objective(
    stage: StagePlan, device: torch.device, gather: Gather, autocast: Autocast = nullcontext
) -> Objective:
    """Build the losses of a stage on a device; those that ask for it are called in `autocast`."""
    reference = list[WeightedLoss[ReferenceLoss]]()
    adversarial = list[WeightedLoss[AdversarialLoss]]()
    for term in stage.terms:
        loss, owner = _on(build(term.bound), device), term.bound.component.full_name
        context = autocast if term.bound.spec(LossSpec).autocast else nullcontext
        built = WeightedLoss[Any](term.label, term.weight, loss, owner, term.sees_target, context)
        (adversarial if term.adversarial else reference).append(built)
    return Objective(tuple(reference), tuple(adversarial), gather)


def column_values(
    g_loss: GeneratorLoss, d_loss: Tensor | None = None, logits: Logits | None = None
) -> Values:
    """Return the values of a step under the names of their columns, detached."""
    values = {f"loss/{label}": value.detach() for label, value in g_loss.terms.items()}
    values["loss/total"] = g_loss.total.detach()
    if d_loss is None or logits is None:
        return values
    return values | discriminator_values(d_loss, logits)


def discriminator_values(d_loss: Tensor, logits: Logits) -> Values:
    """Return what a step says of the discriminator, under the names of its columns, detached."""
    d_real, d_fake = confidence(logits.real), confidence(logits.fake)
    return {
        "loss/discriminator": d_loss.detach(),
        "d_real": d_real,
        "d_fake": d_fake,
        "d_gap": d_real - d_fake,
    }


def logits_of(discriminator: Callable[[Tensor], Any], pictures: Tensor) -> Maps:
    """Return the discriminator's logits as a tuple of maps, in float32: cast here, once for all
    that looks at them.
    """
    logits: Tensor | Maps = discriminator(pictures)
    maps = logits if isinstance(logits, tuple) else (logits,)
    return tuple(one.float() for one in maps)


def _detached(logits: Logits) -> Logits:
    """Return logits whose real sides are constants, as the generator sees them."""
    hr, target = (tuple(one.detach() for one in maps) for maps in (logits.hr, logits.target))
    return replace(logits, hr=hr, target=target)


def confidence(logits: Maps) -> Tensor:
    """Return the mean of sigmoid(logits), the probability of being real, over all maps."""
    return torch.stack([torch.sigmoid(one.detach()).mean() for one in logits]).mean()


def _on(loss: Any, device: torch.device) -> Any:
    return loss.to(device).eval().requires_grad_(False) if isinstance(loss, nn.Module) else loss
