"""What does a dense block compute, without keeping a concatenation for each convolution?"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

NEGATIVE_SLOPE = 0.2
RESIDUAL_SCALE = 0.2
"""Factor of every residual branch: Wang et al. 2018 (ESRGAN), section 3.1."""
_INIT_GAIN = 0.1
"""ESRGAN's "smaller initialisation" (its supplementary material): Kaiming's weights times this."""
_CONVOLUTIONS = 5


class DenseBlock(nn.Module):
    """Five 3x3 convolutions, each of which sees the input and every output before it.

    (B, F, H, W) -> (B, F, H, W).
    """

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.conv1 = _convolution(features, growth)
        self.conv2 = _convolution(features + growth, growth)
        self.conv3 = _convolution(features + 2 * growth, growth)
        self.conv4 = _convolution(features + 3 * growth, growth)
        self.conv5 = _convolution(features + 4 * growth, features)

    def forward(self, x: Tensor) -> Tensor:
        """Return x plus the scaled branch."""
        convolutions = (self.conv1, self.conv2, self.conv3, self.conv4, self.conv5)
        tensors = _as_autocast(
            x, *(conv.weight for conv in convolutions), *(conv.bias for conv in convolutions)
        )
        return torch.add(x, _branch_of(*tensors), alpha=RESIDUAL_SCALE)


def _convolution(inputs: int, outputs: int) -> nn.Conv2d:
    conv = nn.Conv2d(inputs, outputs, 3, padding=1)
    weight, bias = conv.parameters()
    nn.init.kaiming_normal_(weight)
    nn.init.zeros_(bias)
    with torch.no_grad():
        weight.mul_(_INIT_GAIN)
    return conv


def _as_autocast(*tensors: Any) -> tuple[Tensor, ...]:
    """Cast as a convolution under autocast would.

    Inside `_DenseBranch` autocast cannot see the buffer's type.
    """
    device = tensors[0].device.type
    if not torch.is_autocast_enabled(device):
        return tensors
    return tuple(tensor.to(torch.get_autocast_dtype(device)) for tensor in tensors)


def _branch_of(*tensors: Tensor) -> Tensor:
    """Return the branch; an exported graph has concatenations, which other tools compute faster
    than writes into a buffer.
    """
    if torch.compiler.is_exporting():
        return _concatenated_branch(*tensors)
    if torch.is_grad_enabled():
        branch: Tensor = _DenseBranch.apply(*tensors)
        return branch
    return _dense_branch(*tensors)[1]


def _concatenated_branch(x: Tensor, *parameters: Tensor) -> Tensor:
    weights, biases = parameters[:_CONVOLUTIONS], parameters[_CONVOLUTIONS:]
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        grown = functional.leaky_relu(functional.conv2d(x, weight, bias, padding=1), NEGATIVE_SLOPE)
        x = torch.cat((x, grown), 1)
    return functional.conv2d(x, weights[-1], biases[-1], padding=1)


def _dense_branch(x: Tensor, *parameters: Tensor) -> tuple[Tensor, Tensor]:
    """Run the convolutions over one buffer that holds x and all their outputs.

    Returns the buffer and the branch.
    """
    weights, biases = parameters[:_CONVOLUTIONS], parameters[_CONVOLUTIONS:]
    in_channels = [weight.shape[1] for weight in weights]
    shape = (x.shape[0], in_channels[-1], *x.shape[2:])
    buffer = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=_layout(x))
    buffer[:, : in_channels[0]] = x
    for start, end, weight, bias in zip(
        in_channels, in_channels[1:], weights, biases, strict=False
    ):
        grown = functional.conv2d(buffer[:, :start], weight, bias, padding=1)
        _write_active(buffer[:, start:end], grown)
    return buffer, functional.conv2d(buffer, weights[-1], biases[-1], padding=1)


def _write_active(part: Tensor, grown: Tensor) -> None:
    """Write an activated output into its part of the buffer, in one pass over memory."""
    if torch.compiler.is_compiling():  # which refuses `out` of a part, and joins both itself
        part.copy_(functional.leaky_relu_(grown, NEGATIVE_SLOPE))
        return
    torch.ops.aten.leaky_relu.out(grown, NEGATIVE_SLOPE, out=part)


def _layout(x: Tensor) -> torch.memory_format:
    return (
        torch.channels_last
        if x.is_contiguous(memory_format=torch.channels_last)
        else torch.contiguous_format
    )


class _DenseBranch(torch.autograd.Function):
    """`_dense_branch` with a gradient that needs the buffer only.

    With torch.cat autograd would keep every concatenation: 640 channels a block instead of 192 at
    64 features. The gradient is a dense block the other way round: what each part of the buffer
    (x, or an output) gets from all convolutions that see it is one convolution of their gradients,
    so that nothing is added up outside.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, *parameters: Tensor) -> Tensor:
        buffer, branch = _dense_branch(x, *parameters)
        ctx.save_for_backward(buffer, *parameters[:_CONVOLUTIONS])
        return branch

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, ...]:
        buffer, *weights = ctx.saved_tensors
        bounds = [0, *(weight.shape[1] for weight in weights)]
        grads = grad_outputs[0]
        grad_weights: list[Tensor] = []  # torch.compile does not know list[Tensor]()
        for number in reversed(range(_CONVOLUTIONS)):
            part = buffer[:, bounds[number] : bounds[number + 1]]
            seen_by = [
                weight[:, bounds[number] : bounds[number + 1]] for weight in weights[number:]
            ]
            grad_part, grad_weight, grad_biases = _convolution_gradients(
                grads, part, torch.cat(seen_by[::-1]), biases=number == 0
            )
            grad_weights.insert(0, grad_weight)
            if number:
                grad_conv = torch.ops.aten.leaky_relu_backward(
                    grad_part, part, NEGATIVE_SLOPE, True
                )
                grads = torch.cat((grads, grad_conv), 1)
        outputs = [weight.shape[0] for weight in reversed(weights)]
        return (
            grad_part,
            *_by_convolution(grad_weights, outputs),
            *reversed(grad_biases.split_with_sizes(outputs)),
        )


def _by_convolution(grad_weights: Sequence[Tensor], outputs: Sequence[int]) -> list[Tensor]:
    """Return gradients of weights by convolution, which come by the part of the buffer that they
    multiply, each with the outputs of the last convolution first.
    """
    pieces = [
        one.split_with_sizes(outputs[: _CONVOLUTIONS - number])
        for number, one in enumerate(grad_weights)
    ]
    return [
        torch.cat(
            [of_part[-1 - number + part] for part, of_part in enumerate(pieces[: number + 1])], 1
        )
        for number in range(_CONVOLUTIONS)
    ]


def _convolution_gradients(
    grad_output: Tensor, inputs: Tensor, weight: Tensor, *, biases: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients of inputs, weight and, where asked for, bias of a 3x3 convolution with
    padding 1.
    """
    result: tuple[Tensor, Tensor, Tensor] = torch.ops.aten.convolution_backward(
        grad_output,
        inputs,
        weight,
        [weight.shape[0]],
        [1, 1],
        [1, 1],
        [1, 1],
        False,
        [0, 0],
        1,
        [True, True, biases],
    )
    return result
