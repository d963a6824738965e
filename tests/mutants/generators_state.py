"""Which generators know what is not in their weights file, or keep what they should not?"""

import threading
from functools import partial

import numpy as np
import torch
from mutants.machinery import also, held
from mutants.networks import Repeat, broken_generator, gain, generator, of
from torch import nn
from torch.nn import functional

from srkit_core.testing import GeneratorContract

FILE = "its_state_survives_a_weights_file"
CALLS = "calling_it_in_evaluation_changes_nothing_in_it"
OTHERS = "other_weights_give_the_output_of_other_weights"
COPY = "a_copy_is_a_network_of_its_own"
AVERAGE = "its_moving_average_follows_it"
BUILDS = "two_builds_under_one_seed_are_equal"
MEMORY = "every_tensor_has_memory_of_its_own"
PLAIN = "its_file_holds_plain_finite_tensors"
MODE = "its_mode_is_all_that_train_and_eval_change"
PART = "every_tensor_of_the_file_takes_part"
DEVICE = "every_tensor_is_on_the_picture_s_device"
SLOPE = "the_gradient_is_the_slope"
TYPE = "the_output_has_the_type_of_the_picture"
STEADY = "it_is_deterministic_in_evaluation"
LEFT = "what is not in the module is not moved with it"
HIDDEN = "not in the state dict"


def sound(network, **traits):
    return held(GeneratorContract, generator(network, **traits))


def scaled(self, lr):
    return self.conv(lr) * self.gain


def _set(name, make):
    """Set an attribute to what is made, past nn.Module where that would register it."""
    return lambda self: self.__dict__.__setitem__(name, make())


def _layer():
    return nn.Conv2d(3, 3, 1)


def _buffer(self, value, persistent=True):
    self.register_buffer("gain", value, persistent=persistent)


class _Plain:
    def __init__(self):
        self.layer = _layer()


def _hooked(self):
    layer = _layer()
    self.conv.register_forward_hook(lambda module, given, made: layer(made))


def _closed(self):
    layer = _layer()
    self.after = lambda made: layer(made) + 0


def _numpy_gain():
    drawn = np.random.default_rng(int(torch.randint(1000, ()))).random()
    return np.float32(0.5 + drawn)


def _lazy_buffer(self, lr):
    if not hasattr(self, "gain"):
        self.register_buffer("gain", torch.ones((), device=lr.device))
    return self.conv(lr) * self.gain


def _table(self, lr):
    if getattr(self, "shape", None) != lr.shape:
        self.shape, self.mean = lr.shape, lr.detach().mean((1, 2, 3), keepdim=True)
    return self.conv(lr) + 1e-7 * self.mean


def _counted(self, lr):
    self.calls = getattr(self, "calls", 0) + 1
    return self.conv(lr) * (1 + 1e-6 * self.calls)


def _count_in_buffer(self, lr):
    self.count.add_(1)
    return self.conv(lr)


def _mean_of_training(self, lr):
    if self.training:
        self.level = 0.9 * self.level + 0.1 * lr.detach().mean().item()
    return self.conv(lr) + 0.01 * self.level


def _folded(self, lr):
    if self.training or torch.is_grad_enabled():
        return self.conv(lr)
    if "kept" not in self.__dict__:
        self.__dict__["kept"] = self.conv.weight.detach().clone()
    return functional.conv2d(lr, self.kept, self.conv.bias, padding=1)


class _OneOutput(Repeat):
    """Writes every output of a shape into the same memory."""

    def forward(self, lr):
        made = super().forward(lr)
        if torch.is_grad_enabled():
            return made
        kept = self.__dict__.setdefault("kept", {})
        key = (tuple(made.shape), made.dtype)
        return kept[key].copy_(made) if key in kept else kept.setdefault(key, made)


class _AlwaysTraining(Repeat):
    """Batch normalisation that takes the batch's own statistics in eval mode too."""

    def __init__(self, scale):
        super().__init__(scale)
        self.norm = nn.BatchNorm2d(3)

    def body_of(self, lr):
        return self.norm(self.conv(lr))

    def train(self, mode=True):
        super().train(mode)
        self.norm.training = True
        return self


class _Fuses(Repeat):
    """Renames its tensors for eval mode, as reparametrised networks do."""

    def __init__(self, scale):
        super().__init__(scale)
        self.gain = gain()

    def train(self, mode=True):
        super().train(mode)
        if not mode and hasattr(self, "gain"):
            value = self.gain
            del self.gain
            self.fused = value
        elif mode and hasattr(self, "fused"):
            value = self.fused
            del self.fused
            self.gain = value
        return self

    def body_of(self, lr):
        return self.conv(lr) * (self.gain if hasattr(self, "gain") else self.fused)


