"""Which discriminators are broken in one way?"""

import torch
from mutants.machinery import also, held
from mutants.networks import Judge, broken_judge, discriminator, of
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations

from srkit_core.testing import DiscriminatorContract

ROWS = "logits_start_with_the_batch"
MAPS = "several_maps_are_a_tuple"
SMALL = "it_takes_pictures_of_its_smallest_size"
PICTURE = "gradient_reaches_the_picture"
OWN = "each_row_is_its_picture_s"
RAW = "logits_are_raw"
FLAT = "flat_pictures_have_finite_logits"
PENALTY = "a_gradient_penalty_can_be_trained"
BOUND = "its_slope_is_bounded_if_it_says_so"
KEEPS = "calling_it_in_evaluation_changes_nothing_in_it"
FILE = "its_state_survives_a_weights_file"
DEVICE = "every_tensor_is_on_the_picture_s_device"
SLOPE = "the_gradient_is_the_slope"
REACHED = "gradient_reaches_every_parameter"
CALLS = "calls_do_not_break_each_other_s_gradients"


class _After(Judge):
    """With a change of the logits."""

    change = staticmethod(lambda self, logits, image: logits)

    def forward(self, image):
        return type(self).change(self, super().forward(image), image)


def after(change, base=_After):
    return type("Mutated", (base,), {"change": staticmethod(change)})


class _NoSecond(torch.autograd.Function):
    """x -> x, whose backward cannot be differentiated."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, slope):
        return slope


class _Detaching(torch.autograd.Function):
    """x -> x * x, whose backward is computed from detached numbers."""

    @staticmethod
    def forward(ctx, x):
        ctx.kept = x.detach()
        return x * x

    @staticmethod
    def backward(ctx, slope):
        return 2 * ctx.kept * slope.detach()


def _without_layer(self):
    self.last = nn.Conv2d(6, 1, 1)


class _Normal(Judge):
    """Every layer spectrally normalised."""

    def __init__(self):
        super().__init__()
        self.first = parametrizations.spectral_norm(self.first)
        self.last = parametrizations.spectral_norm(self.last)


def normal(change=None, init=None, **methods):
    return of(change, init=init, base=_Normal, **methods)


def _one_layer_free():
    network = Judge()
    network.first = parametrizations.spectral_norm(network.first)
    return network


def _lipschitz(options, /):
    return True


def bounded(name, network, says, **more):
    return broken_judge(name, network, BOUND, says, traits={"lipschitz": _lipschitz}, **more)


class _Custom(nn.Module):
    """A normalisation that divides by a norm measured once, at build."""

    def __init__(self):
        super().__init__()
        layer = nn.Conv2d(3, 6, 3, padding=1, stride=2)
        self.weight, self.bias = layer.weight, layer.bias
        self.register_buffer("norm", layer.weight.detach().flatten(1).norm())

    def forward(self, x):
        return functional.conv2d(x, self.weight / self.norm, self.bias, padding=1, stride=2)


class _Fixed(Judge):
    """A head for pictures of 16 x 16."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(64, 1)

    def forward(self, image):
        return self.head(self.last(self.features(image)).flatten(1))


class _Square(Judge):
    def forward(self, image):
        return super().forward(functional.pad(image, (2, 2, 2, 2), mode="reflect"))


