"""What does a piece of work change in torch and numpy, for the whole process?"""

from typing import Any, Final

import numpy as np
import torch
from torch import nn
from torch.nn.modules import module as torch_module

from srkit_core.testing.surroundings import OF_PYTHON, Part, modules_and_classes


def _numpy_state() -> tuple[Any, ...]:
    name, keys, *rest = np.random.get_state(legacy=True)
    return (name, np.asarray(keys).tobytes(), *rest)


def _restore_numpy(was: tuple[Any, ...]) -> None:
    name, keys, *rest = was
    np.random.set_state((name, np.frombuffer(keys, np.uint32), *rest))


def _restore_device(was: torch.device) -> None:
    if torch.get_default_device() != was:
        torch.set_default_device(None)


def _cudnn() -> tuple[bool, ...]:
    flags = torch.backends.cudnn
    return flags.enabled, flags.benchmark, flags.deterministic


def _restore_cudnn(was: tuple[bool, ...]) -> None:
    flags = torch.backends.cudnn
    flags.enabled, flags.benchmark, flags.deterministic = was


def _deterministic() -> tuple[bool, bool]:
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )


def _restore_deterministic(was: tuple[bool, bool]) -> None:
    if _deterministic() != was:  # setting it imports a thousand modules
        torch.use_deterministic_algorithms(was[0], warn_only=was[1])


def _hooks() -> dict[str, dict[Any, Any]]:
    return {
        name: dict(value)
        for name, value in vars(torch_module).items()
        if name.startswith("_global_") and isinstance(value, dict)
    }


def _restore_hooks(was: dict[str, dict[Any, Any]]) -> None:
    for name, hooks in was.items():
        now = getattr(torch_module, name)
        if now != hooks:
            now.clear()
            now.update(hooks)


def _restore_threads(was: int) -> None:
    if torch.get_num_threads() != was:
        torch.set_num_threads(was)


OF_TORCH: Final = (
    *OF_PYTHON,
    Part("changes torch's default type", torch.get_default_dtype, torch.set_default_dtype),
    Part("changes torch's default device", torch.get_default_device, _restore_device),
    Part("changes torch's number of threads", torch.get_num_threads, _restore_threads),
    Part("turns gradients on or off", torch.is_grad_enabled, torch.set_grad_enabled),
    Part(
        "turns autograd's anomaly detection on or off",
        torch.is_anomaly_enabled,
        torch.autograd.set_detect_anomaly,
    ),
    Part(
        "turns deterministic algorithms on or off",
        _deterministic,
        _restore_deterministic,
    ),
    Part(
        "changes the precision of matrix products",
        torch.get_float32_matmul_precision,
        torch.set_float32_matmul_precision,
    ),
    Part("changes the flags of cuDNN", _cudnn, _restore_cudnn),
    Part(
        "turns autocast on or off",
        lambda: torch.is_autocast_enabled("cpu"),
        lambda was: torch.set_autocast_enabled("cpu", was),
    ),
    Part("leaves a hook on every module", _hooks, _restore_hooks),
    Part("draws from, or seeds, numpy's random state", _numpy_state, _restore_numpy),
    Part(
        "changes how numpy treats errors", lambda: dict(np.geterr()), lambda was: np.seterr(**was)
    ),
)


def owners_of_names() -> list[object]:
    """Return the modules and classes of srkit and torch whose names a component may not replace."""
    layers = [one for one in vars(nn).values() if isinstance(one, type)]
    of_torch = [torch, torch.Tensor, nn, nn.functional, nn.init, *layers]
    return [*modules_and_classes("srkit_core"), *of_torch]
