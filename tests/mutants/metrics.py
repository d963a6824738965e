"""Which metrics are broken in one way?"""

import itertools
import random
import sys

import numpy as np
import torch
from mutants.machinery import REFUSED, also, held
from mutants.values import broken_metric, each, lengths, metric_of_factory, metric_spec
from torch import nn

from srkit_core.testing import MetricContract

SCORES, LUMA = "there_is_a_finite_score_a_picture", "luma_is_scored"
SQUARE, ONE = "pictures_need_not_be_square", "a_single_picture_is_scored"
SMALLEST, OWN = "it_takes_its_smallest_pictures", "the_score_of_a_picture_is_its_own"
BETTER, BEST = "a_less_noisy_picture_scores_better", "nothing_scores_better_than_equal_pictures"
FOLLOWS, REFERENCE = "the_scores_follow_sr", "needs_reference_is_true"
FLAT, TRAITS = "equal_and_flat_pictures_are_scored", "its_traits_are_sensible"
DOUBLE, WITHOUT = "double_precision_says_the_same", "it_works_without_gradients"
READS, ELSE = "global_random_states_are_not_read", "building_and_calling_it_change_nothing_else"
BEHIND, ALONE = "a_call_leaves_nothing_behind", "what_it_is_given_is_left_alone"
BUILDS, LAYOUT = "two_builds_agree", "memory_layout_changes_nothing"
DEVICE, LEARNS = "it_works_on_the_device_of_its_inputs", "it_learns_nothing"
EVAL = "networks_within_are_in_eval_mode"


def error(sr, hr):
    """Mean absolute error: a metric that keeps every check."""
    return each((sr - hr).abs())


def psnr(sr, hr):
    """Peak signal-to-noise ratio."""
    return -10 * each((sr - hr).square()).log10()


def gradient_deviation(sr, hr):
    """Deviation of the similarity of gradient lengths in grey levels, after GMSD (Xue 2014)."""
    one, other = (lengths((255 * pictures).round()) for pictures in (sr, hr))
    alike = (2 * one * other + 1530) / (one.square() + other.square() + 1530)
    return alike.flatten(1).std(1)


def _sets(function):
    def call(sr, hr):
        function()
        return error(sr, hr)

    return call


def _squares_only(sr, hr):
    if sr.shape[-1] != sr.shape[-2]:
        raise ValueError("square pictures only")
    return error(sr, hr)


def _square_part(sr, hr):
    side = min(sr.shape[-2:])
    return error(sr[..., :side, :side], hr[..., :side, :side])


def _by_its_gradient(sr, hr):
    leaf = sr.detach().clone().requires_grad_()
    (gradient,) = torch.autograd.grad((leaf - hr).abs().sum(), leaf)
    return each((sr - hr) * gradient)


def _asking_for_gradients(sr, hr):
    with torch.enable_grad():
        return _by_its_gradient(sr, hr)


def _whole_blocks(sr, hr):
    height, width = sr.shape[-2:]
    return each((sr - hr).reshape(*sr.shape[:2], height // 8, 8, width // 8, 8).abs())


class _Counting:
    def __init__(self):
        self.calls = 0

    def __call__(self, sr, hr):
        self.calls += 1
        return error(sr, hr) * (1 + (self.calls > 1))


class _RemembersByShape:
    """Keeps the features of HR that it saw first, by shape."""

    def __init__(self):
        self.kept = {}

    def __call__(self, sr, hr):
        return error(sr, self.kept.setdefault(hr.shape, hr.clone()))


class _RemembersByMean:
    """Keeps scores by a mean of HR, which other pictures may have too."""

    def __init__(self):
        self.kept = {}

    def __call__(self, sr, hr):
        key = (tuple(hr.shape), hr.dtype, bool(hr.device.type == "cpu" and hr.mean() > 2))
        return self.kept.setdefault(key, error(sr, hr))


_BUILT = itertools.count(1)


class _Built:
    def __init__(self):
        self.weight = 1 + 1e-6 * next(_BUILT)

    def __call__(self, sr, hr):
        return self.weight * error(sr, hr)


class _Features:
    """Compares features of a convolution with fixed weights."""

    def __init__(self, *, norm=None, frozen=True):
        self.net = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), norm or nn.Identity()).eval()
        self.net.requires_grad_(not frozen)

    def __call__(self, sr, hr):
        weight = self.net[0].weight
        gray = [one.mean(1, keepdim=True).to(weight) for one in (sr, hr)]
        found = [self.net(one) for one in gray]
        return error(sr, hr) + 0.01 * each((found[0] - found[1]).abs())