class _Normalises(Judge):
    """Batch normalisation of vectors, which one picture has no statistics for."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(6)
        self.head = nn.Linear(6, 1)
        del self.last

    def forward(self, image):
        return self.head(self.norm(self.features(image).mean((2, 3))))


def _centred(self, image):
    middle = image.mean((1, 2, 3), keepdim=True)
    spread = (image - middle).square().mean((1, 2, 3), keepdim=True).sqrt()
    return Judge.features(self, (image - middle) / spread)


def _stochastic(self, image):
    made = Judge.features(self, image)
    spread = (made.var(0, unbiased=False) + 1e-8).sqrt().mean()
    return made + spread


def _list_of_layers(self):
    self.__dict__["more"] = [nn.Conv2d(6, 6, 1)]


class _Maps(Judge):
    """Logits at two places of the network."""

    def forward(self, image):
        made = self.features(image)
        return self.last(made), self.last(functional.avg_pool2d(made, 2))


class _OneConstant(_Maps):
    def forward(self, image):
        first, second = super().forward(image)
        return first, 0 * second + self.last.bias.view(1, 1, 1, 1)


class _NotModule:
    def __call__(self, image):
        return image.mean((1, 2, 3), keepdim=True)


class _Lists(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Conv2d(3, 1, 3, padding=1)]

    def forward(self, image):
        return self.layers[0](image).mean((2, 3))


class _Reuses(Judge):
    def forward(self, image):
        made = super().forward(image)
        if torch.is_grad_enabled():
            return made
        kept = self.__dict__.setdefault("kept", {})
        key = (tuple(made.shape), made.dtype)
        return kept[key].copy_(made) if key in kept else kept.setdefault(key, made)


def parametrized(norm):
    network = _Normal()
    network.first = norm(nn.Conv2d(3, 6, 3, padding=1, stride=2))
    return network


class _Moves(Judge):
    """Batch normalisation that never leaves training mode."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(6)

    def features(self, image):
        return self.norm(super().features(image))

    def train(self, mode=True):
        super().train(mode)
        self.norm.training = True
        return self


def sized(name, says, *, also, **traits):
    check = "its_smallest_size_is_a_number_of_pixels"
    return broken_judge(name, Judge, check, says, traits=traits, also=also)


def sound(network, **traits):
    return held(DiscriminatorContract, discriminator(network, **traits), patch=16)


SOUND = (
    ("two convolutions", sound(Judge)),
    ("two maps", sound(_Maps, min_size=4)),
    ("pictures of one size", sound(Judge, min_size=12, max_size=12)),
    ("every layer spectrally normalised", sound(_Normal, lipschitz=_lipschitz)),
    ("the spread of a batch", sound(of(_stochastic, base=Judge))),
    (
        "batch normalisation of maps",
        sound(
            of(
                lambda self, x: self.norm(Judge.features(self, x)),
                base=Judge,
                init=lambda self: setattr(self, "norm", nn.BatchNorm2d(6)),
            ),
            min_size=4,
        ),
    ),
)

