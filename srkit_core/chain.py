"""Which steps lead from HR to LR, and how far around a crop do they reach?"""

import shlex
from dataclasses import dataclass

from srkit_core.binding import BoundComponent, bind
from srkit_core.errors import IncompatibleError
from srkit_core.expressions import Chain, Item
from srkit_core.registry import Registry
from srkit_core.specs import DegradationSpec


@dataclass(frozen=True)
class DegradationStep:
    """One step of a degradation chain; `reach` is its margin in HR pixels."""

    bound: BoundComponent
    probability: float
    reach: int


@dataclass(frozen=True)
class DegradationPlan:
    """A bound chain; a crop of LR equals the LR of the crop when `margin` HR pixels around it are
    degraded too.
    """

    steps: tuple[DegradationStep, ...]
    scale: int

    @property
    def chain(self) -> Chain:
        """The chain with every option of every step written out."""
        return Chain(
            tuple(
                Item(step.bound.expression, None if step.probability == 1 else step.probability)
                for step in self.steps
            )
        )

    @property
    def margin(self) -> int:
        """HR pixels needed around a crop, rounded up to whole LR pixels."""
        total = sum(step.reach for step in self.steps)
        return -(-total // self.scale) * self.scale


def margin_around(scale: int, *plans: DegradationPlan | None) -> int:
    """Return the HR pixels needed around a crop by several chains together, in whole LR pixels."""
    return sum(-(-one.margin // scale) * scale for one in plans if one)


def bind_chain(registry: Registry, chain: Chain, scale: int) -> DegradationPlan:
    """Bind a degradation chain; its net change of size must be 1/scale."""
    steps, divisor = list[DegradationStep](), 1
    for item in chain.items:
        bound = bind(registry, "degradation", item.call, {"scale": scale})
        spec = bound.spec(DegradationSpec)
        probability = 1.0 if item.probability is None else item.probability
        steps.append(DegradationStep(bound, probability, divisor * spec.margin(bound.arguments)))
        if spec.divisor(bound.arguments) != 1 and probability < 1:
            raise IncompatibleError(
                f"'{item}' changes the size, so it cannot happen to some pictures only",
                hint=f"write {item.call}",
            )
        divisor *= spec.divisor(bound.arguments)
    if divisor != scale:
        raise IncompatibleError(
            f"the degradation '{chain}' makes pictures {divisor} times smaller, the scale is "
            f"{scale}",
            hint=_of_that_scale(chain, divisor, scale),
        )
    return DegradationPlan(tuple(steps), scale)


def _of_that_scale(chain: Chain, divisor: int, scale: int) -> str:
    if scale == 1:
        return "a target keeps the size"
    ending = f"{chain} | bicubic" if divisor == 1 and chain.items else "bicubic"
    return f"--degrade {shlex.quote(ending)}; bicubic makes LR of the recipe's scale"


def bind_target(registry: Registry, chain: Chain, scale: int) -> DegradationPlan:
    """Bind what happens to HR first.

    A step that would shrink by the scale, such as bicubic, has nothing to do there.
    """
    bound = bind_chain(registry, chain, 1)
    for step in bound.steps:
        if step.bound.spec(DegradationSpec).divisor({**step.bound.arguments, "scale": scale}) != 1:
            raise IncompatibleError(
                f"'{step.bound.name}' makes pictures smaller, and a target keeps the size",
                hint="--set target=sharpen",
            )
    return bound
