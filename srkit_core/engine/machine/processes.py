"""On which devices, in how many processes and in which precision does this run compute?

Accelerate stays behind this file and `trackers.py`. Its process group and autocast are used; its
optimizer, loader and scheduler wrappers are not.
"""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from inspect import signature
from typing import Any, TypeVar, cast

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, GradientState, PartialState
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.nn.parallel import DistributedDataParallel

from srkit_core.devices import DeviceName, Precision, PrecisionName
from srkit_core.engine.machine.gather import Gather
from srkit_core.engine.machine.malloc import keep_freed_memory
from srkit_core.errors import IncompatibleError, LostProcessError

T = TypeVar("T")
_SAYINGS_OF_A_LOST_PEER = (
    "onnection closed by peer",
    "onnection reset by peer",
    "remote process exited",
    "Broken pipe",
)
"""Torch raises a plain RuntimeError with the words of gloo or NCCL."""
_NAMES_OF_SYNC = ("forward_sync_buffers", "broadcast_buffers")
"""What torch 2.15 calls it, and what it was called before."""
_BUFFERS_STAY: Mapping[str, Any] = {
    next(
        name for name in _NAMES_OF_SYNC if name in signature(DistributedDataParallel).parameters
    ): False
}
_ACCELERATE_NAMES = {"fp32": "no", "bf16": "bf16", "fp16": "fp16"}


@dataclass(frozen=True)
class Devices:
    """Where this process computes, and how it speaks to the others."""

    accelerator: Accelerator
    precision: Precision

    @property
    def device(self) -> torch.device:
        """The device of this process."""
        device: torch.device = self.accelerator.device
        return device

    @property
    def world(self) -> int:
        """The number of processes."""
        return int(self.accelerator.num_processes)

    @property
    def rank(self) -> int:
        """The number of this process, from 0."""
        return int(self.accelerator.process_index)

    @property
    def is_main(self) -> bool:
        """Whether this process writes files and speaks."""
        return self.rank == 0

    def distribute(self, network: nn.Module) -> nn.Module:
        """Return the network as it is called in training: over several processes its gradients are
        averaged.

        On GPUs its batch normalisation takes its statistics from all processes; torch has none such
        for a CPU, where they stay each process's own.
        """
        if self.world == 1:
            return network
        if self.device.type == "cuda":
            nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
        ids = [self.device] if self.device.type == "cuda" else None
        return DistributedDataParallel(network, device_ids=ids, **_BUFFERS_STAY)

    def autocast(self) -> AbstractContextManager[None]:
        """Return the context in which networks run in the chosen precision."""
        context: AbstractContextManager[None] = self.accelerator.autocast()
        return context

    def scaler(self) -> GradScaler:
        """Return a gradient scaler for one optimizer; it does nothing but in fp16."""
        return GradScaler(self.device.type, enabled=self.precision == "fp16")

    def gather(self, logits: Tensor) -> Tensor:
        """Concatenate (B, ...) over processes, differentiably.

        With one process it is the identity.
        """
        gathered: Tensor = logits if self.world == 1 else Gather.apply(logits.contiguous())
        return gathered

    def mean(self, values: Tensor) -> Tensor:
        """Average a tensor over processes, for reports."""
        averaged: Tensor = self.accelerator.reduce(values.detach(), reduction="mean")
        return averaged

    def seed(self, number: int) -> None:
        """Seed what networks draw from.

        Not by `torch.manual_seed`: while no GPU is in use that keeps a note of every call, which a
        long run would feel in time and memory.
        """
        torch.default_generator.manual_seed(number)
        if self.device.type == "cuda":
            torch.cuda.manual_seed(number)
        elif self.device.type == "mps":
            torch.mps.manual_seed(number)

    def largest(self, number: int) -> int:
        """Return the largest of a number over processes."""
        if self.world == 1:
            return number
        shared = torch.tensor([number], device=self.device)
        torch.distributed.all_reduce(shared, torch.distributed.ReduceOp.MAX)
        return int(shared.item())

    def share(self, work: Sequence[T]) -> list[T]:
        """Return this process's part of the work."""
        return list(work)[self.rank :: self.world]

    def collect(self, mine: Sequence[T]) -> list[T]:
        """Return what every process has, by process."""
        if self.world == 1:
            return list(mine)
        everyone: list[Sequence[T]] = [()] * self.world
        torch.distributed.all_gather_object(everyone, mine)
        return [one for part in everyone for one in part]

    def share_buffers(self, network: nn.Module) -> None:
        """Give every process the first one's buffers: statistics of batch normalisation are
        otherwise each one's own.
        """
        if self.world > 1:
            for buffer in network.buffers():
                torch.distributed.broadcast(buffer, 0)

    def agree(self, decide: Callable[[], T]) -> T:
        """Let the main process decide or do, and return its decision in every process.

        What it raises, all of them raise.
        """
        if self.world == 1:
            return decide()
        outcome: list[tuple[T | None, Exception | None]] = [
            _outcome(decide) if self.is_main else (None, None)
        ]
        torch.distributed.broadcast_object_list(outcome)
        decision, error = outcome[0]
        if error is not None:
            raise error
        return cast(T, decision)


