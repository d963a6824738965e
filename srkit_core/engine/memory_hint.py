"""What can be tried when a stage does not fit into memory?"""

from srkit_core.recipe import Stage


def less_memory_hint(
    stage: Stage, world: int, command: str = "srkit train RECIPE", *, recomputes: bool = True
) -> str:
    """Return what to try when a stage does not fit: the same batch in more microbatches, or smaller
    pictures where a microbatch is a picture. `world` is how many processes share the batch, and
    `recomputes` says whether blocks could be computed again and are not yet.
    """
    share = stage.batch // world
    counts = range(stage.accumulate + 1, share + 1)
    count = next((count for count in counts if share % count == 0), None)
    if count is None:
        again = f"{command} --recompute, or " if recomputes else ""
        return f"{again}a new run with a --patch smaller than {stage.patch}"
    return (
        f"{command} --set stages.{stage.name}.accumulate={count} keeps the batch of "
        f"{stage.batch}, in microbatches of {share // count}"
    )
