"""Which adversarial losses are broken in one way?"""

import itertools

import numpy as np
import torch
from mutants.machinery import also, held
from mutants.values import broken_game, loss_spec
from torch import nn
from torch.nn.functional import logsigmoid, relu, softplus

from srkit_core.testing import AdversarialLossContract

SCALARS, ONE = "both_faces_are_finite_scalars", "a_single_picture_has_logits"
HALF, DOUBLE = "both_faces_are_finite_in_half_precision", "double_precision_says_the_same"
LARGER, ORDER = "a_larger_map_is_no_larger_loss", "the_order_of_a_batch_does_not_matter"
LIPSCHITZ = "needs_lipschitz_is_true"
TELLING = "the_discriminator_is_rewarded_for_telling_them_apart"
DECEIVING = "the_generator_is_rewarded_for_deceiving"
BOTH, FAKE = (
    "gradient_reaches_both_sides_of_the_discriminator",
    "gradient_reaches_the_fake_side_of_the_generator",
)
SLOPE = "gradients_are_the_slopes_of_the_faces"
SURE, AGAIN = (
    "gradients_are_finite_for_a_sure_discriminator",
    "faces_may_be_called_again_after_their_gradients",
)
ALONE, BEHIND = "what_it_is_given_is_left_alone", "a_call_leaves_nothing_behind"
LAYOUT, DEVICE = "memory_layout_changes_nothing", "it_works_on_the_device_of_its_inputs"


def _generator(real, fake):
    return softplus(-fake.float() if fake.dtype != torch.float64 else -fake).mean()


def _discriminator(real, fake):
    wide = [one.float() if one.dtype != torch.float64 else one for one in (real, fake)]
    return softplus(-wide[0]).mean() + softplus(wide[1]).mean()


class Game:
    """The standard game, with faces that a mutant may replace."""

    def __init__(self, generator=_generator, discriminator=_discriminator):
        self.generator, self.discriminator = generator, discriminator


class _Relativistic:
    """Each side against the mean of the other."""

    def generator(self, real, fake):
        return (softplus(real - fake.mean()) + softplus(real.mean() - fake)).mean()

    def discriminator(self, real, fake):
        return (softplus(fake.mean() - real) + softplus(fake - real.mean())).mean()


class _Counting(Game):
    def __init__(self):
        super().__init__(generator=self._weighed)
        self.calls = 0

    def _weighed(self, real, fake):
        self.calls += 1
        return _generator(real, fake) * (1 + 0.1 * self.calls)


class _KeepsTheGraph(Game):
    def __init__(self):
        super().__init__(generator=self._joined)
        self.last = None

    def _joined(self, real, fake):
        value = _generator(real, fake) + (0 if self.last is None else 0 * self.last)
        self.last = value.square()
        return value


class _Learnable(nn.Module):
    def __init__(self):
        super().__init__()
        self.margin = nn.Parameter(torch.ones(()))

    def generator(self, real, fake):
        return _generator(real, fake)

    def discriminator(self, real, fake):
        return self.margin * _discriminator(real, fake)


class _OnTheCPU(Game):
    def __init__(self):
        super().__init__(generator=self._weighed)
        self.weights = torch.ones(2, 1)

    def _weighed(self, real, fake):
        pairs = fake.reshape(-1, 2, 1) if fake.numel() % 2 == 0 else fake.reshape(-1, 1, 1)
        return softplus(-(pairs * self.weights)).mean()


_TURN = itertools.count()


def _place(logits):
    """Weights of mean 1, larger for the first of each two rows."""
    weights = torch.tensor([1.5, 0.5]).to(logits).repeat(len(logits))[: len(logits)]
    weights = weights * len(logits) / weights.sum()
    return logits * weights.view(-1, *[1] * (logits.ndim - 1))


def _by_numpy(real, fake):
    return torch.as_tensor(np.logaddexp(0, -fake.detach().float().numpy()).mean())


def _faces(name, caught_by, says, **faces):
    return name, lambda: Game(**faces), caught_by, says


