"""What must survive a crash?

A checkpoint is a folder of safetensors, a JSON file of plain values, and one with the digests of
all these; it is written beside and renamed. Randomness is a function of seed and position, so it is
not in here.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import torch
from safetensors.torch import save
from torch import Tensor

from srkit_core.devices import Precision
from srkit_core.errors import WeightsError
from srkit_core.interfaces import PastValidation
from srkit_core.io.atomic import UNFINISHED, flush, write_bytes, write_error
from srkit_core.models.weights_file import read_tensors
from srkit_core.run_folder import RunFolder

UNCOUNTED: Final = -1
_STATE: Final = "state.json"
_DIGESTS: Final = "digests.json"
_UNFINISHED: Final = ".part"
_SET_ASIDE: Final = ".before"
"""How the name of a checkpoint ends while another of the same step takes its place."""
_OF_OTHERS: Final = ".others"


@dataclass(frozen=True)
class Position:
    """How far a run is: `stage` by number, `step` steps of it and `total` of the run done, with
    `samples` crops of all processes; UNCOUNTED in a checkpoint of a srkit that began anew with each
    stage.
    """

    stage: int = 0
    step: int = 0
    total: int = 0
    samples: int = 0


@dataclass(frozen=True)
class Progress:
    """The small part of a run's state; `log_bytes` is where its log ends.

    To the current stage belong `best`, its best figures, `waited`, how many validations its
    patience has waited for another, and `ended`, whether it ran out; `judged` are the scores by
    picture, under every column, that its best figures are means of. `owed` says that the validation
    of the last step failed and is still to come. `stages` is what the summary says of each stage,
    `baseline` what bicubic interpolation scores on which pictures, and `elapsed_s` how many seconds
    the run has taken. `scored_in` is the precision in which pictures of the stage are scored, empty
    before its first validation. `judged_on` is the digest of what validation sees, and
    `validations` are those of the stage. A checkpoint that is `kept` stays for good.
    """

    position: Position = Position()
    epoch: int = 0
    best: Mapping[str, float] = field(default_factory=dict)
    log_bytes: int = 0
    waited: int = 0
    ended: bool = False
    owed: bool = False
    judged: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    stages: Mapping[str, Any] = field(default_factory=dict)
    baseline: Mapping[str, Any] = field(default_factory=dict)
    elapsed_s: float = 0.0
    judged_on: str = ""
    scored_in: Precision | Literal[""] = ""
    kept: bool = False
    validations: tuple[PastValidation, ...] = ()


@dataclass(frozen=True)
class State:
    """What one thing needs to go on: tensors by name, and plain values that JSON holds.

    `metadata` says, for networks, who the file of the tensors is.
    """

    tensors: Mapping[str, Tensor]
    values: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)

    def copied(self) -> "State":
        """Return a copy on the CPU that no later step changes, with tensors as files keep them:
        contiguous, each with memory of its own.
        """
        tensors = {
            name: tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)
            for name, tensor in self.tensors.items()
        }
        return State(tensors, deepcopy(dict(self.values)), dict(self.metadata))


@dataclass(frozen=True)
class Checkpoint:
    """A complete checkpoint."""

    folder: Path
    progress: Progress


def save_checkpoint(folder: Path, states: Mapping[str, State], progress: Progress) -> None:
    """Write a checkpoint of states that were copied, by the names of their files, and of what other
    processes left for it; `folder` appears complete or not at all.

    Raises DiskFullError, or DataError where it cannot be written.
    """
    beside, before = (
        folder.with_name(f".{folder.name}{ending}") for ending in (_UNFINISHED, _SET_ASIDE)
    )
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.mkdir(parents=True)
        _take_from_others(folder, beside)
        _write_all(beside, states, progress)
        if folder.exists():
            folder.rename(before)
        beside.rename(folder)
        flush(folder.parent)
    except OSError as error:
        raise write_error(error, folder) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        _put_back(before)


def leave_for_checkpoint(folder: Path, name: str, state: State) -> None:
    """Write a state of a process beside the main one where `save_checkpoint` takes it from.

    Raises DiskFullError, or DataError where it cannot be written.
    """
    path = folder.with_name(f".{folder.name}{_OF_OTHERS}") / f"{name}.safetensors"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, save(dict(state.copied().tensors)))
    except OSError as error:
        raise write_error(error, folder) from error


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
        position = Position(**{"samples": UNCOUNTED, **values.pop("position")})
        validations = tuple(PastValidation(**one) for one in values.pop("validations", ()))
        return Progress(position, validations=validations, **values)
    except (OSError, AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise WeightsError(
            f"the checkpoint {folder} is damaged: {error}",
            hint=f"--resume alone takes the newest whole one; delete {folder}",
            path=folder,
        ) from error


def read_state(folder: Path, name: str) -> State:
    """Return a state of a checkpoint, an empty one where it holds none of that name."""
    path = folder / f"{name}.safetensors"
    tensors = read_tensors(path) if path.exists() else {}
    return State(tensors, _read(folder / _STATE)["values"].get(name, {}))


def keep_newest(folder: RunFolder, count: int) -> None:
    """Delete all but the newest checkpoints and those that are kept for good."""
    passing = [one for one in folder.checkpoints() if not _is_kept(one)]
    for old in passing[:-count]:
        delete_checkpoint(old)


def _is_kept(checkpoint: Path) -> bool:
    """Whether it is kept for good; not, where it does not say so any more."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        return bool(_read(checkpoint / _STATE)["progress"].get("kept"))
    return False


