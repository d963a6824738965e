"""Which losses between SR and HR are broken in one way?"""

import itertools
import os
import random
import sys

import numpy as np
import torch
from mutants.machinery import REFUSED, also, held
from mutants.values import broken_loss, each, l1, lengths, loss_spec, of_factory
from torch import nn
from torch.nn import functional

from srkit_core.testing import ReferenceLossContract

VALUE, GRADIENT = (
    "it_is_finite_for_equal_and_flat_pictures",
    "gradient_is_finite_for_equal_and_flat_pictures",
)
LEAST, NOISE = "it_is_least_for_equal_pictures", "it_grows_with_noise"
BEHIND, ELSE = "a_call_leaves_nothing_behind", "building_and_calling_it_change_nothing_else"
BATCH, REFERENCE = "a_batch_is_the_mean_of_its_pictures", "needs_reference_is_true"
ALONE = "what_it_is_given_is_left_alone"
LEARNS, EVAL = "it_learns_nothing", "networks_within_are_in_eval_mode"
SCALAR, CALLED = "it_is_a_scalar", "it_may_be_called_again_before_and_after_its_gradient"


def _charbonnier(sr, hr):
    return ((sr - hr).square() + 1e-6).sqrt().mean()


def _gray(pictures):
    return pictures.mean(1, keepdim=True)


def _square_part(pictures):
    side = min(pictures.shape[-2:])
    return pictures[..., :side, :side]


def _less_again(sr, hr):
    error = each((sr - hr).abs())
    return (error * (-error / 0.02).exp()).mean()


def _root_of_each_pixel(sr, hr):
    return (sr - hr).square().sqrt().mean()


def _by_numpy(sr, hr):
    return torch.as_tensor(np.abs(sr.detach().numpy() - hr.numpy()).mean()).to(sr)


class _Counting:
    """Grows with each call."""

    def __init__(self, after=0):
        self.calls, self.after = 0, after

    def __call__(self, sr, hr):
        self.calls += 1
        return l1(sr, hr) * (1 + max(0, self.calls - self.after))


class _RunningMean:
    """Adds a part of the mean over the calls before."""

    def __init__(self):
        self.mean = None

    def __call__(self, sr, hr):
        value = l1(sr, hr)
        before = 0 if self.mean is None else self.mean
        self.mean = 0.9 * before + 0.1 * value.detach()
        return value + 0.01 * before


class _KeepsTheGraph:
    """Adds nothing, but from the graph of the last call."""

    def __init__(self):
        self.last = None

    def __call__(self, sr, hr):
        value = l1(sr, hr) if self.last is None else l1(sr, hr) + 0 * self.last
        self.last = value.square()
        return value


class _RemembersHR:
    """Takes HR of the first call of a size for that of all."""

    def __init__(self):
        self.kept = {}

    def __call__(self, sr, hr):
        return l1(sr, self.kept.setdefault(hr.shape, hr.clone()))


_BUILT = itertools.count(1)


class _Built:
    """Weighs by how many were built."""

    def __init__(self):
        self.weight = 1 + 1e-6 * next(_BUILT)

    def __call__(self, sr, hr):
        return self.weight * l1(sr, hr)


