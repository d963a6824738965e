"""Which generators make pictures of wrong sizes or values, or declare traits they do not have?"""

import torch
from mutants.machinery import also, held
from mutants.networks import Repeat, broken_generator, gain, generator, of
from torch import nn
from torch.nn import functional

from srkit_core.testing import GeneratorContract

SHAPE = "sr_is_scale_times_as_large"
ONE = "it_makes_one_tensor_in_both_modes"
FOLLOWS = "sr_is_finite_and_follows_lr"
ALONE = "pictures_of_a_batch_do_not_meet_in_evaluation"
CLAMPED = "sr_is_not_clamped"
TILES = "tiles_agree_with_the_whole_picture"
TRAITS = "its_traits_are_sensible"
BIT16 = "options_that_keep_16_bit_do"
BODY = "its_body_is_a_sequence_of_blocks"
AGAIN = "recomputing_its_body_changes_nothing"
COUNTS = "every_pixel_of_lr_counts"


class _Forward(Repeat):
    """With a change of the whole forward pass."""

    change = staticmethod(lambda self, sr, lr: sr)

    def forward(self, lr):
        return type(self).change(self, super().forward(lr), lr)


def after(change):
    return type("Mutated", (_Forward,), {"change": staticmethod(change)})


class _Turned(Repeat):
    def forward(self, lr):
        sr = super().forward(lr)
        return sr if sr.shape[-1] >= sr.shape[-2] else sr.transpose(-1, -2)


class _AlwaysFour(Repeat):
    def __init__(self, scale):
        super().__init__(4)


class _OneScale(Repeat):
    def __init__(self, scale):
        if scale != 4:
            raise ValueError(f"no upsampler for {scale}")
        super().__init__(scale)


class _FixedSize(Repeat):
    def __init__(self, scale):
        super().__init__(scale)
        self.place = nn.Parameter(0.01 * torch.randn(3, 5, 7))

    def body_of(self, lr):
        return self.conv(lr) + self.place


class _Unshuffled(Repeat):
    def __init__(self, scale):
        super().__init__(scale)
        self.conv = nn.Conv2d(12, 12, 3, padding=1)

    def body_of(self, lr):
        return functional.pixel_shuffle(self.conv(functional.pixel_unshuffle(lr, 2)), 2)


class _Reflected(Repeat):
    def body_of(self, lr):
        return functional.conv2d(
            functional.pad(lr, (1, 1, 1, 1), mode="reflect"), self.conv.weight, self.conv.bias
        )


class _Pairs(Repeat):
    """Made for at most two pictures."""

    def body_of(self, lr):
        made = self.conv(lr)
        return made if len(lr) < 3 else made[:2]


def _normalised(self, lr):
    middle = lr.mean((2, 3), keepdim=True)
    spread = (lr - middle).square().mean((2, 3), keepdim=True).sqrt()
    return self.conv((lr - middle) / spread)


def _darkness(self, lr):
    return self.conv(lr) + 1e-9 / (1 - lr.mean((2, 3), keepdim=True))


def _wide(self):
    self.conv = nn.Conv2d(3, 3, 21, padding=10)
    nn.init.normal_(self.conv.weight, std=0.05)


def _dilated(self):
    self.conv = nn.Conv2d(3, 3, 3, padding=9, dilation=9)


def _pooled(self, lr):
    made = self.conv(lr)
    return made * (1 + made.mean((2, 3), keepdim=True))


def _zero_branch(self, lr):
    return self.conv(lr) + 8 * self.gain * lr.mean((2, 3), keepdim=True)


def _summed(self, lr):
    return self.conv(lr) + 0.01 * lr.cumsum(-1)


def _placed(self, lr):
    return self.conv(lr) + 0.01 * torch.arange(lr.shape[-1]).to(lr)


def _sized(self, lr):
    return self.conv(lr) * (1 + lr.shape[-1] / 500)


def _windows(self, lr):
    """Mixes within windows of 24 pixels, wherever a tile begins."""
    made = self.conv(lr)
    parts = [one + 0.5 * one.mean((2, 3), keepdim=True) for one in made.split(24, -1)]
    return torch.cat(parts, -1)


