"""Which networks change, read or write something beside their output when built or called?"""

import gc
import logging
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from mutants.machinery import also, held
from mutants.networks import Judge, Repeat, broken_generator, broken_judge, generator, of
from torch import nn
from torch.nn import functional

from srkit_core.testing import GeneratorContract

BUILD = "building_it_changes_nothing_else"
CALL = "calling_it_changes_nothing_else"
STEADY = "it_is_deterministic_in_evaluation"
TORCH_S = "what_it_draws_in_training_is_torch_s"
TWICE = "each compares two calls"


def built(name, act, says, **more):
    """Return the row of a generator that does something when it is built."""
    return broken_generator(f"built, it {name}", of(init=lambda self: act()), BUILD, says, **more)


def called(name, act, says, base=Repeat, **more):
    """Return the row of a network that does something when it is called."""

    def forward(self, picture):
        made = base.forward(self, picture)
        act()
        return made

    row = broken_generator if base is Repeat else broken_judge
    return row(f"called, it {name}", of(base=base, forward=forward), CALL, says, **more)


def _write():
    (Path(tempfile.gettempdir()) / "srkit-mutant.log").write_text("built")


def _folder():
    Path(tempfile.mkdtemp()).rmdir()


def _append():
    with (Path(tempfile.gettempdir()) / "srkit-mutant.log").open("a") as file:
        file.write("called")


def _thread():
    threading.Thread(target=time.time).start()


def _process():
    subprocess.run([sys.executable, "-c", ""], check=True)


def _socket():
    socket.socket().close()


def _logging():
    logging.getLogger().addHandler(logging.NullHandler())


def _environment():
    os.environ["SRKIT_MUTANT"] = "1"


def _locale():
    import locale

    other = "C" if locale.setlocale(locale.LC_ALL) != "C" else "C.UTF-8"
    locale.setlocale(locale.LC_ALL, other)


def _cudnn():
    torch.backends.cudnn.benchmark = not torch.backends.cudnn.benchmark


def _patch_torch():
    nn.Conv2d.forward = lambda self, x: self._conv_forward(x, self.weight, self.bias)


def _patch_function():
    original = functional.interpolate
    functional.interpolate = lambda *given, **options: 1 * original(*given, **options)


def _patch_srkit():
    from srkit_core.models import build

    build.count_parameters = lambda network: 0


def _global_hook():
    nn.modules.module.register_module_forward_hook(lambda module, given, made: None)


def _drawn_in_eval(self, lr):
    return self.conv(lr) + 1e-6 * torch.rand_like(lr)


def _dropped_in_eval(self, lr):
    return functional.dropout(self.conv(lr), 1e-6, training=True)


def _drawn_and_set_back(self, lr):
    state = torch.get_rng_state()
    made = self.conv(lr) * (1 + 1e-6 * torch.rand(()).item())
    torch.set_rng_state(state)
    return made


def _entropy_in_eval(self, lr):
    return self.conv(lr) * (1 + 1e-5 * np.random.default_rng().random())


def _entropy_in_training(self, lr):
    made = self.conv(lr)
    return made * (1 + 1e-3 * np.random.default_rng().random()) if self.training else made


def _clock_in_training(self, lr):
    made = self.conv(lr)
    return made * (1 + 1e-3 * (time.perf_counter_ns() % 1000)) if self.training else made


def _seeded(self, lr):
    torch.manual_seed(0)
    return self.conv(lr)


def _variable(self):
    self.gain = float(os.environ.get("SRKIT_MUTANT_GAIN", "1"))


SOUND = (
    (
        "noise in training from torch",
        held(
            GeneratorContract,
            generator(
                of(
                    lambda self, lr: (
                        self.conv(lr) + (0.01 * torch.randn_like(lr) if self.training else 0)
                    )
                )
            ),
        ),
    ),
)

