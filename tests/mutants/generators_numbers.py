"""Which generators compute, learn or remember types, memory and gradients wrongly?"""

import torch
from mutants.machinery import also, held
from mutants.networks import Repeat, broken_generator, gain, generator, of
from torch.nn import functional

from srkit_core.testing import GeneratorContract

REACHED = "gradient_reaches_every_parameter"
SLOPE = "the_gradient_is_the_slope"
CALLS = "calls_do_not_break_each_other_s_gradients"
COUNTS = "every_pixel_of_lr_counts"
TYPE = "the_output_has_the_type_of_the_picture"
MIXED = "mixed_precision_trains"
LAYOUT = "memory_layout_changes_nothing"
DEVICE = "every_tensor_is_on_the_picture_s_device"
INPUT = "the_input_is_left_alone"
GRAPH = "training_without_gradients_is_training"
LEARNS = "every_parameter_learns"


def with_gain(self):
    self.gain = gain()


class Twice(torch.autograd.Function):
    """x -> x, with a gradient that is twice as large."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, slope):
        return 2 * slope


class Scaled(torch.autograd.Function):
    """(x, gain) -> x * gain, whose author forgot the gradient of the gain."""

    @staticmethod
    def forward(ctx, x, factor):
        ctx.save_for_backward(factor)
        return x * factor

    @staticmethod
    def backward(ctx, slope):
        return slope * ctx.saved_tensors[0], None


def _steps(made):
    return (64 * made + 0.3).round() / 64 + 0.001


def _recurrent(self, lr):
    made = self.conv(lr)
    if self.training:
        if self.hidden is not None:
            made = made + 0 * self.hidden
        self.hidden = made.mean()
    return made


def _bumped(self, lr):
    made = self.conv(lr) * self.gain * self.decay
    if self.training:
        self.decay.mul_(1)
    return made


def _bumped_init(self):
    self.gain = gain()
    self.register_buffer("decay", torch.full((3, 1, 1), 0.9))


def _middle(self, lr):
    edge = 1 if min(lr.shape[-2:]) > 4 else 0
    inner = lr[..., edge : lr.shape[-2] - edge, edge : lr.shape[-1] - edge]
    return self.conv(functional.pad(inner, (edge,) * 4, mode="replicate"))


def _other_rows(self, lr):
    rows = lr[..., ::2, :].repeat_interleave(2, -2)[..., : lr.shape[-2], :]
    return self.conv(rows)


def _strided(self, lr):
    return self.conv(lr.as_strided(lr.shape, torch.empty(lr.shape, device="meta").stride()))


class _Viewed(Repeat):
    def body_of(self, lr):
        return self.conv(lr.view(lr.shape[0], -1).view(lr.shape))


def _rows_by_layout(self, lr):
    made = self.conv(lr)
    return made if lr.is_contiguous() else made + 0.01


def _grid(self, lr):
    across = torch.linspace(0, 1e-7, lr.shape[-1], dtype=lr.dtype)
    return self.conv(lr) + across.view(1, 1, 1, -1)


def _fixed_device(self, lr):
    return self.conv(lr) + 1e-7 * torch.ones(3, 1, 1, dtype=lr.dtype, device="cpu")


def _by_cpu(self, lr):
    return self.conv(lr.cpu())


def _kernel(self, lr):
    kernel = self.kernel.to(lr.dtype)
    return functional.conv2d(self.conv(lr), kernel, padding=1, groups=3)


def _blur():
    return torch.full((3, 1, 3, 3), 1 / 9)


def _by_numpy(self, lr):
    made = self.conv(lr)
    if torch.is_grad_enabled():
        return made
    return torch.from_numpy(made.numpy().copy()) if made.dtype != torch.bfloat16 else made


def _branch_of_autocast(self, lr):
    made = self.conv(lr)
    return 0.5 * made if torch.is_autocast_enabled("cpu") else made


def _offset(self, lr):
    return (self.conv(lr) + 64) - 64


class _Identity:
    """Scale 1: SR is LR, the very tensor."""

    def __init__(self, scale):
        pass

    def __call__(self, lr):
        return lr


class _InPlace(Repeat):
    def forward(self, lr):
        return super().forward(lr.clamp_(0.1, 0.9))


class _InPlaceInTraining(Repeat):
    def forward(self, lr):
        return super().forward(lr.clamp_(0.1, 0.9) if self.training else lr)


class _InPlaceAndBack(Repeat):
    def forward(self, lr):
        return super().forward(lr.mul_(1))


class _NoGradient(Repeat):
    @torch.no_grad()
    def forward(self, lr):
        return super().forward(lr)


def _half(self, lr):
    return self.conv(lr.half().to(lr.dtype))


def sound(network, **traits):
    return held(GeneratorContract, generator(network, **traits))


def _grid_of_picture(self, lr):
    across = torch.arange(lr.shape[-1]).to(lr)
    return self.conv(lr) + 1e-7 * across


SOUND = (
    ("a grid made on the CPU and moved", sound(of(_grid_of_picture))),
    (
        "a constant that is moved to the picture",
        sound(
            of(lambda self, lr: self.conv(lr) - torch.tensor([0.4, 0.5, 0.6]).view(3, 1, 1).to(lr))
        ),
    ),
    (
        "a fixed kernel in a buffer",
        sound(of(_kernel, init=lambda self: self.register_buffer("kernel", _blur()))),
    ),
    (
        "a product computed in float32 under autocast",
        sound(of(lambda self, lr: torch.sigmoid(self.conv(lr).float()).to(lr.dtype))),
    ),
)

MUTANTS = (
    broken_generator(
        "a parameter that nothing uses",
        of(init=with_gain),
        REACHED,
        "take no part in the output: .*gain",
    ),
    broken_generator(
        "a branch that is multiplied by zero",
        of(lambda self, lr: lr + 0 * self.conv(lr)),
        REACHED,
        "zero or not finite: .*conv.weight",
    ),
    broken_generator(
        "a branch that is rounded",
        of(lambda self, lr: self.conv(lr) + (8 * self.gain * lr).round() / 8, init=with_gain),
        REACHED,
        "zero or not finite: .*gain",
    ),
    broken_generator(
        "a root whose slope at zero is infinite",
        of(
            lambda self, lr: self.conv(lr) + (self.gain - self.gain.detach()).abs().sqrt() * lr,
            init=with_gain,
        ),
        REACHED,
        "not finite: .*gain",
        also=also("its gradients are not finite", MIXED, SLOPE),
    ),
    broken_generator(
        "a weight that does not require a gradient",
        of(init=lambda self: self.conv.weight.requires_grad_(False)),
        LEARNS,
        "do not learn.*conv.weight",
    ),
    broken_generator(
        "a whole network left frozen",
        of(init=lambda self: self.requires_grad_(False)),
        LEARNS,
        "do not learn",
        also=also(
            "nothing has a gradient",
            CALLS,
            REACHED,
            MIXED,
            SLOPE,
            "a_copy_is_a_network_of_its_own",
            "its_moving_average_follows_it",
            "sr_is_not_clamped",
        ),
    ),
    broken_generator(
        "a branch that is detached",
        of(lambda self, lr: self.conv(lr) + self.gain * self.conv(lr).detach(), init=with_gain),
        SLOPE,
        "conv.weight.*detached",
    ),
    broken_generator(
        "a backward of its own that is twice too large",
        of(lambda self, lr: Twice.apply(self.conv(lr))),
        SLOPE,
        "conv.weight",
    ),
    broken_generator(
        "a straight-through estimator",
        of(lambda self, lr: (made := self.conv(lr)) + (_steps(made) - made).detach()),
        SLOPE,
        "conv.weight",
    ),
    broken_generator(
        "a backward of its own that forgets a parameter",
        of(lambda self, lr: Scaled.apply(self.conv(lr), self.gain), init=with_gain),
        REACHED,
        "gain",
        also=also("the gradient is missing", SLOPE),
    ),
    broken_generator(
        "a state with its graph, kept to the next call",
        of(_recurrent, init=lambda self: setattr(self, "hidden", None)),
        CALLS,
        "backward through the graph a second time",
        also=also("a graph cannot be copied", "a_copy_is_a_network_of_its_own"),
    ),
    broken_generator(
        "a buffer changed in place after it was used",
        of(_bumped, init=_bumped_init),
        CALLS,
        "modified by an inplace operation",
        also=also(
            "it is used and changed in each call",
            REACHED,
            MIXED,
            "a_copy_is_a_network_of_its_own",
            "its_moving_average_follows_it",
        ),
    ),
    broken_generator(
        "another output without gradients",
        of(lambda self, lr: self.conv(lr) * (1 if torch.is_grad_enabled() else 1.01)),
        GRAPH,
        "under torch.no_grad it makes another output",
    ),
    broken_generator(
        "a forward that never has gradients",
        _NoGradient,
        REACHED,
        "asked for gradients",
        also=also(
            "nothing has a gradient",
            CALLS,
            MIXED,
            SLOPE,
            COUNTS,
            "a_copy_is_a_network_of_its_own",
            "its_moving_average_follows_it",
            "sr_is_not_clamped",
        ),
    ),
    broken_generator(
        "LR changed in place and the same", _InPlaceAndBack, COUNTS, "in-place operation"
    ),
    broken_generator(
        "an edge that is cut off and repeated",
        of(_middle),
        COUNTS,
        "of the numbers of LR change nothing",
    ),
    broken_generator(
        "one colour of three",
        of(lambda self, lr: self.conv(lr[:, 1:2].expand(-1, 3, -1, -1))),
        COUNTS,
        "67%",
    ),
    broken_generator(
        "every other row", of(_other_rows), COUNTS, "of the numbers of LR change nothing"
    ),
    broken_generator(
        "always float32",
        of(lambda self, lr: self.conv(lr).float()),
        TYPE,
        "float64 give an output of torch.float32",
    ),
    broken_generator(
        "a constant of float32",
        of(lambda self, lr: self.conv(lr) + torch.zeros(1, device=lr.device)),
        TYPE,
        "bfloat16 give an output of torch.float32",
    ),
    broken_generator(
        "float32 pictures only",
        of(lambda self, lr: self.conv(lr.float())),
        TYPE,
        "moved to|should be the same",
    ),
    broken_generator(
        "LR rounded to half precision on the way",
        of(_half),
        "",
        "",
        escapes="types are right at every border, and 11 bits are more than a picture of 8 has",
    ),
    broken_generator("a difference of large numbers", of(_offset), MIXED, "the output is off by"),
    broken_generator(
        "another network under autocast", of(_branch_of_autocast), MIXED, "the output is off by 50%"
    ),
    broken_generator("memory read by strides", of(_strided), LAYOUT, "another output"),
    broken_generator("a view that other layouts do not have", _Viewed, LAYOUT, "view size"),
    broken_generator(
        "another output for other layouts", of(_rows_by_layout), LAYOUT, "another output"
    ),
    broken_generator(
        "a grid on the default device",
        of(_grid),
        DEVICE,
        "__add__|add",
    ),
    broken_generator("a tensor on a device by name", of(_fixed_device), DEVICE, "add|mul"),
    broken_generator("the picture moved to the CPU", of(_by_cpu), DEVICE, "conv2d"),
    broken_generator(
        "a constant kernel in no buffer",
        of(_kernel, init=lambda self: self.__dict__.update(kernel=_blur())),
        DEVICE,
        "conv2d",
    ),
    broken_generator(
        "an output that went through numpy",
        of(_by_numpy),
        DEVICE,
        "the output would be on the CPU|on a GPU",
    ),
    broken_generator(
        "LR changed in place",
        _InPlace,
        INPUT,
        "changes its input",
        also=also("a leaf cannot be changed in place", COUNTS),
    ),
    broken_generator(
        "LR changed in place in training", _InPlaceInTraining, INPUT, "changes its input"
    ),
    broken_generator(
        "LR returned as SR",
        _Identity,
        INPUT,
        "shares memory",
        traits={"trainable": False, "scales": (1,)},
        scale=1,
    ),
)
