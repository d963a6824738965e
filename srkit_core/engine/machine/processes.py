"""On which device, in how many processes and in which precision does this run compute?

Accelerate stays behind this file and `builtin/accelerate_trackers.py`. Its process group and
autocast are used; its optimizer, loader and scheduler wrappers are not.
"""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from inspect import signature
from itertools import count
from typing import Any, Final, TypeVar, cast

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, GradientState, PartialState
from torch import Tensor, distributed, nn
from torch.amp.grad_scaler import GradScaler
from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous
from torch.nn.parallel import DistributedDataParallel

from srkit_core.bf16_units import slow_bf16_note
from srkit_core.devices import (
    DeviceKind,
    DeviceName,
    Precision,
    PrecisionName,
    backend_of,
    choose_device,
    choose_precision,
)
from srkit_core.engine.machine.cpu_share import cpu_room
from srkit_core.engine.machine.malloc import keep_freed_memory
from srkit_core.engine.machine.notice_board import NoticeBoard, lost_process
from srkit_core.engine.machine.tf32_note import tf32_note
from srkit_core.errors import IncompatibleError, LostProcessError
from srkit_core.launch import Launch, believed, launch
from srkit_core.torch_messages import LOST_PEER, says_any

T = TypeVar("T")
_NAMES_OF_SYNC: Final = ("forward_sync_buffers", "broadcast_buffers")
"""What torch 2.15 calls it, and what it was called before."""
_KEEP_BUFFERS: Final[Mapping[str, Any]] = {
    next(
        name for name in _NAMES_OF_SYNC if name in signature(DistributedDataParallel).parameters
    ): (False)
}
_ACCELERATE_NAMES: Final = {"fp32": "no", "bf16": "bf16", "fp16": "fp16"}
_GATHERING: Final = timedelta(minutes=10)
"""How long the processes of a run may take to find each other."""
STEP_LIMIT: Final = timedelta(minutes=30)
"""How long a process may wait for another within a step, as when the other reads slow pictures;
NCCL's own limit is 10 minutes. For what may take longer, such as a validation, there is the board.
"""
_runs = count()
"""Numbers of the runs in this program: each has a part of the store for itself."""


@dataclass(frozen=True)
class Processes:
    """Where this process computes, and how it speaks to the others of its run."""

    accelerator: Accelerator
    precision: Precision
    board: NoticeBoard | None = None
    """Where several processes tell each other what is not tensors."""

    @property
    def device(self) -> torch.device:
        """The device of this process."""
        device: torch.device = self.accelerator.device
        return device

    @property
    def backend(self) -> DeviceKind:
        """What this kind of device can do."""
        return backend_of(self.device)

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
        if self.backend.syncs_batchnorm:
            nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
        ids = [self.device] if self.backend.syncs_batchnorm else None
        return DistributedDataParallel(network, device_ids=ids, **_KEEP_BUFFERS)

    def autocast(self) -> AbstractContextManager[None]:
        """Return the context in which networks run in the chosen precision."""
        context: AbstractContextManager[None] = self.accelerator.autocast()
        return context

    def loss_autocast(self) -> AbstractContextManager[None]:
        """Return the context of losses that are networks: bf16 has the range of float32, and
        features may leave that of fp16.
        """
        return self.autocast() if self.precision == "bf16" else nullcontext()

    def scaler(self) -> GradScaler:
        """Return a gradient scaler for one optimizer; it does nothing but in fp16."""
        return GradScaler(self.device.type, enabled=self.precision == "fp16")

    def gather(self, logits: Tensor) -> Tensor:
        """Concatenate (B, ...) over processes, differentiably; with one process it is the
        identity.
        """
        if self.world == 1:
            return logits
        gathered: Tensor = _Gather.apply(logits.contiguous())
        return gathered

    def mean(self, values: Tensor) -> Tensor:
        """Average a tensor over processes, for reports."""
        averaged: Tensor = self.accelerator.reduce(values.detach(), reduction="mean")
        return averaged

    def notes(self) -> list[str]:
        """Return a line where the device is slow in the precision, or rounds more than it says."""
        says = (slow_bf16_note, tf32_note) if self.is_main else ()
        return [said for say in says if (said := say(self.precision, self.device))]

    def seed(self, number: int) -> None:
        """Seed what networks draw from.

        Not by `torch.manual_seed`: while no GPU is in use that keeps a note of every call, which a
        long run would feel in time and memory.
        """
        torch.default_generator.manual_seed(number)
        self.backend.seed(number)

    def largest(self, number: int) -> int:
        """Return the largest of a number over processes; they meet on the host, and wait for no
        GPU.
        """
        if self.world == 1:
            return number
        shared = torch.tensor([number], device=_meeting_place(self.device))
        distributed.all_reduce(shared, distributed.ReduceOp.MAX)
        return int(shared.item())

    def share(self, work: Sequence[T]) -> list[T]:
        """Return this process's share of the work."""
        return list(work)[self.rank :: self.world]

    def cpus(self) -> float:
        """Return how many CPUs are this process's own, among those of its run on its machine."""
        mine = cpu_room(self.rank - int(self.accelerator.local_process_index))
        return float(mine.share(self.collect([mine])))

    def collect(self, mine: Sequence[T]) -> list[T]:
        """Return what every process has, by process; the slowest may take as long as it wants."""
        if self.world == 1:
            return list(mine)
        self.each(lambda: None)
        everyone: list[Sequence[T]] = [()] * self.world
        distributed.all_gather_object(everyone, mine)
        return [one for share in everyone for one in share]

    def gathered(self, work: Callable[[], Sequence[T]]) -> list[T]:
        """Let every process do its share of some work, and return what all of them have; what one
        of them raises, all of them raise.
        """
        if self.world == 1:
            return list(work())
        outcomes = self.collect([_attempt(work)])
        for _, error in outcomes:
            if error is not None:
                raise error
        return [one for found, _ in outcomes for one in found or ()]

    def is_mine(self, number: int) -> bool:
        """Whether this process does the part of that number, of work that is shared."""
        return number % self.world == self.rank

    def share_buffers(self, network: nn.Module) -> None:
        """Give every process the first one's buffers: statistics of batch normalisation are
        otherwise each one's own.
        """
        if self.world > 1:
            for buffer in network.buffers():
                distributed.broadcast(buffer, 0)

    def agree(self, decide: Callable[[], T]) -> T:
        """Let the main process decide or do, and return its decision in every process, however long
        it takes; what it raises, all of them raise.
        """
        if self.board is None:
            return decide()
        shared: list[tuple[T | None, Exception | None] | None]
        shared = [self.board.first_alone(lambda: _attempt(decide))]
        distributed.broadcast_object_list(shared)
        decision, error = shared[0] or (None, None)
        if error is not None:
            raise error
        return cast(T, decision)

    def each(self, work: Callable[[], T]) -> T:
        """Let every process do its own work, however long it takes, and go on together."""
        return work() if self.board is None else self.board.each(work)


