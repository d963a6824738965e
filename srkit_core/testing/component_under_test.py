"""How does a contract build the component it is about, and a variant of it?"""

from functools import cache, lru_cache
from typing import Any, ClassVar, TypeVar

import torch
from torch import Tensor, nn

from srkit_core.binding import BoundComponent, bind
from srkit_core.expressions import Call, parse_call
from srkit_core.models.build import build
from srkit_core.registry import Registry, discover
from srkit_core.specs import ComponentSpec, Kind
from srkit_core.testing.guarded import guarded

SEED = 0
SelfT = TypeVar("SelfT", bound="ComponentUnderTest")


class ComponentUnderTest:
    """A component, bound and built, each time the same.

    Attributes:
        expression: the component with the options to try, as people write it, such as
            `rrdb(blocks=1)`.
        scale: what the recipe would say to a factory that asks for `scale`.
        patch: what the recipe would say to a factory that asks for `patch`, the side of HR crops in
            pixels.
    """

    kind: ClassVar[Kind]
    expression: ClassVar[str]
    scale: ClassVar[int] = 4
    patch: ClassVar[int] = 32

    def registry(self) -> Registry:
        """Return where the component is found: among the installed ones, or those of a test."""
        return installed_registry()

    def bound(self, **context: int) -> BoundComponent:
        """Return the component with its options bound, for another scale or patch if given."""
        known = {"scale": self.scale, "patch": self.patch, **context}
        contract: Any = type(self)  # mypy takes a class for no key
        return _bound(contract, self.kind, self.expression, tuple(known.items()))

    def build(self, *, seed: int = SEED, **context: int) -> Any:
        """Build the component; what that changes in this process is set as it was."""
        with guarded():
            return build(self.bound(**context), seed=seed)

    def variant(self: SelfT, call: Call) -> SelfT:
        """Return the same contract of the component with other options."""
        contract = type(self)
        made: SelfT = type(contract.__name__, (contract,), {"expression": str(call)})()
        return made

    def answers(self, built: Any) -> tuple[Tensor, ...]:
        """Return what a built component says about a small sample; nothing unless its kind knows
        how to ask.
        """
        return ()

    def evidence(self) -> list[Any]:
        """Return all that can be seen of the component: traits, weights and answers."""
        bound, built = self.bound(), self.build()
        traits = [getattr(self.spec_under_test, name) for name in self.spec_under_test.traits]
        seen = [one(bound.arguments) if callable(one) else one for one in traits]
        state = built.state_dict() if isinstance(built, nn.Module) else {}
        with guarded():
            said = self.answers(built)
        return [*seen, bound.pretrained, *state, *state.values(), *said]

    @property
    def spec_under_test(self) -> ComponentSpec:
        """What its plugin announced."""
        return self.bound().component.spec


def same_evidence(one: list[Any], other: list[Any]) -> bool:
    """Whether nothing tells two components apart."""
    return len(one) == len(other) and all(map(_same, one, other))


def _same(one: Any, other: Any) -> bool:
    if not isinstance(one, Tensor) or not isinstance(other, Tensor):
        return bool(one == other)
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    return torch.equal(one.nan_to_num(), other.nan_to_num())


@lru_cache(maxsize=128)
def _bound(
    contract: type[ComponentUnderTest],
    kind: Kind,
    expression: str,
    context: tuple[tuple[str, int], ...],
) -> BoundComponent:
    """Bind a component once for all checks of a contract: most ask for its spec several times."""
    return bind(contract().registry(), kind, parse_call(expression), dict(context))


@cache
def installed_registry() -> Registry:
    """Return what is installed, looked up once in a process."""
    return discover()