MUTANTS = (
    built("draws from Python's random state", random.random, "Python's random state"),
    built("seeds Python's random state", lambda: random.seed(3), "Python's random state"),
    built("draws from numpy's random state", np.random.rand, "numpy's random state"),
    built(
        "changes torch's default type",
        lambda: torch.set_default_dtype(torch.float64),
        "changes torch's default type",
    ),
    built(
        "changes torch's number of threads",
        lambda: torch.set_num_threads(torch.get_num_threads() + 1),
        "number of threads",
    ),
    built("turns gradients off", lambda: torch.set_grad_enabled(False), "turns gradients"),
    built("turns cuDNN's benchmark on", _cudnn, "flags of cuDNN"),
    built(
        "changes the precision of products",
        lambda: torch.set_float32_matmul_precision("medium"),
        "precision of matrix products",
    ),
    built("turns anomaly detection on", lambda: torch.autograd.set_detect_anomaly(True), "anomaly"),
    built("changes the default device", lambda: torch.set_default_device("meta"), "default device"),
    built("changes the environment", _environment, "environment variables"),
    built("changes the folder", lambda: os.chdir(tempfile.gettempdir()), "current folder"),
    built("adds to sys.path", lambda: sys.path.append("nowhere"), "sys.path"),
    built("silences warnings", lambda: warnings.simplefilter("ignore"), "filters of warnings"),
    built(
        "takes a signal",
        lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN),
        "handlers of signals",
    ),
    built("changes the locale", _locale, "the locale"),
    built("raises the limit of recursion", lambda: sys.setrecursionlimit(99999), "recursion"),
    built("sets up logging", _logging, "sets up logging"),
    built("turns garbage collection off", gc.disable, "garbage collection"),
    built("prints", lambda: print("building"), "prints 'building"),  # noqa: T201
    built("prints to standard error", lambda: sys.stderr.write("loading"), "prints 'loading'"),
    built("writes a file", _write, "writes .*srkit-mutant.log"),
    built("makes a folder", _folder, "makes the folder"),
    built("starts a thread", _thread, "starts a thread"),
    built("starts a process", _process, "starts the process"),
    built("opens a socket", _socket, "opens a socket"),
    built("sleeps", lambda: time.sleep(0.001), "sleeps for"),
    built("replaces a layer's forward", _patch_torch, "replaces Conv2d.forward"),
    built(
        "replaces a function of torch", _patch_function, "replaces torch.nn.functional.interpolate"
    ),
    built("replaces a function of srkit", _patch_srkit, "count_parameters"),
    built("leaves a hook on all modules", _global_hook, "leaves a hook on every module"),
    called("draws from Python's random state", random.random, "Python's random state"),
    called("draws from numpy's random state", np.random.rand, "numpy's random state", base=Judge),
    called("prints", lambda: print("x"), "prints", base=Judge),  # noqa: T201
    called("writes a file", _append, "writes .*srkit-mutant.log"),
    called(
        "turns gradients off for those after it",
        lambda: torch.set_grad_enabled(False),
        "turns gradients",
    ),
    called(
        "changes torch's default type",
        lambda: torch.set_default_dtype(torch.float64),
        "default type",
        base=Judge,
    ),
    called("changes the environment", _environment, "environment variables"),
    called("sets up logging", _logging, "sets up logging", base=Judge),
    called("silences warnings", lambda: warnings.simplefilter("ignore"), "filters"),
    called("starts a thread", _thread, "starts a thread", base=Judge),
    called("replaces a function of torch", _patch_function, "interpolate", base=Judge),
    broken_generator(
        "noise in eval mode too",
        of(_drawn_in_eval),
        STEADY,
        "draws from torch's random state",
        also=also(
            TWICE,
            "a_copy_is_a_network_of_its_own",
            "calling_it_in_evaluation_changes_nothing_in_it",
            "its_mode_is_all_that_train_and_eval_change",
            "its_moving_average_follows_it",
            "two_builds_under_one_seed_are_equal",
        ),
        left_out=also("noise may or may not hide a slope", "the_gradient_is_the_slope"),
    ),
    broken_judge(
        "dropout in eval mode too",
        of(
            lambda self, x: functional.dropout(Judge.features(self, x), 0.5, training=True),
            base=Judge,
        ),
        STEADY,
        "draws from torch's random state",
        also=also(
            TWICE,
            "a_copy_is_a_network_of_its_own",
            "calling_it_in_evaluation_changes_nothing_in_it",
            "its_mode_is_all_that_train_and_eval_change",
            "its_moving_average_follows_it",
            "two_builds_under_one_seed_are_equal",
            "each_row_is_its_picture_s",
            "memory_layout_changes_nothing",
            "a_gradient_penalty_can_be_trained",
            "the_gradient_is_the_slope",
            "other_weights_give_the_output_of_other_weights",
        ),
    ),
    broken_generator(
        "a number drawn, and the random state set back",
        of(_drawn_and_set_back),
        STEADY,
        "changes from call to call",
    ),
    broken_generator(
        "torch seeded in each call", of(_seeded), STEADY, "draws from torch's random state"
    ),
    broken_generator(
        "numpy's entropy in eval mode",
        of(_entropy_in_eval),
        STEADY,
        "changes from call to call",
        left_out=also("its noise is about as large as the steps", "the_gradient_is_the_slope"),
        also=also(
            TWICE,
            "a_copy_is_a_network_of_its_own",
            "calling_it_in_evaluation_changes_nothing_in_it",
            "its_mode_is_all_that_train_and_eval_change",
            "its_moving_average_follows_it",
            "two_builds_under_one_seed_are_equal",
            "its_state_survives_a_weights_file",
            "training_without_gradients_is_training",
            TORCH_S,
        ),
    ),
    broken_generator(
        "numpy's entropy in training",
        of(_entropy_in_training),
        TORCH_S,
        "draw from torch's random state",
        also=also(
            TWICE, "its_state_survives_a_weights_file", "training_without_gradients_is_training"
        ),
    ),
    broken_generator(
        "the clock in training",
        of(_clock_in_training),
        TORCH_S,
        "two outputs in training mode",
        also=also(
            TWICE, "its_state_survives_a_weights_file", "training_without_gradients_is_training"
        ),
    ),
    broken_generator(
        "an environment variable read at build",
        of(lambda self, lr: self.conv(lr) * self.gain, init=_variable),
        "",
        "",
        escapes="reading leaves no trace, and the variable is not set where the kit runs",
    ),
)
