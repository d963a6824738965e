"""Does everything that a network knows take part in its output, and stand in its weights file?"""

from copy import deepcopy

import safetensors.torch
import torch
from torch import Tensor, nn

from srkit_core.engine.ema import start_average, update_average
from srkit_core.testing.checks import check
from srkit_core.testing.network_contract import (
    OTHER_SEED,
    SHIFT,
    NetworkChecks,
    backward,
    call,
    equal,
    outputs,
    shaken,
    told,
)

_LOUD = 0.5
"""How far a tensor of the file is moved to see whether that changes the output."""


class StateChecks(NetworkChecks):
    """Checks of what is kept: built, stored, loaded, copied and averaged."""

    @check("seed")
    def test_two_builds_under_one_seed_are_equal(self) -> None:
        """Initial weights come from torch's global random state and nothing else."""
        first, second = self.network(), self.network()
        if first is None or second is None:
            return
        other = second.state_dict()
        different = [
            name
            for name, value in first.state_dict().items()
            if isinstance(value, Tensor)
            and (name not in other or not torch.equal(value, other[name]))
        ]
        assert not different, (
            f"built twice under one seed, these tensors differ: {different}; draw them from "
            "torch's global random state"
        )
        assert equal(outputs(first.eval(), self.sample()), outputs(second.eval(), self.sample())), (
            "built twice under one seed, it makes two outputs of one picture; draw what it needs "
            "from torch's global random state"
        )

    @check("file")
    def test_its_state_survives_a_weights_file(self) -> None:
        """The output comes back when the file is loaded into a network that was built under
        another seed: nothing else that was drawn takes part in it.
        """
        network, other = self.network(), self.network(OTHER_SEED)
        if network is None or other is None:
            return
        file = safetensors.torch.save(_own_memory(shaken(network)))
        with told("its own state dict loaded into a second build"):
            other.load_state_dict(safetensors.torch.load(file))
        for mode in (False, True):
            made, again = (
                _under_a_seed(one.train(mode), self.sample()) for one in (network, other)
            )
            assert equal(made, again), (
                f"with its weights loaded into a second build, the output in "
                f"{'training' if mode else 'eval'} mode is another: something that matters is not "
                "in the state dict; make it a parameter, or a buffer that is persistent"
            )

    @check("file")
    def test_every_tensor_of_the_file_takes_part(self) -> None:
        """A buffer that changes nothing is dead weight in every file; counters are left out."""
        network = self.network()
        if network is None:
            return
        learned = {name for name, _ in network.named_parameters(remove_duplicate=False)}
        state = network.state_dict()
        dead = [
            name
            for name, value in state.items()
            if name not in learned
            and isinstance(value, Tensor)
            and value.is_floating_point()
            and not _matters(network, value, self.sample())
        ]
        assert not dead, (
            f"these tensors of the state dict change no output: {dead}; leave them out, or "
            "register them with persistent=False"
        )

    @check("file")
    def test_its_file_holds_plain_finite_tensors(self) -> None:
        """float32 parameters, and buffers that a weights file takes: srkit refuses NaN, infinity
        and what is no tensor.
        """
        network = self.network()
        if network is None:
            return
        odd = [
            f"{name} ({str(value.dtype).removeprefix('torch.')})"
            for name, value in network.named_parameters()
            if value.dtype != torch.float32
        ]
        assert not odd, f"these parameters are not float32 when built: {odd}; leave types to srkit"
        state = network.state_dict()
        strange = [
            name
            for name, value in state.items()
            if not isinstance(value, Tensor) or value.is_complex() or value.layout != torch.strided
        ]
        assert not strange, (
            f"a weights file cannot hold {strange}: keep plain tensors of real numbers, and no "
            "extra state"
        )
        broken = [name for name, value in state.items() if not bool(value.isfinite().all())]
        assert not broken, (
            f"these tensors hold NaN or infinity: {broken}; srkit refuses such files, so fill "
            "masks in forward"
        )

    @check("file")
    def test_every_tensor_has_memory_of_its_own(self) -> None:
        """Other tools' files refuse tensors that share memory, and optimizers walk it twice."""
        network = self.network()
        if network is None:
            return
        places: dict[int, str] = {}
        for name, value in network.state_dict().items():
            if not isinstance(value, Tensor) or not value.numel():
                continue
            other = places.setdefault(value.untyped_storage().data_ptr(), name)
            assert other == name, (
                f"{other} and {name} share memory; keep one of them, and use it twice"
            )
            assert value.numel() <= value.untyped_storage().nbytes() // value.element_size(), (
                f"{name} is expanded: numbers of it share memory; add .clone()"
            )

    @check("file")
    def test_calling_it_in_evaluation_changes_nothing_in_it(self) -> None:
        """Its tensors stay, and the second output of a picture is the first, whatever was between
        them.
        """
        network = self.build().eval() if self.network() else self.build()
        before = _tensors(network)
        first = outputs(network, self.sample())
        kept = tuple(one.clone() for one in first)
        for between in (self.sample()[:1], 1 - self.sample()):
            outputs(network, between)
        after, first_now = _tensors(network), tuple(one.clone() for one in first)
        again = outputs(network, self.sample())
        changed = [
            name
            for name in after
            if name not in before or not torch.equal(before[name], after[name])
        ]
        assert not changed, (
            f"calling it in eval mode changes {changed}; change buffers only `if self.training`"
        )
        assert equal(kept, first_now), (
            "a later call changes the output of an earlier one: they share memory; return a new "
            "tensor each time"
        )
        assert equal(kept, again), (
            "called twice in eval mode, it makes two outputs of one picture; keep no state between "
            "calls"
        )

    @check("file")
    def test_other_weights_give_the_output_of_other_weights(self) -> None:
        """Also when it was called before they were loaded: nothing made of weights is kept."""
        network, other = self.network(), self.network()
        if network is None or other is None:
            return
        outputs(network.eval(), self.sample())
        state = _own_memory(shaken(other, 10 * SHIFT))
        with told("given the state dict of a second build"):
            network.load_state_dict(state)
        assert near_enough(outputs(network, self.sample()), outputs(other.eval(), self.sample())), (
            "loaded after a call, other weights do not give their output: something computed from "
            "the old ones is kept; compute it in each call"
        )

    @check("file")
    def test_its_mode_is_all_that_train_and_eval_change(self) -> None:
        """It keeps its tensors, and is in eval mode what it was, after training mode and back."""
        network = self.network()
        if network is None:
            return
        keys = list(shaken(network).train().state_dict())
        assert list(network.eval().state_dict()) == keys, (
            "eval() changes the names of its tensors: then the weights of a run do not fit it"
        )
        first = outputs(network, self.sample())
        again = outputs(network.train().eval(), self.sample())
        assert equal(first, again), "after train() and eval() it makes another output"

    @check("file")
    def test_a_copy_is_a_network_of_its_own(self) -> None:
        """The moving average of a run is a deep copy that is taken after calls, and follows."""
        network = self.network()
        if network is None:
            return
        backward(network, call(network.train(), self.sample()))
        with told("copied with copy.deepcopy after a call"):
            copied = deepcopy(network).eval()
        before = outputs(copied, self.sample())
        shaken(network, 10 * SHIFT)
        assert equal(before, outputs(copied, self.sample())), (
            "a deep copy changes with the network it was copied from: something in it holds on to "
            "the original, such as a function with `self` in it"
        )
        assert equal(
            outputs(deepcopy(network).eval(), self.sample()), outputs(network.eval(), self.sample())
        ), "a deep copy makes another output than the network"

    @check("file")
    def test_its_moving_average_follows_it(self) -> None:
        """Parameters and buffers of a copy keep their order and number while the network trains."""
        network = self.network()
        if network is None:
            return
        with told("averaged over steps as a run does"):
            average = start_average(network)
            backward(network, call(network.train(), self.sample()))
            update_average(average, shaken(network), 0.0)
        assert equal(outputs(average, self.sample()), outputs(network.eval(), self.sample())), (
            "an average with all weight on the newest network is not that network: its tensors are "
            "not all among parameters() and buffers()"
        )

    @check("seed")
    def test_what_learns_nothing_draws_nothing(self) -> None:
        """Without a weights file there is nothing that what is drawn could be kept in."""
        if self.network() is not None:
            return
        first, second = (outputs(self.build(seed=seed), self.sample()) for seed in (0, OTHER_SEED))
        assert equal(first, second), (
            "it has no parameters, and yet its output depends on the seed it is built under; make "
            "what is drawn a parameter, inside of modules that are attributes"
        )