class _Merges(Repeat):
    """Multiplies its weights by a number each time it goes to eval mode."""

    def train(self, mode=True):
        if self.training and not mode:
            self.conv.weight.data.mul_(1.01)
        return super().train(mode)


class _Tied(Repeat):
    def __init__(self, scale):
        super().__init__(scale)
        self.again = self.conv

    def body_of(self, lr):
        return self.again(self.conv(lr))


class _Ignores(Repeat):
    def load_state_dict(self, *arguments, **options):
        return None


class _Rescales(Repeat):
    def _load_from_state_dict(self, state_dict, prefix, *arguments):
        state_dict["conv.weight"] = state_dict["conv.weight"] * 0.5
        super()._load_from_state_dict(state_dict, prefix, *arguments)


class _Forgets(Repeat):
    def __init__(self, scale):
        super().__init__(scale)
        self.gain = gain()

    def body_of(self, lr):
        return self.conv(lr) * self.gain

    def state_dict(self, *arguments, **options):
        found = super().state_dict(*arguments, **options)
        found.pop("gain")
        return found

    def load_state_dict(self, state_dict, strict=True):
        return super().load_state_dict(state_dict, strict=False)


class _Extra(Repeat):
    def get_extra_state(self):
        return {"version": 2}

    def set_extra_state(self, state):
        pass


class _Double(Repeat):
    def __init__(self, scale):
        super().__init__(scale)
        self.gain = nn.Parameter(torch.ones(3, 1, 1, dtype=torch.float64))

    def body_of(self, lr):
        return self.conv(lr) * self.gain.to(lr)


class _HoldsSelf(Repeat):
    def __init__(self, scale):
        super().__init__(scale)
        self.gain = gain()
        self.after = lambda made: made * self.gain

    def body_of(self, lr):
        return self.after(self.conv(lr))


class _KeepsLast(Repeat):
    def body_of(self, lr):
        self.last = self.conv(lr)
        return self.last


class _Builds(Repeat):
    count = 0

    def __init__(self, scale):
        super().__init__(scale)
        type(self).count += 1
        nn.init.constant_(self.conv.weight, 0.01 * type(self).count)


def _own_generator(self):
    rng = torch.Generator()
    rng.seed()
    nn.init.normal_(self.conv.weight, generator=rng)


def _entropy(self):
    drawn = torch.from_numpy(np.random.default_rng().normal(size=(3, 3, 3, 3)))
    self.conv.weight.data.copy_(drawn)


def _entropy_outside(self):
    self.gain = 0.5 + float(np.random.default_rng().random())


class _Callable:
    """No nn.Module, and learns nothing."""

    def __init__(self, scale):
        self.scale = scale
        self.gain = torch.rand(())

    def __call__(self, lr):
        return lr.repeat_interleave(self.scale, 2).repeat_interleave(self.scale, 3) * self.gain


class _OnlyLists(nn.Module):
    def __init__(self, scale):
        super().__init__()
        self.scale = scale
        self.layers = [_layer()]

    def forward(self, lr):
        return functional.interpolate(
            self.layers[0](lr), scale_factor=float(self.scale), mode="nearest"
        )


def _view(self):
    self.conv.bias = nn.Parameter(self.conv.weight.data.view(-1)[:3])


def _expanded(self):
    _buffer(self, torch.ones(1, 1, 1).expand(3, 1, 1))


SOUND = (
    ("a convolution and repeated pixels", sound(Repeat)),
    ("a number that no seed changes", sound(of(scaled, init=_set("gain", lambda: 0.7)))),
    (
        "a buffer that stays out of the file and is the same",
        sound(of(scaled, init=lambda self: _buffer(self, torch.tensor(0.7), persistent=False))),
    ),
    (
        "batch normalisation",
        sound(
            of(
                lambda self, lr: self.norm(self.conv(lr)),
                init=lambda self: setattr(self, "norm", nn.BatchNorm2d(3)),
            )
        ),
    ),
    ("dropout", sound(of(lambda self, lr: functional.dropout(self.conv(lr), 0.1, self.training)))),
    (
        "a counter that training moves on",
        sound(
            of(
                lambda self, lr: (_count_in_buffer if self.training else Repeat.body_of)(self, lr),
                init=lambda self: self.register_buffer("count", torch.tensor(0)),
            )
        ),
    ),
    (
        "a parameter that is not contiguous",
        sound(
            of(
                init=lambda self: setattr(
                    self.conv, "weight", nn.Parameter(self.conv.weight.data.transpose(0, 1))
                )
            )
        ),
    ),
)