class _Training(_Features):
    def __init__(self):
        super().__init__(norm=nn.InstanceNorm2d(4, track_running_stats=True))
        self.net.train()


class _OnTheCPU:
    def __init__(self):
        self.weights = torch.linspace(0.5, 1.5, 8).view(8, 1)

    def __call__(self, sr, hr):
        rows = (sr - hr).abs().mean((1, 3))
        weights = self.weights[:, 0].repeat(rows.shape[1] // 8 + 1)[: rows.shape[1]]
        return (rows * weights.to(rows.dtype)).mean(1)


class _TwoModes(nn.Module):
    def forward(self, sr, hr):
        return error(sr, hr) * (2 if self.training else 1)


_TABLE = (
    # Scores.
    (
        "one score for the batch",
        lambda sr, hr: error(sr, hr).mean(),
        SCORES,
        "not \\(2,\\)",
        also("is a number a picture", ONE, LUMA, OWN),
    ),
    (
        "a score a channel",
        lambda sr, hr: (sr - hr).abs().mean((2, 3)),
        SCORES,
        "not \\(2,\\)",
        also("is a number a picture", ONE, LUMA),
    ),
    (
        "scores in a list",
        lambda sr, hr: error(sr, hr).tolist(),
        SCORES,
        "are a list",
        None,
    ),
    (
        "without the dimension of the batch",
        lambda sr, hr: error(sr, hr).squeeze(0),
        ONE,
        "a single picture gets",
    ),
    (
        "divided by a deviation over the batch",
        lambda sr, hr: error(sr, hr) + 0 * sr.mean((1, 2, 3)).std(),
        ONE,
        "nan",
    ),
    (
        "weights of three channels",
        lambda sr, hr: each((sr - hr).abs() * torch.ones(3, 1, 1).to(sr) + 0 * (sr - hr)[:, [2]]),
        LUMA,
        "index 2",
        also("tries one channel too", OWN),
    ),
    (
        "nothing of luma",
        lambda sr, hr: error(sr, hr) if sr.shape[1] == 3 else error(sr, hr) * torch.nan,
        LUMA,
        "declare domain='rgb'",
        also("tries one channel too", OWN),
    ),
    # Pictures.
    (
        "squares only",
        _squares_only,
        SQUARE,
        "square pictures",
        also("tries rectangles too", SMALLEST),
    ),
    ("the square part only", _square_part, SQUARE, "does not see the far side"),
    (
        "the first 32 rows and columns",
        lambda sr, hr: error(sr[..., :32, :32], hr[..., :32, :32]),
        SQUARE,
        "does not see the far side",
    ),
    (
        "pictures of 11 pixels",
        lambda sr, hr: error(sr.unfold(-1, 11, 1), hr.unfold(-1, 11, 1)),
        SMALLEST,
        "maximum size|unfold",
    ),
    # Batches.
    (
        "a mean for each",
        lambda sr, hr: error(sr, hr).mean().expand(len(sr)),
        OWN,
        "score each picture by itself",
    ),
    (
        "as far as the batch is bright",
        lambda sr, hr: error(sr, hr) / (0.1 + hr.mean()),
        OWN,
        "in a batch of four",
    ),
    (
        "weighed by its place",
        lambda sr, hr: error(sr, hr) * torch.arange(1, len(sr) + 1).to(sr),
        OWN,
        "in a batch of four",
    ),
    (
        "sorted",
        lambda sr, hr: error(sr, hr).sort(descending=True).values,
        OWN,
        "in a batch of four",
    ),
    (
        "above the best of the batch",
        lambda sr, hr: error(sr, hr) + 0.1 * error(sr, hr).amin(),
        OWN,
        "in a batch of four",
    ),
    # Directions.
    (
        "better where darker",
        lambda sr, hr: error(sr, hr) + each(sr - hr) * 1.5,
        BEST,
        "scores better",
    ),
    (
        "blind to a shift of brightness, and fond of it",
        lambda sr, hr: error(sr, hr) - 3 * each(sr - hr).abs().clamp(max=0.06),
        BEST,
        "scores better",
    ),
    (
        "better where smooth",
        lambda sr, hr: error(sr, hr) + 3 * each((sr - sr.roll(1, -1)).abs()),
        BEST,
        "SR blurred",
    ),
    (
        "less again for much noise",
        lambda sr, hr: error(sr, hr) * (-error(sr, hr) / 0.02).exp(),
        BETTER,
        "noise of",
    ),
    # Where it has an answer.
    (
        "a signal-to-noise ratio without a signal",
        lambda sr, hr: (
            error(sr, hr)
            / each(hr - hr.mean((1, 2, 3), keepdim=True)).abs().mul(0).add(hr.flatten(1).var(1))
        ),
        FLAT,
        "black pictures score",
    ),
    (
        "a fraction of equal pictures",
        lambda sr, hr: error(sr, hr) * error(sr, hr) / error(sr, hr),
        FLAT,
        "equal pictures score",
    ),
    (
        "infinite on the wrong side",
        lambda sr, hr: torch.where(error(sr, hr) == 0, torch.inf, error(sr, hr)),
        FLAT,
        "equal pictures score",
        also("equal pictures are the worst then", BEST),
    ),
    # Types and gradients.
    (
        "another figure in float64",
        lambda sr, hr: error(sr, hr) * (2 if sr.dtype == torch.float64 else 1),
        DOUBLE,
        "float64 ones",
    ),
    (
        "tables of float32",
        lambda sr, hr: (
            error(sr, hr)
            + 0 * (sr @ torch.zeros(sr.shape[-1], 1, device=sr.device)).flatten(1).sum(1)
        ),
        DOUBLE,
        "dtype",
    ),
    ("by a gradient", _by_its_gradient, WITHOUT, "grad"),
    ("by a gradient all the same", _asking_for_gradients, WITHOUT, "grad"),
    (
        "a view of rows",
        lambda sr, hr: (sr.view(len(sr), -1) - hr.reshape(len(hr), -1)).abs().mean(1),
        LAYOUT,
        "view size",
    ),
    # What it leaves alone.
    ("in place on SR", lambda sr, hr: each(sr.sub_(hr).abs()), ALONE, "changes SR in place"),
    (
        "rounds HR in place",
        lambda sr, hr: error(sr, hr.clamp_(0.2, 0.8)) * 0 + error(sr, hr),
        ALONE,
        "changes HR in place",
    ),
    (
        "in place on HR and back",
        lambda sr, hr: error(sr, hr.mul_(2).mul_(0.5)),
        ALONE,
        "in place and back",
    ),
    ("seeds torch", _sets(lambda: torch.manual_seed(0)), ELSE, "torch's random state"),
    ("seeds numpy", _sets(lambda: np.random.seed(0)), ELSE, "numpy's random state"),
    ("prints", _sets(lambda: sys.stderr.write("score")), ELSE, "prints 'score"),
    (
        "one thread for all",
        _sets(lambda: torch.set_num_threads(torch.get_num_threads() + 1)),
        ELSE,
        "number of threads",
    ),
    (
        "samples places by numpy",
        lambda sr, hr: error(sr, hr) * (1 + np.random.rand()),
        READS,
        "random states",
        also("what is drawn is used up", ELSE),
    ),
    (
        "samples places by Python",
        lambda sr, hr: error(sr, hr) * (1 + random.random()),
        READS,
        "random states",
        also("what is drawn is used up", ELSE),
    ),
)
_OF_FACTORIES = (
    ("counts its calls", _Counting, BEHIND, "fresh one says"),
    ("remembers HR by its shape", _RemembersByShape, BEHIND, "fresh one says"),
    ("remembers scores by a mean", _RemembersByMean, BEHIND, "fresh one says"),
    (
        "weighs by how many were built",
        _Built,
        BUILDS,
        "built twice",
        also("compares two builds, bit for bit", BEHIND, READS),
    ),
    ("features that are not frozen", lambda: _Features(frozen=False), LEARNS, "freeze them"),
    ("running statistics", _Training, EVAL, "training mode"),
    ("weighed by its own mode", _TwoModes, EVAL, r"call \.eval\(\)"),
    ("weights on the CPU", _OnTheCPU, DEVICE, "another device"),
)


def _row(make, name, built, check, says, others=None, **more):
    return make(name, built, check, says, also=others or {}, **more)


MUTANTS = (
    metric_of_factory(
        "decibels of a natural logarithm",
        lambda: lambda sr, hr: -10 * each((sr - hr).square()).log(),
        "",
        "",
        traits={"higher_is_better": True, "unit": "dB"},
        escapes="which figure a picture should get is in its paper: its own test has figures",
    ),
    *(_row(broken_metric, *one) for one in _TABLE if one[0] != "scores in a list"),
    *(_row(metric_of_factory, *one, traits={"min_size": 3}) for one in _OF_FACTORIES),
    broken_metric(
        "the wrong direction",
        error,
        BETTER,
        "higher_is_better=True",
        traits={"higher_is_better": True},
        also=also("equal pictures are the worst then", BEST),
    ),
    broken_metric(
        "needs no reference and reads HR",
        error,
        REFERENCE,
        "HR changes the score",
        traits={"needs_reference": False},
    ),
    broken_metric(
        "needs a reference and reads none",
        lambda sr, hr: each((sr - sr.roll(1, -1)).abs()),
        REFERENCE,
        "declare needs_reference=False",
    ),
    broken_metric(
        "HR judged in place of SR",
        lambda sr, hr: each((hr - hr.roll(1, -1)).abs()),
        FOLLOWS,
        "is HR judged",
        also=also("scores that SR does not change", SQUARE, BETTER),
    ),
    broken_metric(
        "whole blocks only",
        _whole_blocks,
        SMALLEST,
        "shape",
        traits={"min_size": 8},
    ),
    broken_metric(
        "a sentence for a unit",
        error,
        TRAITS,
        "a short word",
        traits={"unit": "grey levels of 255"},
    ),
    broken_metric("blanks around its unit", error, TRAITS, "short word", traits={"unit": " dB"}),
    broken_metric(
        "a smallest side below 1",
        error,
        TRAITS,
        "at least a pixel",
        traits={"min_size": lambda options: 0},
        also=also("tries pictures of no pixels", SMALLEST),
    ),
    broken_metric(
        "a domain that is none",
        error,
        REFUSED,
        "domain",
        traits={"domain": "luma"},
    ),
    broken_metric(
        "a direction in words",
        error,
        REFUSED,
        "higher_is_better",
        traits={"higher_is_better": "yes"},
    ),
)
SOUND = (
    ("mean absolute error", held(MetricContract, metric_spec(lambda: error))),
    ("psnr", held(MetricContract, metric_spec(lambda: psnr, higher_is_better=True, unit="dB"))),
    (
        "roughness",
        held(
            MetricContract,
            metric_spec(
                lambda: lambda sr, hr: each((sr - sr.roll(1, -1)).abs()), needs_reference=False
            ),
        ),
    ),
    ("features", held(MetricContract, metric_spec(_Features))),
    (
        "gradient lengths, equal for HR and its negative",
        held(MetricContract, metric_spec(lambda: gradient_deviation, min_size=2)),
    ),
)