def delete_checkpoint(path: Path) -> None:
    """Delete a checkpoint; where that is cut short, `tidy` finds the rest and nobody else does."""
    doomed = path.with_name(f".{path.name}{_UNFINISHED}")
    path.rename(doomed)
    shutil.rmtree(doomed)


def tidy(folder: RunFolder) -> None:
    """Delete what a killed process left half written; nobody else may be writing there."""
    for set_aside in folder.path.glob(f"checkpoints/.step-*{_SET_ASIDE}"):
        _put_back(set_aside)
    for checkpoint in folder.path.glob("checkpoints/.step-*"):
        shutil.rmtree(checkpoint)
    for inside in ("", "weights/**/", "pictures/"):
        for file in folder.path.glob(f"{inside}{UNFINISHED}"):
            file.unlink()


def _put_back(set_aside: Path) -> None:
    """Give a checkpoint its name again if no newer one has taken it, else delete it."""
    name = set_aside.with_name(set_aside.name.removeprefix(".").removesuffix(_SET_ASIDE))
    if set_aside.exists() and not name.exists():
        set_aside.rename(name)
    shutil.rmtree(set_aside, ignore_errors=True)


def _take_from_others(folder: Path, into: Path) -> None:
    """Move what other processes left for a checkpoint into it, and delete what no checkpoint took
    that was left for an earlier one.
    """
    for left in folder.with_name(f".{folder.name}{_OF_OTHERS}").glob("*.safetensors"):
        left.rename(into / left.name)
    for stale in folder.parent.glob(f".step-*{_OF_OTHERS}"):
        shutil.rmtree(stale, ignore_errors=True)


def _write_all(folder: Path, states: Mapping[str, State], progress: Progress) -> None:
    for name, state in states.items():
        content = save(dict(state.tensors), metadata=dict(state.metadata) or None)
        write_bytes(folder / f"{name}.safetensors", content)
    values = {name: dict(state.values) for name, state in states.items()}
    _write(folder / _STATE, {"progress": asdict(progress), "values": values})
    _write(folder / _DIGESTS, {path.name: _digest(path) for path in sorted(folder.iterdir())})
    flush(folder)


def _write(path: Path, document: Mapping[str, Any]) -> None:
    write_bytes(path, json.dumps(document, indent=1).encode())


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