MUTANTS = (
    broken_generator(
        "a tensor drawn at build, kept as an attribute",
        of(scaled, init=_set("gain", lambda: torch.rand(()))),
        FILE,
        HIDDEN,
    ),
    broken_generator(
        "a buffer drawn at build that is not persistent",
        of(scaled, init=lambda self: _buffer(self, torch.rand(3, 1, 1), persistent=False)),
        FILE,
        HIDDEN,
    ),
    broken_generator(
        "a layer in a list",
        of(lambda self, lr: self.layers[0](self.conv(lr)), init=_set("layers", lambda: [_layer()])),
        FILE,
        HIDDEN,
        also=also(LEFT, DEVICE, TYPE),
    ),
    broken_generator(
        "a layer in a dictionary",
        of(
            lambda self, lr: self.layers["a"](self.conv(lr)),
            init=_set("layers", lambda: {"a": _layer()}),
        ),
        FILE,
        HIDDEN,
        also=also(LEFT, DEVICE, TYPE),
    ),
    broken_generator(
        "a layer inside of a plain object",
        of(lambda self, lr: self.inner.layer(self.conv(lr)), init=_set("inner", _Plain)),
        FILE,
        HIDDEN,
        also=also(LEFT, DEVICE, TYPE),
    ),
    broken_generator(
        "a layer closed over by a function",
        of(lambda self, lr: self.after(self.conv(lr)), init=_closed),
        FILE,
        HIDDEN,
        also=also(LEFT, DEVICE, TYPE),
    ),
    broken_generator(
        "a layer in a forward hook", of(init=_hooked), FILE, HIDDEN, also=also(LEFT, DEVICE, TYPE)
    ),
    broken_generator(
        "a parameter set past nn.Module",
        of(scaled, init=_set("gain", lambda: nn.Parameter(torch.rand(())))),
        FILE,
        HIDDEN,
    ),
    broken_generator(
        "a Python number drawn from torch at build",
        of(scaled, init=_set("gain", lambda: torch.rand(()).item())),
        FILE,
        HIDDEN,
    ),
    broken_generator(
        "a numpy number drawn at build",
        of(lambda self, lr: self.conv(lr) * float(self.gain), init=_set("gain", _numpy_gain)),
        FILE,
        HIDDEN,
    ),
    broken_generator(
        "an order of channels drawn at build",
        of(
            lambda self, lr: self.conv(lr)[:, self.order],
            init=lambda self: setattr(self, "order", torch.randperm(3).tolist()),
        ),
        FILE,
        HIDDEN,
    ),
    broken_generator(
        "a function chosen by chance at build",
        of(
            lambda self, lr: self.after(self.conv(lr)),
            init=lambda self: setattr(
                self, "after", partial(functional.leaky_relu, negative_slope=torch.rand(()).item())
            ),
        ),
        FILE,
        HIDDEN,
    ),
    broken_generator(
        "load_state_dict does nothing",
        _Ignores,
        FILE,
        HIDDEN,
        also=also("weights are loaded in it", OTHERS),
    ),
    broken_generator(
        "weights are changed as they are loaded",
        _Rescales,
        FILE,
        HIDDEN,
        also=also("weights are loaded in it", OTHERS),
    ),
    broken_generator(
        "a parameter left out of the state dict",
        _Forgets,
        FILE,
        HIDDEN,
        also=also("weights are loaded in it", OTHERS),
    ),
    broken_generator(
        "a buffer made at the first call",
        of(_lazy_buffer),
        CALLS,
        "gain",
        also=also("a copy has it and the original not, or the other way round", AVERAGE, OTHERS),
    ),
    broken_generator(
        "statistics kept for all pictures of a size",
        of(_table),
        CALLS,
        "keep no state between calls",
    ),
    broken_generator(
        "a count of calls that changes the output",
        of(_counted),
        CALLS,
        "two outputs of one picture",
        also=also("each compares two calls of one network", STEADY, COPY, MODE, AVERAGE),
    ),
    broken_generator(
        "a buffer that counts calls in eval mode",
        of(_count_in_buffer, init=lambda self: self.register_buffer("count", torch.tensor(0))),
        CALLS,
        "changes .*count",
    ),
    broken_generator(
        "every output in the same memory",
        _OneOutput,
        CALLS,
        "a later call changes the output of an earlier one",
        also=also("each compares two outputs of one network", "sr_is_finite_and_follows_lr"),
    ),
    broken_generator(
        "batch normalisation that never leaves training mode",
        _AlwaysTraining,
        CALLS,
        "changes .*running_mean",
        also=also(
            "statistics of the batch are not the picture's",
            "pictures_of_a_batch_do_not_meet_in_evaluation",
            PART,
            "sr_is_scale_times_as_large",
            "tiles_agree_with_the_whole_picture",
        ),
    ),
    broken_generator(
        "weights folded at the first call and kept",
        of(_folded),
        OTHERS,
        "computed from the old ones is kept",
        also=also("it moves weights between two calls", SLOPE),
    ),
    broken_generator(
        "tensors that eval() renames",
        _Fuses,
        MODE,
        "changes the names",
        also=also("it loads, in eval mode, what was saved in training mode", OTHERS),
    ),
    broken_generator(
        "weights that eval() changes each time",
        _Merges,
        MODE,
        "another output",
        also=also("each goes to eval mode once more", AVERAGE, OTHERS),
    ),
    broken_generator("a layer under two names", _Tied, MEMORY, "share memory"),
    broken_generator("a bias that is a view of the weight", of(init=_view), MEMORY, "share memory"),
    broken_generator(
        "a float buffer that nothing uses",
        of(init=lambda self: _buffer(self, torch.ones(3))),
        PART,
        "gain",
    ),
    broken_generator(
        "a float buffer that is multiplied by zero",
        of(
            lambda self, lr: self.conv(lr) + 0 * self.gain,
            init=lambda self: _buffer(self, torch.ones(3, 1, 1)),
        ),
        PART,
        "gain",
    ),
    broken_generator(
        "a mask that holds minus infinity",
        of(
            lambda self, lr: self.conv(lr) * (1 + self.gain.exp()),
            init=lambda self: _buffer(self, torch.full((1, 1, 1), -torch.inf)),
        ),
        PLAIN,
        "NaN or infinity: .*gain",
    ),
    broken_generator("a parameter of float64", _Double, PLAIN, r"gain \(float64\)"),
    broken_generator(
        "state beside the tensors",
        _Extra,
        PLAIN,
        "_extra_state",
        also=also("what is no tensor is not stored, and missed when loaded", FILE, OTHERS),
    ),
    broken_generator("a function with self in it", _HoldsSelf, COPY, "holds on to the original"),
    broken_generator(
        "a lock, which cannot be copied",
        of(init=_set("lock", threading.Lock)),
        COPY,
        "copied with copy.deepcopy",
        also=also("the average is a copy", AVERAGE),
    ),
    broken_generator("the last output, kept with its graph", _KeepsLast, COPY, "copy.deepcopy"),
    broken_generator(
        "a mean over training that is in no tensor",
        of(_mean_of_training, init=_set("level", lambda: 0.5)),
        AVERAGE,
        "not all among",
    ),
    broken_generator(
        "initial weights that count builds",
        _Builds,
        BUILDS,
        "conv.weight",
        also=also(
            "each compares two builds",
            "what_it_draws_in_training_is_torch_s",
            "memory_layout_changes_nothing",
            "training_without_gradients_is_training",
        ),
    ),
    broken_generator(
        "initial weights from a random state of its own",
        of(init=_own_generator),
        BUILDS,
        "conv.weight",
        also=also(
            "each compares two builds",
            "what_it_draws_in_training_is_torch_s",
            "memory_layout_changes_nothing",
            "training_without_gradients_is_training",
        ),
    ),
    broken_generator(
        "a number from numpy's entropy at build, in no tensor",
        of(scaled, init=_entropy_outside),
        BUILDS,
        "two outputs of one picture",
        also=also(
            "each compares two builds",
            FILE,
            OTHERS,
            "what_it_draws_in_training_is_torch_s",
            "memory_layout_changes_nothing",
            "training_without_gradients_is_training",
        ),
    ),
    broken_generator(
        "no module, learns nothing, and draws at build",
        _Callable,
        "what_learns_nothing_draws_nothing",
        "make what is drawn a parameter",
        traits={"trainable": False},
        left_out=also("srkit tries these on what learns only", "gradient_reaches_every_parameter"),
    ),
    broken_generator(
        "all its layers in a list, and declared not to learn",
        _OnlyLists,
        "what_learns_nothing_draws_nothing",
        "inside of modules that are attributes",
        traits={"trainable": False},
        also=also(LEFT, DEVICE, TYPE),
    ),
    broken_generator(
        "all its layers in a list",
        _OnlyLists,
        "its_traits_are_sensible",
        "layers in a plain list",
        also=also(LEFT, DEVICE, TYPE, "what_learns_nothing_draws_nothing"),
    ),
)
