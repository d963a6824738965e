"""Can the blocks that a generator names be computed again for the gradient?"""

import torch
from torch import Tensor, nn

from srkit_core.models.recompute import recompute
from srkit_core.testing.checks import check
from srkit_core.testing.generator_checks import GeneratorChecks
from srkit_core.testing.network_contract import MadeMaps, backward, call, equal, told


class BodyChecks(GeneratorChecks):
    """Checks of `body`, what `--recompute` works on."""

    @check("announced")
    def test_its_body_is_a_sequence_of_blocks(self) -> None:
        """`body` names an `nn.Sequential` of the network, and every block of it is called."""
        body = self.spec().body
        network = self.network()
        if not body:
            return
        assert network is not None, f"body={body!r} is declared, and it learns nothing"
        names = dict(network.named_modules())
        assert body in names, f"body={body!r} is declared, and no module is called that"
        assert isinstance(names[body], nn.Sequential), (
            f"body={body!r} is a {type(names[body]).__name__} and no nn.Sequential"
        )
        called = _called(network, names[body], self.sample())
        idle = [name for name, block in names[body].named_children() if block not in called]
        assert len(names[body]), f"body={body!r} holds no block"
        assert not idle, f"these blocks of body={body!r} are never called: {idle}"

    @check("gradient")
    def test_recomputing_its_body_changes_nothing(self) -> None:
        """With `--recompute`, outputs, gradients and buffers are the same."""
        if not isinstance(self._body(), nn.Sequential):
            return
        plain, again = self.build(), self.build()
        recompute(again, self.bound())
        results = [_trained(one, self.sample()) for one in (plain, again)]
        assert equal(results[0][0], results[1][0]), (
            "with its body computed again, the output is another; leave body out"
        )
        assert equal(results[0][1], results[1][1]), (
            "with its body computed again, gradients are others: a block draws from a random state "
            "that is not torch's, or keeps something between calls; leave body out"
        )
        assert equal(results[0][2], results[1][2]), (
            "with its body computed again, buffers are others: a block changes them in each call, "
            "as batch normalisation does; leave body out"
        )

    def _body(self) -> nn.Module | None:
        network = self.network()
        if network is None or not self.spec().body:
            return None
        return dict(network.named_modules()).get(self.spec().body)


def _called(network: nn.Module, body: nn.Module, batch: Tensor) -> set[nn.Module]:
    called: set[nn.Module] = set()
    hooks = [
        block.register_forward_pre_hook(lambda module, _: called.add(module))
        for block in body.children()
    ]
    call(network, batch)
    for hook in hooks:
        hook.remove()
    return called


def _trained(network: nn.Module, batch: Tensor) -> tuple[MadeMaps, MadeMaps, MadeMaps]:
    """Return outputs, gradients and buffers of one turn of training."""
    with torch.random.fork_rng(devices=[]), told("trained with its body computed again"):
        torch.default_generator.manual_seed(0)
        made = call(network.train(), batch)
        backward(network, made)
    gradients = [torch.zeros(1) if one.grad is None else one.grad for one in network.parameters()]
    return (
        tuple(one.detach() for one in made),
        tuple(gradients),
        tuple(one.clone() for one in network.buffers()),
    )
