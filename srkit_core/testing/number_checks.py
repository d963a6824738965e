"""Does a network compute the same in every type, memory layout and mode that srkit uses?"""

import torch
from torch import Tensor, nn

from srkit_core.testing.checks import check
from srkit_core.testing.network_contract import (
    NetworkChecks,
    backward,
    call,
    in_eval_mode,
    near,
    outputs,
    told,
)

_BFLOAT16 = 0.1
"""How far an output under autocast may be off, as a share of the largest number in it."""


class NumberChecks(NetworkChecks):
    """Checks of types, precision and memory layouts."""

    @check("dtype")
    def test_mixed_precision_trains(self) -> None:
        """Under autocast to bfloat16 the output is near, and gradients are finite."""
        network = self.network()
        if network is None:
            return
        plain = outputs(network.eval(), self.sample())
        with torch.autocast("cpu", torch.bfloat16):
            mixed = outputs(network, self.sample())
        for one, other in zip(plain, mixed, strict=True):
            off = (one - other.float()).abs().max() / one.abs().max().clamp_min(1e-6)
            assert off.item() <= _BFLOAT16, (
                f"under autocast to bfloat16 the output is off by {off.item():.0%}; compute what "
                "needs precision with autocast disabled"
            )
        with torch.autocast("cpu", torch.bfloat16):
            made = call(network.train(), self.sample())
        backward(network, made)
        wrong = [
            name
            for name, value in network.named_parameters()
            if value.grad is not None and not bool(value.grad.isfinite().all())
        ]
        assert not wrong, (
            f"under autocast to bfloat16 the gradient of these parameters is not finite: {wrong}"
        )

    @check("dtype")
    def test_the_output_has_the_type_of_the_picture(self) -> None:
        """float32 in, float32 out; float64 and bfloat16 likewise, with weights of that type."""
        for dtype in (torch.float32, torch.float64, torch.bfloat16):
            network = in_eval_mode(self.build())
            if not isinstance(network, nn.Module) and dtype == torch.bfloat16:
                return
            with told(f"moved to {dtype}"):
                network = network.to(dtype) if isinstance(network, nn.Module) else network
            for one in outputs(network, self.sample().to(dtype)):
                assert one.dtype == dtype, (
                    f"pictures and weights of {dtype} give an output of {one.dtype}; follow the "
                    "type of the picture"
                )
                assert bool(one.isfinite().all()), f"in {dtype} the output is not finite"

    @check("dtype")
    def test_memory_layout_changes_nothing(self) -> None:
        """Crops arrive as channels_last, and so are the weights of convolutions; tiles are cut."""
        batch = self.sample()
        plain = outputs(in_eval_mode(self.build()), batch)
        for name, laid in _layouts(batch).items():
            network = in_eval_mode(self.build())
            if name == "channels_last" and isinstance(network, nn.Module):
                network = network.to(memory_format=torch.channels_last)
            assert near(plain, outputs(network, laid)), (
                f"a picture of another memory layout ({name}) gives another output; use reshape, "
                "and no strides"
            )

    @check("inputs")
    def test_the_input_is_left_alone(self) -> None:
        """The caller still needs its pictures, and the output is no view of them."""
        for mode in (False, True):
            network, batch = self.build(), self.sample()
            if isinstance(network, nn.Module):
                network.train(mode)
            made = outputs(network, batch)
            assert torch.equal(batch, self.sample()), (
                "the network changes its input in place; use the operation without the underscore"
            )
            memory = batch.untyped_storage().data_ptr()
            assert all(one.untyped_storage().data_ptr() != memory for one in made), (
                "the output shares memory with the input; return a copy"
            )


def _layouts(batch: Tensor) -> dict[str, Tensor]:
    """Return the same pictures in other places of memory."""
    wide = batch.repeat_interleave(2, -1)
    return {
        "channels_last": batch.contiguous(memory_format=torch.channels_last),
        "cut out": wide[..., ::2],
        "transposed": batch.transpose(-1, -2).contiguous().transpose(-1, -2),
    }
