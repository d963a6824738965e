"""How does batch normalisation add up its statistics on a CPU?"""

from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

_UNROUNDED: Final = (torch.float32, torch.float64)
"""In half precision what is normalised has far larger errors than its statistics."""


class ColumnwiseBatchNorm2d(nn.BatchNorm2d):
    """BatchNorm2d, (B, C, H, W) -> (B, C, H, W), with statistics as exact in channels_last as
    they are in the other layout.

    In channels_last torch adds all values of a channel one after the other, in the precision of the
    batch: in float32 the result errs by 1e-5, a hundred times as much as the sums in float64 of the
    other layout, and many a unit near zero changes its side. Here the values of each column of
    pixels are added apart, and the sums of columns in float64. The gradient is torch's own.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Normalise a batch, and move the running statistics as BatchNorm2d does."""
        if not (self.training and _is_concerned(input)):
            return super().forward(input)
        mean, variance = _statistics(input)
        self._move(mean, variance, input.numel() // input.shape[1])
        normalised: Tensor = _Normalised.apply(
            input, self.weight, self.bias, mean, variance, self.eps
        )
        return normalised

    @torch.no_grad()
    def _move(self, mean: Tensor, variance: Tensor, count: int) -> None:
        unbiased = variance * (count / (count - 1))
        for running, new in ((self.running_mean, mean), (self.running_var, unbiased)):
            if running is not None:
                running.lerp_(new.to(running.dtype), self.momentum or 0.0)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)


def sum_by_columns(network: nn.Module) -> nn.Module:
    """Make the batch normalisations of a network ColumnwiseBatchNorm2d, in place.

    Those with options other than torch's usual ones (no factors, no running statistics, or
    averages of all batches) stay as they are.
    """
    for module in network.modules():
        usual = type(module) is nn.BatchNorm2d and module.affine and module.track_running_stats
        if usual and module.momentum is not None:
            module.__class__ = ColumnwiseBatchNorm2d  # keeps parameters, buffers and hooks
    return network


def _is_concerned(batch: Tensor) -> bool:
    return (
        batch.device.type == "cpu"
        and batch.dim() == 4
        and batch.dtype in _UNROUNDED
        and batch.is_contiguous(memory_format=torch.channels_last)
        and batch.numel() > batch.shape[1]
    )


@torch.no_grad()
def _statistics(batch: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and biased variance of each channel."""
    channels, columns = batch.shape[1], batch.shape[3]
    rows = batch.permute(0, 2, 3, 1).reshape(-1, columns * channels)
    of_columns = torch.ops.aten.batch_norm_update_stats(rows, None, None, 0.0)
    means, variances = (one.double().view(columns, channels) for one in of_columns)
    mean = means.mean(0)
    variance = variances.mean(0) + (means - mean).square().mean(0)
    return mean.to(batch.dtype), variance.to(batch.dtype)


class _Normalised(torch.autograd.Function):
    """Normalises with statistics of the batch itself, through which the gradient flows too."""

    @staticmethod
    def forward(
        ctx: Any,
        batch: Tensor,
        weight: Tensor,
        bias: Tensor,
        mean: Tensor,
        variance: Tensor,
        eps: float,
    ) -> Tensor:
        ctx.save_for_backward(batch, weight, mean, variance)
        ctx.eps = eps
        return functional.batch_norm(batch, mean, variance, weight, bias, eps=eps)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        batch, weight, mean, variance = ctx.saved_tensors
        gradients = torch.ops.aten.native_batch_norm_backward(
            grad_outputs[0],
            batch,
            weight,
            None,
            None,
            mean,
            (variance + ctx.eps).rsqrt(),
            True,
            ctx.eps,
            [True, True, True],
        )
        return (*gradients, None, None, None)
