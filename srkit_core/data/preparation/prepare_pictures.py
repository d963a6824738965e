"""How are pictures prepared for training from Python?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from srkit_core.data.preparation.head_start import begin_processes, modules_of_work
from srkit_core.data.preparation.manifest_fields import ManifestFields
from srkit_core.data.preparation.prepare_options import PrepareOptions
from srkit_core.data_source import parse_data_sources, with_lr_apart
from srkit_core.errors import RecipeError
from srkit_core.home import at_home
from srkit_core.recipe import PAIRED

if TYPE_CHECKING:
    from srkit_core.data.preparation.selection import Tally

ProgressCallback: TypeAlias = Callable[[str, int, int], None]
"""Hears of each step: what is being done, how many are done, of how many."""


@dataclass(frozen=True)
class PrepareRequest:
    """What is asked for: sources of pictures, the output folder, what is written, and what the
    manifest says beside pixels.

    `redo` begins anew.
    """

    sources: Sequence[str]
    out: Path
    options: PrepareOptions
    fields: ManifestFields = field(default_factory=ManifestFields)
    redo: bool = False


@dataclass(frozen=True)
class PrepareReport:
    """What a preparation has done: of `files`, so many `written` now and the rest before.

    `pictures` and `patches` are in the manifest of the folder `out`. `splits` counts the pictures
    for train, val and test; `renewed` says that the manifest says other things than before. `tally`
    names what was left out, `notes` say more.
    """

    out: Path
    files: int
    written: int
    pictures: int
    patches: int
    splits: Mapping[str, int]
    renewed: bool
    tally: "Tally"
    notes: tuple[str, ...]


def prepare(
    sources: str | Path | Sequence[str | Path],
    out: str | Path,
    options: PrepareOptions | None = None,
    *,
    lq: str | Path | None = None,
    split: str | None = None,
    licence: str | None = None,
    keep_duplicates: bool | None = None,
    redo: bool = False,
    workers: int | None = None,
    time_limit: float | None = None,
    cluster: str | None = None,
    progress: ProgressCallback | None = None,
) -> PrepareReport:
    """Prepare the pictures of folders, files, lists or addresses for training; a second call goes
    on where the first one ended.

    `options` say what is written. `lq` are the folders of LR of the sources, in their order: LR is
    then that of the pairs. `split` to `keep_duplicates` are fields of ManifestFields;
    `workers`, `time_limit` and `cluster` are for `open_executor`, and `redo` does all of it again.
    Raises what these and `prepare_folder` raise; a file that cannot be used is in the report.
    """
    fields = ManifestFields(split, licence, keep_duplicates)
    texts = [sources] if isinstance(sources, (str, Path)) else sources
    named, written = _as_pairs([str(one) for one in texts], lq, options or PrepareOptions())
    request = PrepareRequest(named, at_home(Path(out)), written, fields, redo)
    return _prepare(request, workers, time_limit, cluster, progress or _ignore)


def _as_pairs(
    sources: Sequence[str], lq: str | Path | None, options: PrepareOptions
) -> tuple[Sequence[str], PrepareOptions]:
    """Return sources and options of pairs, where LR lies apart or a source says that it has some.

    Raises RecipeError when that does not fit the options.
    """
    if lq is not None:
        joined = with_lr_apart(" + ".join(sources), str(lq))
        sources = [str(one) for one in parse_data_sources(joined)]
    stored = any(one.has_lr for source in sources for one in parse_data_sources(source))
    if stored and options.degrade is None:
        return sources, replace(options, degrade=str(PAIRED))
    if stored and not options.paired:
        raise RecipeError(
            f"--degrade {options.degrade} makes LR, and the LR of {sources[0]} is stored",
            hint="--degrade paired, or the folder of HR alone",
        )
    return sources, options


def _prepare(
    request: PrepareRequest,
    workers: int | None,
    time_limit: float | None,
    cluster: str | None,
    progress: ProgressCallback,
) -> PrepareReport:
    """Import the work, which knows the options above, while its processes begin, and do it."""
    if not cluster:
        begin_processes(request.out, modules_of_work(request.options))
    from srkit_core.data.preparation.executor import open_executor
    from srkit_core.data.preparation.prepare_folder import prepare_folder

    with open_executor(
        request.options, request.out, workers=workers, time_limit=time_limit, cluster=cluster
    ) as executor:
        return prepare_folder(request, executor, progress)


def _ignore(work: str, done: int, length: int) -> None:
    """Let nobody hear of it."""
