"""On which kinds of device can srkit compute, and how exactly?

A new backend is one entry of `BACKENDS` and one word of `DeviceName`. Importing this module does
not import torch.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from srkit_core.errors import IncompatibleError

if TYPE_CHECKING:
    import torch

DeviceName: TypeAlias = Literal["auto", "cuda", "mps", "cpu"]
Precision: TypeAlias = Literal["fp32", "bf16", "fp16"]
PrecisionName: TypeAlias = Literal["auto", "fp32", "bf16", "fp16"]
BackendName: TypeAlias = Literal["auto", "torch", "openvino", "onnx"]
"""With which engine a picture is upscaled."""

_GPU_FILES: Final = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
"""Without one of these Linux has no GPU for torch: they are of NVIDIA, of AMD, and of WSL."""


@dataclass(frozen=True)
class DeviceKind:
    """One kind of device, as torch names its type.

    `seed` seeds what networks draw from on it; `peak_bytes` is the most memory that was in use;
    `devices` describes each device of the kind for a person. `precisions` are those of which `auto`
    takes one for training, the first where they are not timed; `upscaling` that in which pictures
    are upscaled while all that comes of it is finite; `half` says whether it computes in fp16,
    `float64` whether it has double precision, `feeds` whether processes of their own should load
    pictures for it, into pinned memory, `syncs_batchnorm` whether batch normalisation can take
    statistics over processes, `captures` whether steps can be captured as graphs, and `runs_ahead`
    whether it computes while Python goes on and numbers are fetched.
    """

    name: str
    available: Callable[[], bool]
    seed: Callable[[int], None]
    peak_bytes: Callable[["torch.device"], float]
    devices: Callable[[], list[str]]
    precisions: Callable[[], tuple[Precision, ...]]
    upscaling: Precision = "fp32"
    half: bool = True
    float64: bool = True
    feeds: bool = False
    syncs_batchnorm: bool = False
    captures: bool = False
    runs_ahead: bool = False


def _cuda_available() -> bool:
    import torch

    return torch.cuda.is_available()


def _cuda_seed(number: int) -> None:
    import torch

    torch.cuda.manual_seed(number)


def _cuda_peak(device: "torch.device") -> float:
    import torch

    return torch.cuda.max_memory_allocated(device)


def _cuda_devices() -> list[str]:
    import torch

    count = torch.cuda.device_count()
    return [f"cuda:{number} {torch.cuda.get_device_name(number)}" for number in range(count)]


def _cuda_precisions() -> tuple[Precision, ...]:
    import torch

    return ("bf16", "fp32") if torch.cuda.is_bf16_supported() else ("fp32",)


def _mps_available() -> bool:
    import torch

    return torch.backends.mps.is_available()


def _mps_seed(number: int) -> None:
    import torch

    torch.mps.manual_seed(number)


def _cpu_devices() -> list[str]:
    import torch

    return [f"cpu, {torch.get_num_threads()} threads"]


def _resident_peak(device: "torch.device | None" = None) -> float:
    """Return the peak of this process's resident memory, in bytes."""
    if sys.platform == "win32":
        import psutil

        return float(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


BACKENDS: Final = (
    DeviceKind(
        name="cuda",
        available=_cuda_available,
        seed=_cuda_seed,
        peak_bytes=_cuda_peak,
        devices=_cuda_devices,
        precisions=_cuda_precisions,
        upscaling="fp16",
        feeds=True,
        syncs_batchnorm=True,
        captures=True,
        runs_ahead=True,
    ),
    DeviceKind(
        name="mps",
        available=_mps_available,
        seed=_mps_seed,
        peak_bytes=_resident_peak,
        devices=lambda: ["mps"] if _mps_available() else [],
        precisions=lambda: ("fp32",),
        float64=False,
    ),
    DeviceKind(
        name="cpu",
        available=lambda: True,
        seed=lambda number: None,  # the default generator is the CPU's, and seeded for every device
        peak_bytes=_resident_peak,
        devices=_cpu_devices,
        precisions=lambda: ("fp32",),
        half=False,
    ),
)
"""Every kind, in the order in which `auto` takes the first that is available."""


def backend_of(device: "torch.device") -> DeviceKind:
    """Return the entry of a device's kind; raises IncompatibleError for a kind without one."""
    found = next((one for one in BACKENDS if one.name == device.type), None)
    if found is None:
        known = ", ".join(one.name for one in BACKENDS)
        raise IncompatibleError(
            f"srkit does not know devices '{device.type}'", hint=f"one of {known}"
        )
    return found


def choose_device(name: DeviceName) -> "torch.device":
    """Return the device of that name; `auto` takes the first backend that is available.

    Raises IncompatibleError when there is none of that name on this machine.
    """
    import torch

    wanted = [one for one in BACKENDS if name in ("auto", one.name)]
    found = next((one for one in wanted if one.available()), None)
    if found is None:
        raise IncompatibleError(f"this machine has no usable device '{name}'", hint="--device auto")
    return torch.device(found.name)


def surely_cpu(name: DeviceName) -> bool:
    """Whether a device is the CPU, as far as that is known without torch."""
    return name == "cpu" or (
        name == "auto"
        and sys.platform == "linux"
        and not any(Path(file).exists() for file in _GPU_FILES)
    )


def choose_precision(name: PrecisionName, device: "torch.device") -> Precision:
    """Return the precision to train in; `auto` is the backend's first: bf16 on a GPU that has it.

    Raises IncompatibleError for fp16 on a CPU, where autocast would silently compute in fp32.
    """
    backend = backend_of(device)
    if name == "auto":
        return backend.precisions()[0]
    if name == "fp16" and not backend.half:
        fact = f"a {backend.name.upper()} does not compute in fp16"
        raise IncompatibleError(fact, hint="--precision bf16")
    return name


def upscaling_precision(device: "torch.device") -> Precision:
    """Return the precision in which pictures are upscaled where none is asked for: half on a GPU,
    as long as all that comes of it is finite.
    """
    return backend_of(device).upscaling


def scoring_precision(run: Precision, device: "torch.device") -> Precision:
    """Return the precision in which a run scores pictures where scores agree with those of fp32:
    that of upscaling where the run's is half. A GPU's is fp16, which has the rate of bf16 and 11
    bits for its 8. A device that upscales in fp32 has the run's own.
    """
    usual = upscaling_precision(device)
    return run if "fp32" in (run, usual) else usual


def inference_dtype(name: PrecisionName, device: "torch.device") -> "torch.dtype":
    """Return the type a model computes in; `auto` is fp32, for exact figures."""
    return dtype_of("fp32" if name == "auto" else choose_precision(name, device))


def dtype_of(precision: Precision) -> "torch.dtype":
    """Return torch's type of a precision."""
    import torch

    return {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]


def peak_memory_mb(device: "torch.device") -> float:
    """Return the peak of a GPU's allocated memory, or of this process's resident one, in MiB."""
    return backend_of(device).peak_bytes(device) / 2**20
