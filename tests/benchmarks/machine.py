"""What machine is this, and how fast is it at what nobody can do faster?

Products of matrices and convolutions, copies in memory, files: rates that a work cannot beat,
measured here and now, because a virtual machine's name says little.
"""

import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

UNITS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "amx_int8")
"""Flags of processors that decide how fast networks are."""
BF16_UNITS = ("avx512_bf16", "amx_bf16")
_MIB = 2**20


def machine_facts() -> dict[str, Any]:
    """Return the processor, the cores that may be used, its units, memory, and versions."""
    info = _cpu_info()
    flags = set(info.get("flags", info.get("Features", "")).split())
    names = {name: version(name) for name in ("torch", "numpy", "pillow")}
    return {
        "processor": info.get("model name") or platform.processor() or platform.machine(),
        "model": " ".join(
            info[name] for name in ("cpu family", "model", "stepping") if name in info
        ),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "units": [unit for unit in UNITS if unit in flags],
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
        if hasattr(os, "sysconf")
        else None,
        "versions": {"python": platform.python_version(), **names},
    }


def has_bf16(facts: Mapping[str, Any]) -> bool:
    """Return whether the processor computes in bf16."""
    return any(unit in facts["units"] for unit in BF16_UNITS)


def stays(
    path: Path, before: Mapping[str, Any], machine: Mapping[str, Any], *, whole: bool
) -> bool:
    """Return whether a file's figures of a machine may stay beside those of this one.

    Figures of another processor do not compare, and go where the `whole` of them is measured anew.
    Raises SystemExit where it is not.
    """
    same = bool(before["processor"] == machine["processor"])
    if not same and not whole:
        told = f"{path} holds figures of {before['processor']}, this is {machine['processor']}"
        raise SystemExit(f"{told}; measure all of them, or name another file")
    return same


def load_average() -> float | None:
    """Return how many threads computed or waited for it in the last minute; None where nobody
    says.
    """
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def measured_rates(*, bf16: bool) -> dict[str, float]:
    """Return what this machine does a second: `flops/fp32`, `flops/bf16` where it is asked for
    (the better of a product of matrices and a convolution), `bytes copied`, `bytes written` to
    disk and `fsyncs`.
    """
    import torch

    rates = {}
    kinds = {"fp32": torch.float32} | ({"bf16": torch.bfloat16} if bf16 else {})
    for name, kind in kinds.items():
        rates[f"flops/{name}, matrices"] = _matrices(kind)
        rates[f"flops/{name}, convolution"] = _convolution(kind)
        found = [value for key, value in rates.items() if key.startswith(f"flops/{name},")]
        rates[f"flops/{name}"] = max(found)
    return rates | {"bytes copied": _copied()} | _files()


def _matrices(kind: Any) -> float:
    import torch

    side = 2048
    one, other = (torch.rand(side, side).to(kind) for _ in range(2))
    return 2 * side**3 / _best(lambda: one @ other)


def _convolution(kind: Any) -> float:
    """Return the rate of what RRDB consists of: 3 x 3, 64 channels, four pictures of 128 x 128."""
    import torch

    layer = torch.nn.Conv2d(64, 64, 3, padding=1, bias=False).to(kind)
    layer = layer.to(memory_format=torch.channels_last)
    pictures = torch.rand(4, 64, 128, 128).to(kind).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        return 2 * 9 * 64 * 64 * 4 * 128 * 128 / _best(lambda: layer(pictures))


def _copied() -> float:
    import torch

    source, target = torch.ones(256 * _MIB, dtype=torch.uint8), torch.ones(256 * _MIB).byte()
    return 256 * _MIB / _best(lambda: target.copy_(source))


def _files() -> dict[str, float]:
    block = os.urandom(64 * _MIB)
    with tempfile.TemporaryDirectory() as folder:

        def write(content: bytes) -> None:
            with Path(folder, "file").open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())

        written = _best(lambda: write(block), times=3)
        synced = [_seconds(lambda: write(b"1")) for _ in range(20)]
    return {"bytes written": len(block) / written, "fsyncs": 1 / statistics.median(synced)}


def _best(work: Callable[[], object], times: int = 7) -> float:
    """Return the least seconds of several times: a limit is what the machine can do."""
    work()
    return min(_seconds(work) for _ in range(times))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _cpu_info() -> dict[str, str]:
    path = Path("/proc/cpuinfo")
    if not path.is_file():
        return {}
    first = path.read_text("utf-8").partition("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}
