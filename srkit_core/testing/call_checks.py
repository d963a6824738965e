"""What may no call of a loss, metric or degradation do beside its answer?"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from srkit_core.models.build import build
from srkit_core.testing.checks import check
from srkit_core.testing.component_contract import ComponentContract
from srkit_core.testing.component_under_test import SEED
from srkit_core.testing.guarded import guarded, seed_everything
from srkit_core.testing.networks_within import networks_within
from srkit_core.testing.surroundings import watched
from srkit_core.testing.torch_surroundings import OF_TORCH, owners_of_names

_CALLS = 5
_OTHER_SEED = 987
"""After how many calls a component must still say the same."""


class CallChecks(ComponentContract, ABC):
    """Checks of what is called with tensors and learns nothing."""

    @abstractmethod
    def samples(self, number: int = 0) -> tuple[Tensor, ...]:
        """Return what the component is called with, fresh tensors; another number, others of the
        same shape.
        """

    @abstractmethod
    def ask(self, built: Any, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Call what was built."""

    def asked(self, built: Any, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Call what was built, with global random states and settings as they are each time."""
        with guarded():
            return self.ask(built, *inputs)

    def answers(self, built: Any) -> tuple[Tensor, ...]:
        """Return what it says about two samples."""
        said = [self.asked(built, *self.samples(number)) for number in (0, 1)]
        return tuple(one.detach() for answer in said for one in answer)

    @check("seed")
    def test_two_builds_agree(self) -> None:
        """What it says depends on its options and what it is given."""
        first, second = (self.answers(self.build()) for _ in range(2))
        assert all(map(_equal, first, second)), (
            f"built twice, it says {_shown(first)} and {_shown(second)}: keep nothing in the class "
            "or the module"
        )

    @check("seed")
    def test_global_random_states_are_not_read(self) -> None:
        """One seed of a run, one result, whoever else draws numbers."""
        said = [self._under(seed) for seed in (1, 2)]
        assert all(map(_equal, *said)), (
            "the global random states of torch, numpy or Python change what it says: draw from a "
            "generator of its own with a fixed seed, or from rng where there is one"
        )

    @check("inputs")
    def test_building_and_calling_it_change_nothing_else(self) -> None:
        """No setting, file, print or process, and no global random state: others draw from it."""
        watching = watched(OF_TORCH, owners_of_names())
        with guarded(), watching as first:  # what is imported once is imported now
            self.ask(build(self.bound(), seed=SEED), *self.samples())
        with torch.random.fork_rng(devices=[]), watched(OF_TORCH, owners_of_names()) as facts:
            torch.default_generator.manual_seed(_OTHER_SEED)
            before = torch.get_rng_state()
            self.ask(build(self.bound(), seed=SEED), *self.samples())
            moved = not torch.equal(before, torch.get_rng_state())
        facts += ["draws from, or seeds, torch's random state"] if moved else []
        facts += [one for one in first if one.startswith("replaces")]
        assert not facts, (
            f"building and calling it {', '.join(facts[:4])}; draw from a generator of its own, "
            "pass dtype and device, and leave the rest alone"
        )

    @check("seed")
    def test_a_call_leaves_nothing_behind(self) -> None:
        """What is said is the same after other calls, and what a fresh one says."""
        built = self.build()
        first = self.asked(built, *self.samples())
        second = self.asked(built, *self.samples(1))
        fresh = self.asked(self.build(), *self.samples(1))
        again = [self.asked(built, *self.samples()) for _ in range(_CALLS)]
        assert all(map(_equal, second, fresh)), (
            f"after another call it says {_shown(second)} where a fresh one says {_shown(fresh)}: "
            "keep nothing between calls"
        )
        assert all(map(_equal, first, again[-1])), (
            f"after some calls it says {_shown(again[-1])} where it said {_shown(first)} of the "
            "same: keep nothing between calls"
        )

    @check("inputs")
    def test_what_it_is_given_is_left_alone(self) -> None:
        """Others still need it."""
        inputs, untouched = self.samples(), self.samples()
        versions = [one._version for one in inputs]
        self.asked(self.build(), *inputs)
        for name, one, same, version in zip(
            self.names_of_samples, inputs, untouched, versions, strict=True
        ):
            assert torch.equal(one, same), f"it changes {name} in place: use the form without '_'"
            assert one._version == version, (
                f"it changes {name} in place and back, which breaks the gradients of others: use "
                "the form without '_'"
            )
            assert not one.requires_grad, (
                f"it asks for gradients of {name}, which belongs to others"
            )

    @check("dtype")
    def test_memory_layout_changes_nothing(self) -> None:
        """What networks return may be channels_last, or a part of something larger."""
        plain = self.asked(self.build(), *self.samples())
        arrangements = {
            "channels_last": _channels_last,
            "not contiguous": _spread,
            "transposed": _turned,
        }
        for name, arranged in arrangements.items():
            said = self.asked(self.build(), *map(arranged, self.samples()))
            assert all(map(_near, plain, said)), (
                f"of what is {name} it says {_shown(said)}, else {_shown(plain)}: reshape instead "
                "of view"
            )

    @check("inputs")
    def test_it_works_on_the_device_of_its_inputs(self) -> None:
        """Tried on torch's device `meta`, which every machine has, and on a GPU that is here.

        What looks at values cannot be tried on `meta`; only a mixture of devices is a fault there.
        """
        if self.draws_on_the_cpu():
            return
        fault = _fault_of_devices(lambda: self.ask(self.build(), *map(_meta, self.samples())))
        assert fault is None, (
            f"with inputs on another device than the CPU it fails ({fault}): make tensors with "
            "device=sr.device, or move them with .to(sr)"
        )

    @check("gradient")
    def test_it_learns_nothing(self) -> None:
        """Optimizers see the weights of the two networks and no others."""
        said = self.asked(self.build(), *self.samples())
        assert not any(one.requires_grad for one in said), (
            "what it says depends on parameters that require a gradient, which nobody would train: "
            "freeze them by requires_grad_(False)"
        )

    @check("seed")
    def test_networks_within_are_in_eval_mode(self) -> None:
        """Dropout and running statistics are for what is trained."""
        built, evaluated = self.build(), self.build()
        for network in networks_within(evaluated):
            network.eval()
        states = [_state(network) for network in networks_within(built)]
        pairs = zip(
            self.asked(built, *self.samples()),
            self.asked(evaluated, *self.samples()),
            strict=True,
        )
        same = all(_near(one, other) for one, other in pairs)
        kept = [_state(network) for network in networks_within(built)]
        unmoved = all(
            map(_equal, before, after) for before, after in zip(states, kept, strict=True)
        )
        as_evaluated = same and unmoved
        assert as_evaluated, (
            "a network within it is in training mode: call .eval() where it is built"
        )

    def draws_on_the_cpu(self) -> bool:
        """Whether it uses a generator, of which there is none on `meta`."""
        return False

    @property
    def names_of_samples(self) -> tuple[str, ...]:
        """What people call the tensors of a sample."""
        return ("SR", "HR")

    def _under(self, seed: int) -> tuple[Tensor, ...]:
        with guarded():
            seed_everything(seed)
            built = build(self.bound(), seed=SEED)
            seed_everything(seed)
            return tuple(one.detach() for one in self.ask(built, *self.samples()))


def _meta(given: Tensor) -> Tensor:
    return given.to("meta")


def _fault_of_devices(call: Callable[[], object]) -> str | None:
    """Say how a call mixes devices; None where it does not, or cannot be tried without values."""
    try:
        with guarded():
            call()
    except (RuntimeError, NotImplementedError, TypeError) as error:
        text = str(error).partition("\n")[0]
        return text if "expected device" in text or "same device" in text else None
    except Exception:  # an error about values, which are not there
        return None
    return None


def _channels_last(given: Tensor) -> Tensor:
    if given.ndim != 4:
        return given
    return given.contiguous(memory_format=torch.channels_last)


def _spread(given: Tensor) -> Tensor:
    """Return a tensor of the same values that lie apart in memory."""
    return torch.stack([given, torch.zeros_like(given)], -1)[..., 0]


def _turned(given: Tensor) -> Tensor:
    """Return a tensor of the same values, its first and last dimension swapped in memory."""
    return given.transpose(0, -1).contiguous().transpose(0, -1)


def _state(network: nn.Module) -> list[Tensor]:
    return [one.clone() for one in (*network.parameters(), *network.buffers())]


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor):
        return torch.equal(one.nan_to_num(), other.nan_to_num())
    return all(map(_equal, one, other))


def _near(one: Tensor, other: Tensor) -> bool:
    return torch.allclose(one.nan_to_num(), other.nan_to_num(), rtol=1e-4, atol=1e-5)


def _shown(said: tuple[Tensor, ...]) -> str:
    """Show small answers; of pictures their means."""
    return ", ".join(
        str(one.detach().tolist() if one.numel() <= 4 else f"mean {one.mean().item():.6g}")
        for one in said
    )