MUTANTS = (
    broken_judge(
        "one number for the batch",
        after(lambda self, made, x: made.mean()),
        ROWS,
        "a scalar",
        also=also("logits have no rows", SMALL, OWN),
    ),
    broken_judge(
        "logits without the batch",
        after(lambda self, made, x: made.flatten()[:1]),
        ROWS,
        "logits of 2 pictures have the shape",
        also=also("rows are missing", OWN, SMALL, PICTURE),
    ),
    broken_judge(
        "rows and columns of logits exchanged",
        after(lambda self, made, x: made.transpose(0, 1)),
        ROWS,
        "the first dimension is the batch",
        also=also("rows are not pictures", OWN, SMALL),
    ),
    broken_judge(
        "logits for exactly two pictures",
        after(
            lambda self, made, x: (
                made.reshape(2, -1)[: len(x)] if len(x) <= 2 else made.reshape(3, -1)[:2]
            )
        ),
        ROWS,
        "3 pictures",
        also=also("one picture has no two rows", SMALL, OWN, KEEPS),
    ),
    broken_judge(
        "logits of pictures and places in one row",
        after(lambda self, made, x: made.repeat(2, 1)),
        ROWS,
        "have the shape",
        also=also("rows are not pictures", SMALL),
    ),
    broken_judge(
        "logits in a list", after(lambda self, made, x: [made, 2 * made]), MAPS, "makes a list"
    ),
    broken_judge(
        "logits in a dictionary",
        after(lambda self, made, x: {"logits": made}),
        MAPS,
        "makes a dict",
    ),
    broken_judge(
        "an empty tuple", after(lambda self, made, x: (made, ())), MAPS, "holds what is no tensor"
    ),
    broken_judge(
        "one map more in training",
        after(lambda self, made, x: (made, made) if self.training else made),
        MAPS,
        "in eval mode and .* in training",
    ),
    broken_judge(
        "logits of another shape in eval mode",
        after(lambda self, made, x: made if self.training else made.flatten(0)),
        MAPS,
        "in eval mode and .* in training",
    ),
    broken_judge(
        "features beside the logits, in tuples of tuples",
        after(lambda self, made, x: (made, (made,))),
        MAPS,
        "holds what is no tensor",
    ),
    broken_judge(
        "edges that need three pixels, and no min_size",
        _Square,
        SMALL,
        "called on pictures .* raises",
    ),
    broken_judge(
        "a head of one size, and no patch asked for",
        _Fixed,
        SMALL,
        "called on pictures|raises",
        traits={"min_size": 15},
    ),
    broken_judge(
        "batch normalisation of one picture",
        _Normalises,
        SMALL,
        "more than 1 value per channel",
    ),
    broken_judge(
        "pictures that are detached",
        of(lambda self, x: Judge.features(self, x.detach()), base=Judge),
        PICTURE,
        "no gradient reaches the picture",
        also=also("there is no slope for the picture", PENALTY),
    ),
    broken_judge(
        "only the first picture of the batch",
        of(lambda self, x: Judge.features(self, x[:1].expand_as(x)), base=Judge),
        PICTURE,
        "a picture of the batch gets no gradient",
        also=also("rows are those of the first picture", OWN),
    ),
    broken_judge(
        "two colours of three",
        of(
            lambda self, x: Judge.features(self, x * torch.tensor([1.0, 1, 0]).view(3, 1, 1).to(x)),
            base=Judge,
        ),
        PICTURE,
        "a colour of the picture gets no gradient",
    ),
    broken_judge(
        "pictures rounded to 8 bit",
        of(lambda self, x: Judge.features(self, (255 * x).round() / 255), base=Judge),
        PICTURE,
        "gets no gradient",
        also=also("there is no slope for the picture", PENALTY),
    ),
    broken_judge(
        "a map that no picture changes",
        _OneConstant,
        PICTURE,
        "map 1 of the logits",
        traits={"min_size": 4},
        also=also("rows of that map are equal", OWN),
    ),
    broken_judge(
        "logits in another order",
        after(lambda self, made, x: made.flip(0)),
        OWN,
        "do not follow the order",
    ),
    broken_judge(
        "rows that depend on their place",
        after(lambda self, made, x: made + torch.arange(len(x)).to(x).view(-1, 1)),
        OWN,
        "do not follow the order",
    ),
    broken_judge(
        "the mean of the batch in every row",
        after(lambda self, made, x: made.mean(0, keepdim=True).expand_as(made).clone()),
        OWN,
        "the same logits",
    ),
    broken_judge(
        "a sigmoid at the end", after(lambda self, made, x: made.sigmoid()), RAW, "are they raw"
    ),
    broken_judge(
        "a tanh at the end", after(lambda self, made, x: made.tanh()), RAW, "are they raw"
    ),
    broken_judge(
        "a softplus at the end",
        after(lambda self, made, x: functional.softplus(made)),
        RAW,
        "towards logits of -3.0",
    ),
    broken_judge(
        "the logarithm of a sigmoid at the end",
        after(lambda self, made, x: functional.logsigmoid(made)),
        RAW,
        "towards logits of 3.0",
    ),
    broken_judge(
        "logits clamped to [-1, 1]",
        after(lambda self, made, x: made.clamp(-1, 1)),
        RAW,
        "are they raw",
    ),
    broken_judge(
        "logits divided by their norm",
        after(lambda self, made, x: functional.softsign(made)),
        RAW,
        "are they raw",
    ),
    broken_judge(
        "pictures divided by their deviation",
        of(_centred, base=Judge),
        FLAT,
        "not finite",
    ),
    broken_judge(
        "a step that cannot be differentiated twice",
        of(lambda self, x: _NoSecond.apply(Judge.features(self, x)), base=Judge),
        PENALTY,
        "differentiate twice",
    ),
    broken_judge(
        "a slope that is detached",
        of(lambda self, x: _Detaching.apply(Judge.features(self, x)), base=Judge),
        PENALTY,
        "is off by",
    ),
    broken_judge(
        "a root of a norm, steep at zero",
        of(
            lambda self, x: (
                Judge.features(self, x) + (x - x).square().sum((1, 2, 3), keepdim=True).sqrt()
            ),
            base=Judge,
        ),
        PICTURE,
        "not finite",
        also=also("there is no finite slope for the picture", PENALTY, FLAT),
    ),
    bounded("one layer that is not normalised", _one_layer_free, "last.weight"),
    bounded("no layer that is normalised", Judge, "first.weight"),
    bounded(
        "a learned gain after the last layer",
        normal(
            lambda self, x: _Normal.features(self, x) * self.gain,
            init=lambda self: setattr(self, "gain", nn.Parameter(torch.ones(()))),
        ),
        "gain",
    ),
    bounded(
        "weight normalisation instead",
        lambda: parametrized(parametrizations.weight_norm),
        "original0",
    ),
    bounded(
        "a norm that was measured once",
        normal(
            lambda self, x: functional.leaky_relu(self.once(x), 0.2),
            init=lambda self: (setattr(self, "once", _Custom()), delattr(self, "first")),
        ),
        "once.weight",
    ),
    bounded(
        "a learned slope below zero",
        normal(
            lambda self, x: self.bend(self.first(x)),
            init=lambda self: setattr(self, "bend", nn.PReLU()),
        ),
        "bend.weight",
    ),
    sized(
        "a smallest size of zero",
        "min_size is 0",
        min_size=lambda options, /: 0,
        also=also("it is tried", SMALL),
    ),
    sized(
        "a largest size below the smallest",
        "max_size is 15, below the min_size of 16",
        min_size=16,
        max_size=15,
        also=also("nothing"),
    ),
    broken_judge(
        "no parameters",
        _NotModule,
        "it_learns",
        "has no parameters",
        also=also("it is no nn.Module", ROWS, MAPS, SMALL, PICTURE, OWN, RAW, FLAT),
    ),
    broken_judge(
        "all its layers in a list",
        _Lists,
        "it_learns",
        "has no parameters",
        also=also(
            "nothing is moved or drawn with the module",
            DEVICE,
            RAW,
            "what_learns_nothing_draws_nothing",
            "the_output_has_the_type_of_the_picture",
        ),
    ),
    broken_judge(
        "a layer in a list beside others",
        of(lambda self, x: self.more[0](Judge.features(self, x)), base=Judge, init=_list_of_layers),
        FILE,
        "not in the state dict",
        also=also("it is not moved", DEVICE, "the_output_has_the_type_of_the_picture"),
    ),
    broken_judge(
        "a threshold drawn at build",
        of(
            lambda self, x: Judge.features(self, x) + self.level,
            base=Judge,
            init=lambda self: setattr(self, "level", torch.rand(()).item()),
        ),
        FILE,
        "not in the state dict",
    ),
    broken_judge(
        "features that are detached from the first layer",
        of(lambda self, x: Judge.features(self, x) + Judge.features(self, x).detach(), base=Judge),
        SLOPE,
        "first.weight",
    ),
    broken_judge(
        "a layer that nothing uses",
        of(base=Judge, init=lambda self: setattr(self, "spare", nn.Conv2d(3, 3, 1))),
        REACHED,
        "spare.weight",
    ),
    broken_judge(
        "a frozen layer",
        of(base=Judge, init=lambda self: self.first.requires_grad_(False)),
        "every_parameter_learns",
        "first.weight",
    ),
    broken_judge(
        "always float32",
        after(lambda self, made, x: made.float()),
        "the_output_has_the_type_of_the_picture",
        "float64",
    ),
    broken_judge(
        "a view that channels_last does not have",
        of(lambda self, x: Judge.features(self, x.view(len(x), -1).view(x.shape)), base=Judge),
        "memory_layout_changes_nothing",
        "view size",
    ),
    broken_judge(
        "the picture changed in place",
        of(
            lambda self, x: Judge.features(
                self, x.clamp(0.1, 0.9) if x.requires_grad else x.clamp_(0.1, 0.9)
            ),
            base=Judge,
        ),
        "the_input_is_left_alone",
        "changes its input",
    ),
    broken_judge(
        "a running mean that eval mode moves",
        _Moves,
        KEEPS,
        "running_mean",
        traits={"min_size": 4},
        also=also("what is moved is not used", "every_tensor_of_the_file_takes_part"),
    ),
    broken_judge(
        "logits of memory that is used again",
        _Reuses,
        KEEPS,
        "share memory",
        also=also("two outputs are compared", OWN),
    ),
)
