"""How is the gradient of a convolution's weight computed on a CPU?"""

from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

_UNITS: Final = ("AVX2",)
"""What torch finds on processors where it was measured that the usual layout is faster: for 64
channels of 128 x 128 pixels 42 to 55 ms instead of 124 to 143, which is a tenth of a training step
of RRDB-4 (empirical, AMD Zen 3, two cores).
"""
_LEAST_PIXELS: Final = 64 * 64
"""Of smaller pictures the copies cost what they save (empirical)."""


class ReorderedConv2d(nn.Conv2d):
    """Conv2d, (B, C, H, W) -> (B, D, H', W'), whose weight's gradient is computed in torch's usual
    layout.

    In channels_last outputs and the gradient of inputs are faster, that of the weight is not.
    """

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        if not (_is_concerned(input, weight) and isinstance(self.padding, tuple)):
            plain: Tensor = super()._conv_forward(input, weight, bias)
            return plain
        sizes = (self.stride, self.padding, self.dilation)
        made: Tensor = _Convolution.apply(input, weight, bias, *sizes, self.groups)
        return made


def reorder_weight_gradients(network: nn.Module) -> nn.Module:
    """Make the convolutions of a network ReorderedConv2d, in place, where that is faster.

    Those that pad with other than zeros, and classes of their own, stay as they are.
    """
    if torch.backends.cpu.get_cpu_capability() not in _UNITS:
        return network
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.padding_mode == "zeros":
            _reorder(module)
    return network


def _reorder(module: nn.Conv2d) -> None:
    kind = type(module)
    if kind is nn.Conv2d:
        module.__class__ = ReorderedConv2d  # keeps parameters, buffers and hooks
    elif is_parametrized(module) and kind.__bases__ == (nn.Conv2d,):
        kind.__bases__ = (ReorderedConv2d,)  # torch made this class for this module alone


def _is_concerned(batch: Tensor, weight: Tensor) -> bool:
    return (
        torch.is_grad_enabled()
        and weight.requires_grad
        and batch.device.type == "cpu"
        and batch.dim() == 4
        and batch.dtype == weight.dtype == torch.float32
        and batch.shape[2] * batch.shape[3] >= _LEAST_PIXELS
        and not torch.is_autocast_enabled("cpu")
    )


class _Convolution(torch.autograd.Function):
    """A convolution with a gradient that is torch's own, computed in two layouts."""

    @staticmethod
    def forward(
        ctx: Any,
        batch: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        stride: Sequence[int],
        padding: Sequence[int],
        dilation: Sequence[int],
        groups: int,
    ) -> Tensor:
        ctx.save_for_backward(batch, weight)
        biases = None if bias is None else [bias.shape[0]]
        ctx.options = (biases, stride, padding, dilation, False, [0, 0], groups)
        return torch.conv2d(batch, weight, bias, stride, padding, dilation, groups)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        (grad,), (batch, weight) = grad_outputs, ctx.saved_tensors
        of_batch, of_weight, of_bias = ctx.needs_input_grad[:3]
        gradients = torch.ops.aten.convolution_backward
        grad_batch = grad_weight = grad_bias = None
        if of_batch:
            grad_batch = gradients(grad, batch, weight, *ctx.options, [True, False, False])[0]
        if of_weight or of_bias:
            usual = [one.contiguous() for one in (grad, batch, weight)]
            _, grad_weight, grad_bias = gradients(*usual, *ctx.options, [False, of_weight, of_bias])
        return grad_batch, grad_weight, grad_bias, None, None, None, None