class _Learnable(nn.Module):
    """Has a weight that nobody trains."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, sr, hr):
        return self.weight * l1(sr, hr)


class _Features:
    """Compares features of a convolution with fixed weights."""

    def __init__(self, norm=None, *, frozen=True):
        self.net = nn.Sequential(nn.Conv2d(3, 4, 3), norm or nn.Identity()).eval()
        self.net.requires_grad_(not frozen)

    def __call__(self, sr, hr):
        weight = self.net[0].weight
        sr, hr = sr.to(weight), hr.to(weight)
        return l1(sr, hr) + 0.1 * l1(self.net(sr), self.net(hr))


class _Training(_Features):
    """Its norm computes statistics of what it is given, and keeps them."""

    def __init__(self):
        super().__init__(nn.InstanceNorm2d(4, track_running_stats=True))
        self.net.train()


class _DroppedOut(_Features):
    """Its last layer drops features when it trains, from a state of its own."""

    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.5)

    def __call__(self, sr, hr):
        return super().__call__(sr, hr) * (1.5 if self.drop.training else 1.0)


class _TwoModes(nn.Module):
    """Weighs by its mode."""

    def forward(self, sr, hr):
        return l1(sr, hr) * (2 if self.training else 1)


class _OnTheCPU:
    """Holds weights that stay where they were made."""

    def __init__(self):
        self.weights = torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)

    def __call__(self, sr, hr):
        return ((sr - hr) * self.weights).abs().mean()


class _WrongBackward(torch.autograd.Function):
    """Mean absolute difference whose gradient is that of twice."""

    @staticmethod
    def forward(context, sr, hr):
        context.save_for_backward(sr, hr)
        return (sr - hr).abs().mean()

    @staticmethod
    def backward(context, gradient):
        sr, hr = context.saved_tensors
        return 2 * gradient * (sr - hr).sign() / sr.numel(), None


def _sets(function):
    """Return a loss that does something else first."""

    def call(sr, hr):
        function()
        return l1(sr, hr)

    return call


def _squares_only(sr, hr):
    if sr.shape[-1] != sr.shape[-2]:
        raise ValueError("square pictures only")
    return l1(sr, hr)


def _needs_side(side):
    def call(sr, hr):
        if min(sr.shape[-2:]) < side:
            raise ValueError(f"pictures of at least {side} pixels")
        return l1(sr, hr)

    return call


def _whole_blocks(sr, hr):
    """Compare means of blocks of 8 x 8 pixels, beside pixels; no other sides."""
    height, width = sr.shape[-2:]
    difference = (sr - hr).view(*sr.shape[:2], height // 8, 8, width // 8, 8)
    return difference.abs().mean()


def _loads_in_autocast(sr, hr):
    mixed = functional.conv2d(sr, torch.eye(3).to(sr)[:, :, None, None])
    return torch.lerp(mixed, sr, 0.5).sub(hr).abs().mean()


def _turned_off(sr, hr):
    value = l1(sr, hr)
    torch.set_grad_enabled(False)
    return value


_RELU6 = functional.relu6


def _patch_relu():
    functional.relu6 = lambda given, inplace=False: _RELU6(given, inplace)


_TABLE = (
    # What it is.
    ("a value a picture", lambda sr, hr: each((sr - hr).abs()), SCALAR, "not a scalar"),
    ("a value a pixel", lambda sr, hr: (sr - hr).abs(), SCALAR, "not a scalar"),
    ("one value in a list", lambda sr, hr: l1(sr, hr)[None], SCALAR, "not a scalar"),
    ("negative", lambda sr, hr: l1(sr, hr) - 0.2, "it_is_not_negative", "is negative"),
    ("a similarity", lambda sr, hr: l1(sr, hr) - 1, "it_is_not_negative", "is negative"),
    # What it says.
    (
        "least where SR is a grey level darker",
        lambda sr, hr: (sr - hr + 1 / 255).abs().mean(),
        LEAST,
        "a grey level darker",
    ),
    (
        "least where SR is brighter",
        lambda sr, hr: (sr - hr - 0.05).square().mean(),
        LEAST,
        "brighter",
    ),
    (
        "least where contrast is less",
        lambda sr, hr: (sr - 0.98 * hr).abs().mean(),
        LEAST,
        "less: 0",
    ),
    (
        "least for another SR",
        lambda sr, hr: (sr - hr.flip(1)).abs().mean() + 2 * l1(_gray(sr), _gray(hr)),
        LEAST,
        "red and blue swapped",
    ),
    (
        "least where SR is smooth",
        lambda sr, hr: l1(sr, hr) + 3 * (sr - sr.roll(1, -1)).abs().mean(),
        LEAST,
        "blurred",
    ),
    ("less again for much noise", _less_again, NOISE, "does not grow"),
    ("a sum over the batch", lambda sr, hr: l1(sr, hr) * len(sr), BATCH, "not the sum"),
    ("a sum of squares", lambda sr, hr: each((sr - hr).square()).sum(), BATCH, "not the sum"),
    (
        "a root over the batch",
        lambda sr, hr: ((sr - hr).square().mean() + 1e-8).sqrt(),
        BATCH,
        "its halves",
    ),
    (
        "pictures weighed by their place",
        lambda sr, hr: (
            each((sr - hr).abs()) * torch.tensor([1.5, 0.5]).to(sr).repeat(len(sr))[: len(sr)]
        ).mean(),
        "the_order_of_a_batch_does_not_matter",
        "another order",
    ),
    # Where it is finite.
    (
        "a fraction of variances",
        lambda sr, hr: each((sr - hr).abs()).div(hr.flatten(1).var(1)).mean(),
        VALUE,
        "black pictures",
    ),
    (
        "divided by white",
        lambda sr, hr: l1(sr, hr) / (1 - hr.flatten(1).amin(1)).mean(),
        VALUE,
        "white pictures",
    ),
    (
        "divided by its own size",
        lambda sr, hr: (sr - hr).abs().mean() * l1(sr, hr).detach() / l1(sr, hr).detach(),
        VALUE,
        "equal pictures",
    ),
    (
        "a root of each picture",
        lambda sr, hr: each((sr - hr).square()).sqrt().mean(),
        GRADIENT,
        "equal pictures",
    ),
    (
        "a root of SR outside",
        lambda sr, hr: l1(sr, hr) + 0.1 * l1((sr + 0.1).sqrt(), (hr + 0.1).sqrt()),
        "it_is_finite_outside_the_range",
        "SR of -1 to 2",
    ),
    # Which pictures it takes.
    # Its gradients.
    ("detached", lambda sr, hr: l1(sr, hr).detach(), "gradient_reaches_sr", "is detached"),
    (
        "of detached SR",
        lambda sr, hr: l1(sr.detach(), hr) + 0 * sr.sum(),
        "gradient_reaches_sr",
        "is zero for some",
    ),
    (
        "uphill",
        lambda sr, hr: 2 * l1(sr, hr).detach() - l1(sr, hr),
        "gradient_is_the_slope_of_the_loss",
        "along its gradient",
    ),
    (
        "a gradient of twice the size",
        lambda sr, hr: 2 * l1(sr, hr) - l1(sr, hr).detach(),
        "gradient_is_the_slope_of_the_loss",
        "along its gradient",
    ),
    (
        "a part of it detached",
        lambda sr, hr: l1(sr, hr) + l1(sr.detach(), hr),
        "gradient_is_the_slope_of_the_loss",
        "without detach",
    ),
    (
        "a backward of its own",
        _WrongBackward.apply,
        "gradient_is_the_slope_of_the_loss",
        "along its gradient",
    ),
    # What it leaves alone.
    ("in place on HR", lambda sr, hr: hr.sub_(sr).abs().mean(), ALONE, "changes HR in place"),
    (
        "in place on SR and back",
        lambda sr, hr: l1(sr.mul_(2).mul_(0.5), hr),
        ALONE,
        "in place and back",
    ),
    (
        "clamps HR in place",
        lambda sr, hr: l1(sr, hr.clamp_(0.1, 0.9)) * 0 + l1(sr, hr),
        ALONE,
        "changes HR in place",
    ),
    ("seeds torch", _sets(lambda: torch.manual_seed(0)), ELSE, "torch's random state"),
    ("draws from torch", _sets(lambda: torch.rand(1)), ELSE, "torch's random state"),
    ("draws from numpy", _sets(np.random.rand), ELSE, "numpy's random state"),
    ("draws from Python", _sets(random.random), ELSE, "Python's random state"),
    (
        "changes the default type",
        _sets(lambda: torch.set_default_dtype(torch.float64)),
        ELSE,
        "default type",
    ),
    ("turns gradients off", _turned_off, ELSE, "turns gradients on or off"),
    (
        "asks for deterministic algorithms",
        _sets(lambda: torch.use_deterministic_algorithms(True, warn_only=True)),
        ELSE,
        "deterministic algorithms",
    ),
    (
        "changes the precision of products",
        _sets(lambda: torch.set_float32_matmul_precision("medium")),
        ELSE,
        "precision of matrix products",
    ),
    (
        "changes the environment",
        _sets(lambda: os.environ.__setitem__("OMP_NUM_THREADS", "7")),
        ELSE,
        "environment variables",
    ),
    ("prints", _sets(lambda: sys.stdout.write("loss")), ELSE, "prints 'loss"),
    ("replaces a function of torch", _sets(_patch_relu), ELSE, "replaces .*relu6"),
    (
        "ignores errors of numpy",
        _sets(lambda: np.seterr(all="ignore")),
        ELSE,
        "numpy treats errors",
    ),
    # Types and layouts.
    (
        "a view of rows",
        lambda sr, hr: (sr.view(len(sr), -1) - hr.reshape(len(hr), -1)).abs().mean(),
        "memory_layout_changes_nothing",
        "view size",
    ),
    (
        "strides of a plain picture",
        lambda sr, hr: l1(sr.as_strided(sr.shape, torch.empty(sr.shape).stride()), hr),
        "memory_layout_changes_nothing",
        "reshape instead",
    ),
    (
        "weights of float32",
        lambda sr, hr: (
            l1(sr, hr) + 0 * (sr @ torch.zeros(sr.shape[-1], 1, device=sr.device)).abs().mean()
        ),
        "double_precision_says_the_same",
        "dtype",
    ),
    ("mixed types under autocast", _loads_in_autocast, "it_works_under_autocast", "dtype"),
)

_OF_FACTORIES = (
    ("counts its calls from the fifth on", lambda: _Counting(4), BEHIND, "after some calls"),
    ("adds a running mean", _RunningMean, BEHIND, "fresh one says"),
    ("remembers HR by its shape", _RemembersHR, BEHIND, "fresh one says"),
    (
        "keeps the graph of the last call",
        _KeepsTheGraph,
        CALLED,
        "backward through the graph",
    ),
    ("learns a weight", _Learnable, LEARNS, "nobody would train"),
    ("features that are not frozen", lambda: _Features(frozen=False), LEARNS, "freeze them"),
    ("weighed by the mode of a layer", _DroppedOut, EVAL, r"call \.eval\(\)"),
    ("weighed by its own mode", _TwoModes, EVAL, "training mode"),
    ("weights on the CPU", _OnTheCPU, "it_works_on_the_device_of_its_inputs", "another device"),
)

_READS = "global_random_states_are_not_read"
_DRAWN = also("what is drawn is used up", ELSE)


def _weighed(draw):
    return lambda sr, hr: l1(sr, hr) * (1 + draw())


_SPECS = (
    of_factory(
        "counts its calls",
        _Counting,
        BEHIND,
        "fresh one says",
        also=also("the second gradient is larger", CALLED),
    ),
    of_factory("running statistics", _Training, EVAL, "training mode", traits={"min_size": 5}),
    of_factory(
        "weighs by how many were built",
        _Built,
        "two_builds_agree",
        "built twice",
        also=also("compares two builds, bit for bit", BEHIND, _READS),
    ),
    broken_loss(
        "a root of each pixel",
        _root_of_each_pixel,
        GRADIENT,
        "equal pictures",
        also=also("clipped pixels of noisy pictures are equal", "gradient_reaches_sr"),
    ),
    broken_loss(
        "asks for gradients of HR",
        lambda sr, hr: l1(sr, hr.requires_grad_()),
        ALONE,
        "asks for gradients of HR",
        also=also("the loss then needs a gradient by HR", LEARNS),
    ),
    broken_loss(
        "by numpy",
        _by_numpy,
        "gradient_reaches_sr",
        "is detached",
    ),
    broken_loss(
        "needs pictures of 16 pixels",
        _needs_side(16),
        "it_takes_its_smallest_pictures",
        "at least 16 pixels",
    ),
    broken_loss(
        "says that it needs 8 pixels and needs 16",
        _needs_side(16),
        "it_takes_its_smallest_pictures",
        "at least 16 pixels",
        traits={"min_size": 8},
    ),
    broken_loss(
        "whole blocks only",
        _whole_blocks,
        "it_takes_its_smallest_pictures",
        "shape",
        traits={"min_size": 8},
    ),
    broken_loss(
        "squares only",
        _squares_only,
        "pictures_need_not_be_square",
        "square pictures",
        also=also("tries rectangles too", "it_takes_its_smallest_pictures"),
    ),
    broken_loss(
        "the square part only",
        lambda sr, hr: l1(_square_part(sr), _square_part(hr)),
        "pictures_need_not_be_square",
        "does not see the far side",
    ),
    broken_loss(
        "a batch without its first dimension",
        lambda sr, hr: (sr.squeeze(0) - hr.squeeze(0)).abs().mean((1, 2, 3)).mean(),
        "a_single_picture_is_enough",
        "Dimension out of range",
    ),
    broken_loss(
        "a deviation over the batch",
        lambda sr, hr: l1(sr, hr) + 0 * sr.mean((1, 2, 3)).std(),
        "a_single_picture_is_enough",
        "the loss is nan",
    ),
    broken_loss(
        "needs no reference and reads HR",
        l1,
        REFERENCE,
        "HR changes the loss",
        traits={"needs_reference": False},
    ),
    broken_loss(
        "needs a reference and reads none",
        lambda sr, hr: (sr - sr.roll(1, -1)).abs().mean(),
        REFERENCE,
        "declare needs_reference=False",
    ),
    broken_loss(
        "weight infinite",
        l1,
        REFUSED,
        "must be a number, not inf",
        traits={"default_weight": float("inf")},
    ),
    broken_loss(
        "adversarial by its spec",
        l1,
        "its_traits_are_sensible",
        "use the other contract",
        traits={"adversarial": True},
    ),
    broken_loss(
        "a smallest side of 0",
        l1,
        "its_traits_are_sensible",
        "at least a pixel",
        traits={"min_size": lambda options: 0},
        also=also("tries pictures of no pixels", "it_takes_its_smallest_pictures"),
    ),
    broken_loss(
        "needs a discriminator that is Lipschitz",
        l1,
        "it_needs_no_lipschitz_discriminator",
        "sees no discriminator",
        traits={"needs_lipschitz": True},
    ),
    *(
        broken_loss(name, _weighed(draw), _READS, "random states", also=_DRAWN)
        for name, draw in (
            ("noise of torch", lambda: torch.rand(())),
            ("noise of numpy", np.random.rand),
            ("noise of Python", random.random),
        )
    ),
    broken_loss(
        "weight 0", l1, "its_traits_are_sensible", "not positive", traits={"default_weight": 0.0}
    ),
)
_ESCAPES = (
    of_factory(
        "another formula than its source",
        lambda: lambda sr, hr: 0.9 * l1(sr, hr),
        "",
        "",
        escapes="any distance that is least for equal pictures is a loss: its own test has figures",
    ),
    of_factory(
        "another loss after a thousand calls",
        lambda: _Counting(1000),
        "",
        "",
        escapes="no kit calls often enough for every counter; it tries five calls",
    ),
)
MUTANTS = (
    *_ESCAPES,
    *(broken_loss(*one) for one in _TABLE if one[2]),
    *(of_factory(*one, traits={"min_size": 3}) for one in _OF_FACTORIES),
    *_SPECS,
)
SOUND = (
    ("mean absolute difference", held(ReferenceLossContract, loss_spec(lambda: l1))),
    ("smooth", held(ReferenceLossContract, loss_spec(lambda: _charbonnier))),
    ("features", held(ReferenceLossContract, loss_spec(_Features, min_size=3))),
    (
        "gradient lengths, equal for HR and its negative",
        held(ReferenceLossContract, loss_spec(lambda: lambda sr, hr: l1(lengths(sr), lengths(hr)))),
    ),
)