def choose_device(name: DeviceName) -> torch.device:
    """Return the device of that name; `auto` takes a GPU where there is one.

    Raises IncompatibleError when there is none.
    """
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        return torch.device(next(kind for kind, there in available.items() if there))
    if not available[name]:
        raise IncompatibleError(f"this machine has no usable device '{name}'", hint="--device auto")
    return torch.device(name)


def choose_precision(name: PrecisionName, device: torch.device) -> Precision:
    """Return the precision to train in; `auto` is bf16 on a GPU that has it and fp32 elsewhere.

    Raises IncompatibleError for fp16 on a CPU, where autocast would silently compute in fp32.
    """
    if name == "auto":
        return "bf16" if device.type == "cuda" and torch.cuda.is_bf16_supported() else "fp32"
    if name == "fp16" and device.type == "cpu":
        raise IncompatibleError("a CPU does not compute in fp16", hint="--precision bf16")
    return name


def inference_dtype(name: PrecisionName, device: torch.device) -> torch.dtype:
    """Return the type a model computes in for evaluation and upscaling.

    `auto` is fp32, for exact figures.
    """
    checked = "fp32" if name == "auto" else choose_precision(name, device)
    return {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[checked]


def _outcome(decide: Callable[[], T]) -> tuple[T | None, Exception | None]:
    try:
        return decide(), None
    except Exception as error:
        return None, error


@contextmanager
def open_devices(
    device: DeviceName = "auto", precision: PrecisionName = "auto"
) -> Iterator[Devices]:
    """Set up the processes of a run, and take everything down at its end, so that the next run may
    differ.
    """
    chosen = choose_device(device)
    mode = choose_precision(precision, chosen)
    keep_freed_memory()
    _forget()
    accelerator = Accelerator(cpu=chosen.type == "cpu", mixed_precision=_ACCELERATE_NAMES[mode])
    try:
        yield Devices(accelerator, mode)
        # a process that leaves first would tear the connections of the others
        accelerator.wait_for_everyone()
    except RuntimeError as error:
        if accelerator.num_processes > 1 and any(
            saying in str(error) for saying in _SAYINGS_OF_A_LOST_PEER
        ):
            raise LostProcessError(
                "another process of this run has ended",
                hint="its own error says why; srkit train --resume --out RUN goes on",
            ) from error
        raise
    finally:
        if accelerator.num_processes > 1:
            # networks that still hold the group would keep its threads running into the end
            gc.collect()
            torch.distributed.destroy_process_group()
        _forget()


def _forget() -> None:
    """Accelerate keeps device and precision in process-wide state, which would refuse a second run
    that differs.
    """
    AcceleratorState._reset_state(reset_partial_state=True)
    PartialState._reset_state()
    GradientState._reset_state()