class _Gather(torch.autograd.Function):
    """Concatenates (B, ...) of all processes to (processes * B, ...); each gets back the sum of the
    gradients that all have of its share.
    """

    @staticmethod
    def forward(ctx: Any, mine: Tensor) -> Tensor:
        """Return the values of all processes, in their order."""
        shares = [torch.empty_like(mine) for _ in range(distributed.get_world_size())]
        distributed.all_gather(shares, mine)
        return torch.cat(shares)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """Return the gradient of this process's share."""
        summed = gradients[0].contiguous().clone()
        distributed.all_reduce(summed)
        return summed.chunk(distributed.get_world_size())[distributed.get_rank()]


def _meeting_place(device: torch.device) -> torch.device:
    """Return where numbers of the host are compared: there, unless a group that was made elsewhere
    knows tensors of the device only.
    """
    backend = distributed.get_backend_config()
    return torch.device("cpu") if "cpu:" in backend else device


def _attempt(decide: Callable[[], T]) -> tuple[T | None, Exception | None]:
    try:
        return decide(), None
    except Exception as error:
        return None, error


@contextmanager
def open_processes(
    device: DeviceName = "auto", precision: PrecisionName = "auto"
) -> Iterator[Processes]:
    """Set up the processes of a run, and take everything down at its end, so that the next run may
    differ.
    """
    chosen = choose_device(device)
    mode = choose_precision(precision, chosen)
    keep_freed_memory()
    _forget()
    place = launch()
    _refuse_shared_device(place, chosen)
    with believed(place), _group(place, chosen) as board:
        accelerator = Accelerator(cpu=chosen.type == "cpu", mixed_precision=_ACCELERATE_NAMES[mode])
        try:
            with board.living() if board else nullcontext():
                yield Processes(accelerator, mode, board)
                # a process that leaves first would tear the connections of the others
                accelerator.wait_for_everyone()
        except RuntimeError as error:
            if board and says_any(error, *LOST_PEER):
                raise lost_process() from error
            raise
        finally:
            _forget()


def _refuse_shared_device(place: Launch | None, device: torch.device) -> None:
    """Raise IncompatibleError where processes of a run are more than the GPUs of their machine:
    NCCL connects no two of one GPU.
    """
    if place is None or device.type == "cpu":
        return
    found = len(backend_of(device).devices())
    if place.local_rank >= found:
        fact = f"process {place.local_rank + 1} on this machine has no GPU; there are {found}"
        raise IncompatibleError(fact, hint="start as many processes as there are GPUs")


@contextmanager
def _group(place: Launch | None, device: torch.device) -> Iterator[NoticeBoard | None]:
    """Connect the processes of a run; each run of a program has names of its own for that, so that
    none finds addresses of the one before.
    """
    if place is None:
        yield None
        return
    store = PrefixStore(f"srkit/{next(_runs)}", _store(place))
    theirs = distributed.is_initialized()
    if not theirs:
        backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
        distributed.init_process_group(
            backend, store=store, rank=place.rank, world_size=place.world, timeout=STEP_LIMIT
        )
    try:
        yield NoticeBoard(PrefixStore("board", store), place.rank, place.world)
    finally:
        if not theirs:
            # networks that still hold the group would keep its threads running into the end
            gc.collect()
            distributed.destroy_process_group()


@cache
def _store(place: Launch) -> Store:
    """Meet the other processes where the launcher says; once, for all runs of this program.

    Raises LostProcessError when they do not come.
    """
    try:
        meeting = rendezvous("env://", place.rank, place.world, timeout=_GATHERING)
        store: Store = next(meeting)[0]
    except (RuntimeError, ValueError) as error:
        raise LostProcessError(
            f"the processes of RANK={place.rank} and WORLD_SIZE={place.world} did not meet: "
            f"{str(error).splitlines()[0][:200]}",
            hint="start all of them, or alone: env -u RANK -u WORLD_SIZE srkit ...",
        ) from error
    return store


def _forget() -> None:
    """Accelerate keeps device and precision in process-wide state, which would refuse a second run
    that differs.
    """
    AcceleratorState._reset_state(reset_partial_state=True)
    PartialState._reset_state()
    GradientState._reset_state()