def near_enough(first: tuple[Tensor, ...], second: tuple[Tensor, ...]) -> bool:
    """Whether two outputs agree but for the last digits."""
    return len(first) == len(second) and all(
        torch.allclose(one, other, rtol=1e-4, atol=1e-5)
        for one, other in zip(first, second, strict=True)
    )


def _own_memory(network: nn.Module) -> dict[str, Tensor]:
    return {
        name: value.detach().clone(memory_format=torch.contiguous_format)
        for name, value in network.state_dict().items()
        if isinstance(value, Tensor)
    }


def _tensors(network: object) -> dict[str, Tensor]:
    if not isinstance(network, nn.Module):
        return {}
    named = (*network.named_parameters(), *network.named_buffers())
    return {name: value.detach().clone() for name, value in named}


def _under_a_seed(network: nn.Module, batch: Tensor) -> tuple[Tensor, ...]:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        return outputs(network, batch)


def _matters(network: nn.Module, value: Tensor, batch: Tensor) -> bool:
    """Whether the output of any mode changes with a tensor of the state dict."""
    was = value.clone()
    for mode in (False, True):
        states = {name: one.clone() for name, one in network.state_dict().items()}
        before = _under_a_seed(network.train(mode), batch)
        network.load_state_dict(states)
        value.add_(_LOUD * (1 + value.abs()))
        after = _under_a_seed(network, batch)
        network.load_state_dict(states)
        value.copy_(was)
        if not equal(before, after):
            return True
    return False
