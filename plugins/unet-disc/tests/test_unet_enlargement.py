"""Are features enlarged as by torch's interpolation, and in which precision is the gradient?"""

import pytest
import torch
from torch.nn import functional

from srkit_unet_disc.enlargement import enlarge

SIZE = torch.Size((14, 11))


def interpolated(x):
    return functional.interpolate(x, SIZE, mode="bilinear", align_corners=False)


def features(dtype, layout=torch.channels_last):
    rng = torch.Generator().manual_seed(0)
    made = torch.randn(2, 8, 7, 6, generator=rng).to(dtype).contiguous(memory_format=layout)
    return made.requires_grad_()


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_it_is_torch_s_interpolation_with_a_gradient_rounded_once(dtype, layout):
    x, reference = features(dtype, layout), features(torch.float32, layout)
    ours = enlarge(x, SIZE)
    assert ours.is_contiguous(memory_format=layout)
    assert torch.equal(ours, interpolated(x))
    grad = torch.randn(ours.shape, generator=torch.Generator().manual_seed(1)).to(dtype)
    ours.backward(grad)
    interpolated(reference).backward(grad.float())
    assert torch.equal(x.grad, reference.grad.to(dtype))


def test_the_gradient_is_that_of_finite_differences_and_has_one():
    """A gradient penalty takes the gradient of a gradient."""
    x = features(torch.float64)[:1, :2].detach().requires_grad_()
    assert torch.autograd.gradcheck(enlarge, (x, SIZE))
    assert torch.autograd.gradgradcheck(enlarge, (x, SIZE))