def _spectrum(self, lr):
    spectrum = torch.fft.rfft2(self.conv(lr).float(), norm="ortho")
    return torch.fft.irfft2(spectrum * 1.0, s=lr.shape[-2:], norm="ortho").to(lr) + 0.1 * (
        spectrum[..., :1, :1].real / (lr.shape[-1] * lr.shape[-2]) ** 0.5
    ).to(lr)


class _Blocks(Repeat):
    """Two blocks that a mutant changes."""

    block = staticmethod(lambda: nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.ReLU()))

    def __init__(self, scale):
        super().__init__(scale)
        self.body = nn.Sequential(type(self).block(), type(self).block())

    def body_of(self, lr):
        made = self.conv(lr)
        return made + self.body(made)


def blocks(block):
    return type("Mutated", (_Blocks,), {"block": staticmethod(block)})


class _ListOfBlocks(_Blocks):
    def __init__(self, scale):
        super().__init__(scale)
        self.body = nn.ModuleList(self.body)

    def body_of(self, lr):
        made = self.conv(lr)
        for block in self.body:
            made = made + block(made)
        return made


class _Skipped(_Blocks):
    """Goes past its blocks, by their weights."""

    def body_of(self, lr):
        made = self.conv(lr)
        for block in self.body:
            made = made + functional.conv2d(made, block[0].weight, block[0].bias, padding=1).relu()
        return made