_TABLE = (
    _faces(
        "a value a logit", SCALARS, "not a scalar", generator=lambda real, fake: softplus(-fake)
    ),
    _faces(
        "pooled logits only",
        SCALARS,
        "is not a scalar|Dimension|dimensions",
        generator=lambda real, fake: (
            softplus(-fake.reshape(len(fake), -1)).mean(0).sum()
            if fake.ndim < 3
            else softplus(-fake).mean((1, 2))
        ),
    ),
    _faces(
        "a deviation over the batch",
        ONE,
        "nan",
        generator=lambda real, fake: (
            _generator(real, fake) + 0 * fake.reshape(len(fake), -1).mean(1).std()
        ),
    ),
    _faces(
        "without the dimension of the batch",
        ONE,
        "Dimension out of range",
        generator=lambda real, fake: softplus(
            -(fake.squeeze(0).flatten(1) if fake.ndim > 1 else fake[:, None])
        ).mean(),
    ),
    _faces(
        "a logarithm of a sigmoid",
        HALF,
        "generator face .* is inf",
        generator=lambda real, fake: (
            -(fake.double().sigmoid() if False else fake).sigmoid().log().mean()
            if fake.dtype in (torch.float16, torch.bfloat16)
            else _generator(real, fake)
        ),
    ),
    _faces(
        "an exponential in half precision",
        HALF,
        "discriminator face .* is",
        discriminator=lambda real, fake: (
            ((1 + (-real).exp()).log().mean() + (1 + fake.exp()).log().mean())
            if real.dtype == torch.float16
            else _discriminator(real, fake)
        ),
    ),
    _faces(
        "a sum of logits",
        LARGER,
        "mean over all logits",
        generator=lambda real, fake: softplus(-fake).sum() / len(fake),
    ),
    _faces(
        "a sum over the batch",
        LARGER,
        "two such batches",
        discriminator=lambda real, fake: _discriminator(real, fake) * len(real) / 4,
    ),
    _faces(
        "logits weighed by their place",
        ORDER,
        "another order",
        generator=lambda real, fake: _place(softplus(-fake)).mean(),
    ),
    _faces(
        "fake logits one place on",
        ORDER,
        "another order",
        discriminator=lambda real, fake: (
            _discriminator(real, fake)
            + 0.1 * (real.flatten()[0] - fake.flatten()[0]).square() * 0
            + 0.01 * softplus(-real.flatten()[0])
        ),
    ),
    _faces(
        "without bound",
        LIPSCHITZ,
        "declare needs_lipschitz=True",
        discriminator=lambda real, fake: fake.mean() - real.mean(),
    ),
    _faces(
        "without bound on one side",
        LIPSCHITZ,
        "falls for ever",
        discriminator=lambda real, fake: (
            relu(1 + fake).mean() + softplus(-real).mean() - real.mean()
        ),
    ),
    _faces(
        "real logits pushed down",
        TELLING,
        "it does not fall",
        discriminator=lambda real, fake: softplus(real).mean() + softplus(fake).mean(),
    ),
    _faces(
        "fake logits pushed up",
        TELLING,
        "it does not fall",
        discriminator=lambda real, fake: softplus(-real).mean() + softplus(-fake).mean(),
    ),
    _faces(
        "the discriminator's face for both",
        DECEIVING,
        "it does not fall",
        generator=_discriminator,
    ),
    _faces(
        "fake logits pushed down by the generator",
        DECEIVING,
        "it does not fall",
        generator=lambda real, fake: softplus(fake).mean(),
    ),
    _faces(
        "fake logits detached in the discriminator's face",
        BOTH,
        "fake logits",
        discriminator=lambda real, fake: _discriminator(real, fake.detach()),
    ),
    _faces(
        "real logits detached in the discriminator's face",
        BOTH,
        "real logits",
        discriminator=lambda real, fake: _discriminator(real.detach(), fake),
    ),
    _faces(
        "detached in the generator's face",
        FAKE,
        "is detached",
        generator=lambda real, fake: _generator(real, fake.detach()),
    ),
    _faces("by numpy", FAKE, "is detached", generator=_by_numpy),
    _faces(
        "a gradient of twice the size",
        SLOPE,
        "the generator face",
        generator=lambda real, fake: 2 * _generator(real, fake) - _generator(real, fake).detach(),
    ),
    _faces(
        "uphill for the discriminator",
        SLOPE,
        "the discriminator face",
        discriminator=lambda real, fake: (
            2 * _discriminator(real, fake).detach() - _discriminator(real, fake)
        ),
    ),
    _faces(
        "a clamped sigmoid under a logarithm",
        SURE,
        "is not finite",
        generator=lambda real, fake: (
            -torch.where(fake < -50, fake, logsigmoid(fake)).mean()
            + 0 * (fake.float().clamp(max=-90).exp().square() + 0).sqrt().mean()
        ),
    ),
    _faces(
        "in place on fake logits",
        ALONE,
        "changes the fake logits in place",
        generator=lambda real, fake: softplus(fake.neg_()).mean(),
    ),
    _faces(
        "in place on real logits and back",
        ALONE,
        "in place and back",
        discriminator=lambda real, fake: _discriminator(real.mul_(2).mul_(0.5), fake),
    ),
    _faces(
        "a view of all logits",
        LAYOUT,
        "view size",
        generator=lambda real, fake: softplus(-fake.view(-1)).mean(),
    ),
    _faces(
        "one type of logits",
        DOUBLE,
        "float64",
        generator=lambda real, fake: (
            softplus(-fake).mean() * (2 if fake.dtype == torch.float64 else 1)
        ),
    ),
    _faces(
        "noise on the labels",
        "global_random_states_are_not_read",
        "random states",
        discriminator=lambda real, fake: _discriminator(real, fake) * (1 + np.random.rand()),
    ),
    ("counts its calls", _Counting, BEHIND, "fresh one says"),
    ("keeps the graph of the last call", _KeepsTheGraph, AGAIN, "backward through the graph"),
    ("learns a weight", _Learnable, "it_learns_nothing", "nobody would train"),
    ("weights on the CPU", _OnTheCPU, DEVICE, "another device"),
)
_ALSO = {
    "noise on the labels": also(
        "what is drawn is used up", "building_and_calling_it_change_nothing_else"
    ),
}
MUTANTS = (
    *(broken_game(*one, also=_ALSO.get(one[0], {})) for one in _TABLE),
    broken_game(
        "needs a Lipschitz discriminator and does not",
        Game,
        LIPSCHITZ,
        "declare needs_lipschitz=False",
        traits={"needs_lipschitz": True},
    ),
    broken_game(
        "a picture's loss by its spec",
        Game,
        "its_traits_are_sensible",
        "use the other contract",
        traits={"adversarial": False},
    ),
)
SOUND = (
    ("the standard game", held(AdversarialLossContract, loss_spec(Game, adversarial=True))),
    ("relativistic", held(AdversarialLossContract, loss_spec(_Relativistic, adversarial=True))),
)
