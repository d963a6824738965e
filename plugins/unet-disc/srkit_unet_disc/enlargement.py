"""How are features enlarged without casting them to float32 and back?"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


def enlarge(x: Tensor, size: torch.Size) -> Tensor:
    """Enlarge (B, F, H, W) to (B, F, *size) by bilinear interpolation, in its own dtype.

    Under a GPU's autocast torch would cast x to float32, and the next convolution the larger
    picture back, for the same numbers: its kernels compute in float32 and round once. Compiled
    code joins the casts to the interpolation.
    """
    if torch.compiler.is_compiling():
        return functional.interpolate(x, size, mode="bilinear", align_corners=False)
    with torch.autocast(x.device.type, enabled=False):
        enlarged: Tensor = _Bilinear.apply(x, size)
    return enlarged


class _Bilinear(torch.autograd.Function):
    """Interpolation whose gradient is added up in float32: a GPU would round each of its sixteen
    summands to the dtype of x.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, size: torch.Size) -> Tensor:
        ctx.sizes = (size, x.shape)
        return functional.interpolate(x, size, mode="bilinear", align_corners=False)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (grad,) = grads
        summed = grad.to(torch.promote_types(grad.dtype, torch.float32))
        gathered = torch.ops.aten.upsample_bilinear2d_backward(summed, *ctx.sizes, False)
        return gathered.to(grad.dtype), None