class _Chance(nn.Module):
    """Leaves itself out by Python's random state, in training."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return (self.conv(x) * (1 + 0.1 * (self.calls % 2) * self.training)).sigmoid()


class _CountingBlock(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 3, 3, padding=1), nn.ReLU())
        self.register_buffer("count", torch.tensor(0))

    def forward(self, x):
        if self.training:
            self.count.add_(1)
        return super().forward(x)


def _rounding(quantise):
    """Return what rounds to 8 bit unless told not to, and a maker that does not listen."""

    def made(*, scale: int, quantise: bool = True):
        """Repeat pixels.

        Args:
            quantise: round to 8 bit.
        """
        return lambda lr: (
            (lr * 255).round().div(255).repeat_interleave(scale, 2).repeat_interleave(scale, 3)
        )

    return made


def _traits(name, says, network=Repeat, caught=TRAITS, **traits):
    more = traits.pop("more", {})
    return broken_generator(name, network, caught, says, traits=traits, **more)


def sound(network, **traits):
    return held(GeneratorContract, generator(network, **traits))


SOUND = (
    ("blocks that can be computed again", sound(_Blocks, body="body", receptive=8)),
    (
        "blocks with dropout",
        sound(blocks(lambda: nn.Sequential(nn.Conv2d(3, 3, 1), nn.Dropout(0.1))), body="body"),
    ),
    ("pixels folded in twos", sound(_Unshuffled, size_multiple=2, receptive=6)),
    ("reflected edges", sound(_Reflected, min_size=2)),
    ("a sigmoid at the end", sound(after(lambda self, sr, lr: sr.sigmoid()))),
    ("a tanh at the end", sound(after(lambda self, sr, lr: (sr.tanh() + 1) / 2))),
    ("values of [-1, 1] inside", sound(of(lambda self, lr: (self.conv(2 * lr - 1) + 1) / 2))),
)

MUTANTS = (
    broken_generator(
        "a row too few for odd heights",
        of(lambda self, lr: self.conv(lr[..., : max(1, lr.shape[-2] // 2 * 2), :])),
        SHAPE,
        "gives SR",
        also=also("the sides are wrong in training too, and a row is not seen", ONE, COUNTS),
    ),
    broken_generator("tall pictures come out wide", _Turned, SHAPE, "gives SR"),
    broken_generator(
        "four times as large at every scale", _AlwaysFour, SHAPE, "at scale 2 LR .* gives SR"
    ),
    broken_generator(
        "a declared scale that cannot be built",
        _OneScale,
        SHAPE,
        "no upsampler for 2",
        also=also("it is tried at every scale", FOLLOWS),
    ),
    broken_generator(
        "a fixed size of LR",
        _FixedSize,
        SHAPE,
        "called on pictures .* raises",
        also=also("tiles have another size", TILES),
    ),
    broken_generator(
        "sides of three pixels at least, and no min_size",
        of(lambda self, lr: self.conv(functional.pad(lr[..., 1:-1, 1:-1], (1, 1, 1, 1)))),
        SHAPE,
        "called on pictures .* raises|gives SR",
        also=also("edges are not seen", COUNTS),
    ),
    broken_generator(
        "edges that need two pixels, and no min_size",
        _Reflected,
        SHAPE,
        r"called on pictures \(1, 3, 1, 1\)",
    ),
    broken_generator(
        "wide pictures only",
        of(lambda self, lr: self.conv(lr[..., : lr.shape[-1], :])),
        SHAPE,
        "gives SR",
    ),
    broken_generator(
        "squares and their neighbours only",
        of(lambda self, lr: self.conv(lr)[..., : 2 * lr.shape[-1], :]),
        SHAPE,
        "gives SR",
    ),
    broken_generator("at most two pictures", _Pairs, SHAPE, r"LR \(3, 3, .* gives SR"),
    broken_generator(
        "no batch where there is one picture",
        after(lambda self, sr, lr: sr.squeeze(0)),
        SHAPE,
        "gives SR",
        also=also("one picture is tried", ALONE),
    ),
    broken_generator(
        "a fourth channel",
        after(lambda self, sr, lr: torch.cat([sr, sr[:, :1]], 1)),
        SHAPE,
        "gives SR",
        also=also("in training too", ONE),
    ),
    broken_generator(
        "pictures beside SR in training",
        after(lambda self, sr, lr: (sr, sr[..., ::2]) if self.training else sr),
        ONE,
        "in training mode it makes a tuple",
    ),
    broken_generator("SR in a tuple", after(lambda self, sr, lr: (sr,)), ONE, "makes a tuple"),
    broken_generator(
        "SR in a dictionary", after(lambda self, sr, lr: {"sr": sr}), ONE, "makes a dict"
    ),
    broken_generator("SR in a list", after(lambda self, sr, lr: [sr]), ONE, "makes a list"),
    broken_generator(
        "half the size in training",
        after(lambda self, sr, lr: sr[..., ::2, ::2] if self.training else sr),
        ONE,
        "gives SR",
    ),
    broken_generator(
        "SR that LR does not change",
        of(lambda self, lr: self.conv(torch.zeros_like(lr))),
        FOLLOWS,
        "does not depend on LR",
        also=also("nothing of LR is seen", COUNTS, "gradient_reaches_every_parameter"),
    ),
    broken_generator(
        "black pictures divided by their deviation",
        of(_normalised),
        FOLLOWS,
        "not finite",
        also=also("its deviation is the picture's, not the tile's", TILES),
    ),
    broken_generator(
        "white pictures divided by their darkness", of(_darkness), FOLLOWS, "not finite"
    ),
    broken_generator(
        "one SR for a whole batch",
        after(lambda self, sr, lr: sr.mean(0, keepdim=True).expand_as(sr).clone()),
        FOLLOWS,
        "two pictures of a batch have one SR",
        also=also("SR is the batch's", ALONE),
    ),
    broken_generator(
        "the mean of the batch taken away",
        of(lambda self, lr: self.conv(lr - lr.mean())),
        ALONE,
        "depends on its batch",
        also=also("a flat picture is its mean", FOLLOWS, TILES),
    ),
    broken_generator(
        "the largest value of the batch divided by",
        of(lambda self, lr: self.conv(lr / lr.amax((0,), keepdim=True).clamp_min(0.1))),
        ALONE,
        "depends on its batch",
    ),
    broken_generator(
        "pictures in another order",
        after(lambda self, sr, lr: sr.flip(0)),
        ALONE,
        "depends on its batch",
    ),
    broken_generator(
        "a number for the place in the batch",
        after(lambda self, sr, lr: sr + 0.1 * torch.arange(len(sr)).to(sr).view(-1, 1, 1, 1)),
        ALONE,
        "depends on its batch",
    ),
    broken_generator(
        "SR clamped to [0, 1]",
        after(lambda self, sr, lr: sr.clamp(0, 1)),
        CLAMPED,
        "return SR as it is",
    ),
    broken_generator(
        "SR not below 0", after(lambda self, sr, lr: sr.relu()), CLAMPED, "trained towards 0"
    ),
    broken_generator(
        "SR not above 1", after(lambda self, sr, lr: sr.clamp_max(1)), CLAMPED, "trained towards 1"
    ),
    broken_generator(
        "a hard sigmoid at the end",
        after(lambda self, sr, lr: functional.hardsigmoid(sr)),
        CLAMPED,
        "exactly",
    ),
    broken_generator(
        "SR clamped in eval mode only",
        after(lambda self, sr, lr: sr if self.training else sr.clamp(0, 1)),
        CLAMPED,
        "exactly",
    ),
    broken_generator(
        "a kernel of 21 that declares a reach of 4",
        of(init=_wide),
        TILES,
        "declare a larger `receptive`",
    ),
    broken_generator("a dilated kernel", of(init=_dilated), TILES, "that sees 4 around it"),
    broken_generator("the mean of the picture", of(_pooled), TILES, "off by"),
    broken_generator(
        "a branch over the whole picture that starts at zero",
        of(_zero_branch, init=lambda self: setattr(self, "gain", gain(0.0))),
        TILES,
        "off by",
    ),
    broken_generator("a sum along rows", of(_summed), TILES, "off by"),
    broken_generator("the place in the picture", of(_placed), TILES, "off by"),
    broken_generator("the size of the picture", of(_sized), TILES, "off by"),
    broken_generator("windows that begin with the tile", of(_windows), TILES, "off by"),
    broken_generator("the spectrum of the picture", of(_spectrum), TILES, "off by"),
    _traits("declared not to learn", "trainable=False", trainable=False),
    broken_generator(
        "declared to learn, without parameters",
        lambda scale: nn.Upsample(scale_factor=scale),
        TRAITS,
        "trainable=True",
    ),
    _traits("a body that is not there", "no module is called that", caught=BODY, body="blocks"),
    _traits(
        "a body that is a list",
        "ModuleList and no nn.Sequential",
        network=_ListOfBlocks,
        caught=BODY,
        body="body",
        receptive=8,
    ),
    _traits("a body that is a layer", "Conv2d and no nn.Sequential", caught=BODY, body="conv"),
    _traits(
        "a body without blocks",
        "holds no block",
        caught=BODY,
        body="body",
        network=of(init=lambda self: setattr(self, "body", nn.Sequential())),
    ),
    _traits(
        "a body that is passed by",
        "never called",
        network=_Skipped,
        caught=BODY,
        body="body",
        receptive=8,
    ),
    _traits(
        "a body of what learns nothing",
        "learns nothing",
        caught=BODY,
        body="0",
        network=lambda scale: nn.Upsample(scale_factor=scale),
        trainable=False,
    ),
    _traits(
        "a body with batch normalisation",
        "buffers are others",
        caught=AGAIN,
        body="body",
        network=blocks(lambda: nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3))),
    ),
    _traits(
        "a body that keeps something between calls",
        "gradients are others|another",
        caught=AGAIN,
        body="body",
        network=blocks(_Chance),
        receptive=8,
    ),
    _traits(
        "a body that counts its calls",
        "buffers are others",
        caught=AGAIN,
        body="body",
        network=blocks(_CountingBlock),
        receptive=8,
    ),
    _traits(
        "options for 16 bit that are none",
        "are no options",
        caught=BIT16,
        keeps_16_bit={"round": False},
    ),
    broken_generator(
        "red and blue exchanged",
        of(lambda self, lr: self.conv(lr.flip(1)).flip(1)),
        "",
        "",
        escapes="before it has learned, a network treats all colours alike",
    ),
    broken_generator(
        "a smallest size that is larger than it needs",
        Repeat,
        "",
        "",
        traits={"min_size": 24},
        escapes="smaller pictures that work may still be ones its author does not answer for",
    ),
)
