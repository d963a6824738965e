"""Where do the pools of several processes lie in a checkpoint, and who takes which up again?"""

from pathlib import Path

from srkit_core.callbacks import Callback
from srkit_core.engine.checkpoints.checkpoint import State, leave_for_checkpoint, read_state
from srkit_core.engine.machine.processes import Processes
from srkit_core.engine.pool import Pool


def pool_state(pool: Pool, processes: Processes) -> State:
    """Return what the main process saves of its pool, with the number of pools that there are."""
    return State(pool.tensors(), {"processes": processes.world})


def leave_pool(pool: Pool, folder: Path, processes: Processes) -> None:
    """Let each process beside the main one leave its pool for a checkpoint."""
    if not processes.is_main:
        state = State(pool.tensors())
        processes.each(lambda: leave_for_checkpoint(folder, _name(processes.rank), state))
    else:
        processes.each(lambda: None)


def restore_pool(
    pool: Pool, folder: Path, stage: str, processes: Processes, callback: Callback
) -> None:
    """Give each process the pool that it had; where there were more or fewer processes, the first
    ones take theirs up and any other begins an empty one, and that is said.
    """
    main = read_state(folder, _name(0))
    mine = main if processes.is_main else read_state(folder, _name(processes.rank))
    pool.restore(mine.tensors, processes.device)
    before = int(main.values.get("processes", 1))
    there = sum((folder / f"{_name(rank)}.safetensors").is_file() for rank in range(before))
    if main.tensors and (before, there) != (processes.world, processes.world):
        callback.on_note(
            f"warning: the checkpoint has the pools of stage '{stage}' of {there} of {before} "
            f"processes, and {processes.world} go on: {_rest(there, processes.world)}, so that "
            "batches differ from those that were to come"
        )


def _rest(there: int, world: int) -> str:
    empty, left = world - there, there - world
    return f"{empty} begin an empty one" if empty > 0 else f"{left} are left out"


def _name(rank: int) -> str:
    return f"pool-{rank}" if rank else "pool"
