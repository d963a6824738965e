"""Who does the work: processes of this machine, or a cluster?"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from srkit_core.data.preparation.children import Children
from srkit_core.data.preparation.failures import Unusable
from srkit_core.data.preparation.options import Options
from srkit_core.errors import DataError

Item = TypeVar("Item")
Result = TypeVar("Result")

_EXTRA = 'pip install "srkit[cluster]"'
_WORK = "srkit_core.data.preparation.work"
_TORCH = ("srkit_core.data.preparation.degrading", "srkit_core.data.preparation.variants")


class Crew(Protocol):
    """Processes of this machine, or a cluster."""

    def needs(self, samples: Mapping[Path, Path]) -> None:
        """Hear of a file in each folder of pictures, which everybody who works must see."""

    def run(
        self, work: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[tuple[Item, Result | Unusable]]:
        """Yield each item with its result, in any order."""


@contextmanager
def hired(
    options: Options, workers: int, limit: float, cluster: str | None, out: Path
) -> Iterator[Crew]:
    """Have so many processes, with a limit of seconds for one picture, or the workers of the Dask
    scheduler at `cluster`.

    Without LR and augmented copies nobody imports torch. Raises DataError when the library for the
    cluster is missing, or it does not answer.
    """
    if cluster:
        try:
            from srkit_core.data.preparation.cluster import Cluster
        except ModuleNotFoundError as error:
            raise DataError(
                f"--cluster {cluster} needs a library that is not installed", hint=_EXTRA
            ) from error
        with Cluster(cluster, out) as crew:
            yield crew
        return
    needs_torch = options.degrade or options.variants > 1
    with Children(workers, limit, (_WORK, *_TORCH) if needs_torch else (_WORK,)) as children:
        yield children
