"""What must survive a crash?

A checkpoint is a folder of safetensors, a JSON file of plain values, and one with the digests of
all these; it is written beside and renamed. Randomness is a function of seed and position, so it is
not in here.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.optim import Optimizer

from srkit_core.engine.optimizer import NetworkWithOptimizer
from srkit_core.errors import WeightsError
from srkit_core.io.atomic import flush, write_bytes, write_error
from srkit_core.models.weights_file import fill, read_tensors

_STATE = "state.json"
_DIGESTS = "digests.json"
_POOL = "pool.safetensors"
UNFINISHED_CHECKPOINT = ".part"
SET_ASIDE = ".before"
"""How the name of a checkpoint ends while another of the same step takes its place."""


@dataclass(frozen=True)
class Position:
    """How far a run is: `stage` by number, `step` steps of it and `total` of the run done."""

    stage: int = 0
    step: int = 0
    total: int = 0


@dataclass(frozen=True)
class Progress:
    """The small part of a run's state; `log_bytes` is where its log ends.

    To the current stage belong `best`, its best figures, `waited`, how many validations its
    patience has waited for another, and `ended`, whether it ran out. `owed` says that the
    validation of the last step failed and is still to come.
    """

    position: Position = Position()
    epoch: int = 0
    best: Mapping[str, float] = field(default_factory=dict)
    log_bytes: int = 0
    waited: int = 0
    ended: bool = False
    owed: bool = False


@dataclass(frozen=True)
class CheckpointContent:
    """What is saved: networks by name, the players of the current stage by name, and the pool's
    examples.
    """

    networks: Mapping[str, nn.Module]
    players: Mapping[str, NetworkWithOptimizer]
    pool: Mapping[str, Tensor] = field(default_factory=dict)


def save_checkpoint(folder: Path, memory: CheckpointContent, progress: Progress) -> None:
    """Write a checkpoint; `folder` appears complete or not at all.

    Raises DiskFullError, or DataError where it cannot be written.
    """
    beside, before = (
        folder.with_name(f".{folder.name}{ending}") for ending in (UNFINISHED_CHECKPOINT, SET_ASIDE)
    )
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.mkdir(parents=True)
        _write_all(beside, memory, progress)
        if folder.exists():
            folder.rename(before)
        beside.rename(folder)
        flush(folder.parent)
    except OSError as error:
        raise write_error(error, folder) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        put_back(before)


def put_back(set_aside: Path) -> None:
    """Give a checkpoint its name again if no newer one has taken it, else delete it."""
    name = set_aside.with_name(set_aside.name.removeprefix(".").removesuffix(SET_ASIDE))
    if set_aside.exists() and not name.exists():
        set_aside.rename(name)
    shutil.rmtree(set_aside, ignore_errors=True)


def read_progress(folder: Path) -> Progress:
    """Return the small part of a checkpoint.

    Raises WeightsError when any of its files is missing or altered.
    """
    try:
        digests = dict(_read(folder / _DIGESTS))
        for name in (_STATE, *digests):
            if _digest(folder / name) != digests.get(name):
                raise ValueError(f"{name} was altered")
        values = _read(folder / _STATE)["progress"]
        return Progress(Position(**values.pop("position")), **values)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise WeightsError(
            f"the checkpoint {folder} is damaged: {error}",
            hint=f"delete {folder}, then --resume",
            path=folder,
        ) from error


def restore_networks(folder: Path, networks: Mapping[str, nn.Module]) -> None:
    """Fill networks from a checkpoint."""
    for name, network in networks.items():
        fill(network, read_tensors(folder / f"{name}.safetensors"), folder)


def restore_optimizers(folder: Path, players: Mapping[str, NetworkWithOptimizer]) -> None:
    """Restore optimizers and scalers of the stage that a checkpoint was written in."""
    document = _read(folder / _STATE)
    for name, player in players.items():
        _restore_optimizer(
            player.optimizer,
            read_tensors(folder / f"{_optimizer_file(name)}"),
            document["scalars"][name],
        )
        if document["scalers"][name]:
            player.scaler.load_state_dict(document["scalers"][name])


def read_pool(folder: Path) -> dict[str, Tensor]:
    """Return the examples of a checkpoint's pool, none where it had no pool."""
    path = folder / _POOL
    return read_tensors(path) if path.exists() else {}


def _write_all(folder: Path, memory: CheckpointContent, progress: Progress) -> None:
    scalars = dict[str, Any]()
    for name, network in memory.networks.items():
        _save(folder / f"{name}.safetensors", network.state_dict())
    for name, player in memory.players.items():
        tensors, scalars[name] = _optimizer_state(player.optimizer)
        _save(folder / _optimizer_file(name), tensors)
    if memory.pool:
        _save(folder / _POOL, memory.pool)
    document = {
        "progress": asdict(progress),
        "scalars": scalars,
        "scalers": {name: player.scaler.state_dict() for name, player in memory.players.items()},
    }
    _write(folder / _STATE, document)
    _write(folder / _DIGESTS, {path.name: _digest(path) for path in sorted(folder.iterdir())})
    flush(folder)


def _optimizer_file(name: str) -> str:
    return f"{name}-optimizer.safetensors"


def _save(path: Path, tensors: Mapping[str, Tensor]) -> None:
    own = {
        name: tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }
    write_bytes(path, save(own))


def _write(path: Path, document: Mapping[str, Any]) -> None:
    write_bytes(path, json.dumps(document, indent=1).encode())


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _optimizer_state(optimizer: Optimizer) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the tensors of an optimizer as `<parameter>.<name>`, its numbers likewise."""
    state = optimizer.state_dict()["state"]
    flat = {
        f"{number}.{name}": value
        for number, values in state.items()
        for name, value in values.items()
    }
    tensors = {name: value for name, value in flat.items() if isinstance(value, Tensor)}
    return tensors, {name: value for name, value in flat.items() if not isinstance(value, Tensor)}


def _restore_optimizer(
    optimizer: Optimizer, tensors: Mapping[str, Tensor], scalars: Mapping[str, Any]
) -> None:
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for key, value in {**tensors, **scalars}.items():
        number, _, name = key.partition(".")
        parameter = parameters[int(number)]
        optimizer.state[parameter][name] = (
            _placed(value, parameter) if isinstance(value, Tensor) else value
        )


def _placed(saved: Tensor, parameter: Tensor) -> Tensor:
    """Give a tensor the strides of its parameter: fused optimizers walk raw storage, and files are
    stored contiguous.
    """
    if saved.shape != parameter.shape:
        return saved.to(parameter.device)
    return torch.empty_like(parameter, dtype=saved.dtype, requires_grad=False).copy_(saved)
