"""How do folders of pictures become a prepared folder?"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from srkit_core.chain import bind_chain
from srkit_core.data.preparation.crews import Crew
from srkit_core.data.preparation.failures import Unusable
from srkit_core.data.preparation.folder import claim, only_one, sweep
from srkit_core.data.preparation.job import Job, patches_of, plan_jobs, stored_sides
from srkit_core.data.preparation.labels import AS_BEFORE, Labels, keep_labels, with_earlier
from srkit_core.data.preparation.manifest import (
    forget_manifest,
    forget_outdated,
    manifest,
    write_manifest,
)
from srkit_core.data.preparation.names import check_distinct
from srkit_core.data.preparation.options import Options, folders_in
from srkit_core.data.preparation.originals import Found, Original, find_originals
from srkit_core.data.preparation.parting import splits_of_groups
from srkit_core.data.preparation.records import (
    Record,
    check_same_source,
    forget_others,
    load,
    record_file,
    save,
)
from srkit_core.data.preparation.settlement import TOO_SMALL, Tally, staying
from srkit_core.data.preparation.work import examine, prepare_picture
from srkit_core.errors import DataError, DiskFullError
from srkit_core.expressions import parse_chain
from srkit_core.registry import discover

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Wish:
    """What is asked for: places of pictures, the output folder, what shapes pixels, and what the
    manifest says beside them.

    `redo` begins anew.
    """

    sources: Sequence[str]
    out: Path
    options: Options
    labels: Labels = AS_BEFORE
    redo: bool = False


@dataclass(frozen=True)
class Report:
    """What came of it: of `files`, so many `made` now and the rest before.

    `pictures` and `patches` are in the manifest.

    `parts` counts the pictures for training, validation and test; `renewed` says that the manifest
    says other things than before.
    """

    files: int
    made: int
    pictures: int
    patches: int
    parts: Mapping[str, int]
    renewed: bool
    tally: Tally
    notes: tuple[str, ...]


def prepare(wish: Wish, crew: Crew, progress: Progress) -> Report:
    """Prepare everything that is not prepared yet, and write the manifest last.

    Raises RecipeError when the output folder is somebody else's, at work, or of other options;
    DiskFullError, after which the same call goes on.
    """
    options = wish.options
    if options.degrade:
        bind_chain(discover(), parse_chain(options.degrade), options.scale)
    found = find_originals(wish.sources, wish.out)
    labels, told = with_earlier(wish.out, wish.labels)
    split = splits_of_groups(
        {one.name: one.group for one in found.originals},
        labels.split or "",
        ", ".join(wish.sources),
    )
    if options.format == "files":
        check_distinct(options.names, (one.name for one in found.originals))
    with only_one(wish.out):
        claim(wish.out, options, redo=wish.redo)
        check_same_source(wish.out, (one.name for one in found.originals))
        keep_labels(wish.out, labels)
        crew.needs(found.samples)
        try:
            return _Preparation(wish.out, options, labels, crew, progress).run(
                replace(found, remarks=(*found.remarks, *told)), split
            )
        except DiskFullError as error:
            raise DiskFullError(
                error.message, hint="free some space, and run the same command again: it goes on"
            ) from error


class _Preparation:
    """One pass over the originals, in a folder that nobody else writes into."""

    def __init__(
        self, out: Path, options: Options, labels: Labels, crew: Crew, progress: Progress
    ) -> None:
        self._out, self._options, self._labels = out.absolute(), options, labels
        self._crew, self._progress = crew, progress
        self._failures = dict[str, str]()

    def run(self, found: Found, split: Mapping[str, str]) -> Report:
        originals = {one.name: one for one in found.originals}
        gone = forget_others(self._out, originals)
        sizes, changed = self._sizes(found.originals)
        jobs = {job.original.name: job for job in self._jobs(sizes)}
        made = self._work([job for job in jobs.values() if not self._is_done(job)])
        made += self._mend(found.originals, jobs)
        tally = self._tally(found.originals, sizes)
        kept = list(self._staying(found.originals, tally))
        document = manifest(self._options, kept, split, self._labels.licence or None, tally)
        renewed = forget_outdated(self._out, document)
        files = {
            file for _, record in kept for output in record.outputs for file, _ in output.files
        }
        sweep(self._out, folders_in(self._options.in_words()), files)
        write_manifest(self._out, document, tally)
        pictures = document["pictures"]
        notes = (*found.remarks, *_notes(found, gone, changed, sizes, self._options))
        patches, parts = (
            sum(one["patches"] for one in pictures),
            Counter(one["split"] for one in pictures),
        )
        return Report(len(originals), made, len(pictures), patches, parts, renewed, tally, notes)

    def _sizes(self, originals: Sequence[Original]) -> tuple[dict[Original, tuple[int, int]], int]:
        """Return (height, width) of every original whose header can be read, and how many have
        changed since a run before.
        """
        known, unknown, changed = dict[str, tuple[int, int]](), list[Original](), 0
        for original in originals:
            record = load(self._out, original.name)
            if record is None or not record.is_of(original):
                unknown.append(original)
                changed += record is not None
            elif record.failure and not record.height:
                self._failures[original.name] = record.failure
            else:
                known[original.name] = record.height, record.width
        for done, (original, size) in enumerate(
            self._crew.run(examine, unknown) if unknown else (), start=1
        ):
            self._progress("headers", done, len(unknown))
            if isinstance(size, Unusable):
                self._fail(original, size, 0, 0)
            else:
                known[original.name] = size
        return {one: known[one.name] for one in originals if one.name in known}, changed

    def _jobs(self, sizes: Mapping[Original, tuple[int, int]]) -> list[Job]:
        """Plan the work, and forget what was made by another plan before anything is made by this
        one.
        """
        large = {
            original: size for original, size in sizes.items() if patches_of(*size, self._options)
        }
        jobs = plan_jobs(large, self._out, self._options)
        planned = {job.original.name: job for job in jobs}
        for original, (height, width) in sizes.items():
            record, job = load(self._out, original.name), planned.get(original.name)
            if job is None and (
                record is None or record.outputs or record.failure or not record.is_of(original)
            ):
                save(
                    self._out,
                    original.name,
                    Record(original.bytes, original.mtime, height=height, width=width),
                )
            elif job and record and record.failure and record.is_of(original):
                self._failures[original.name] = record.failure
            elif job and record and record.job != job.digest():
                self._forget(original)
        return jobs

    def _is_done(self, job: Job) -> bool:
        record = load(self._out, job.original.name)
        return (
            record is not None
            and record.is_of(job.original)
            and (bool(record.failure) or record.job == job.digest())
        )

    def _mend(self, originals: Sequence[Original], jobs: Mapping[str, Job]) -> int:
        """Make again what stays and is not there: it was deleted, or left out for the sake of a
        picture that is gone.
        """
        made, missing = 0, self._missing(originals, jobs)
        while missing:
            for job in missing:
                self._forget(job.original)
            made += self._work(missing)
            before, missing = missing, self._missing(originals, jobs)
            if missing == before:
                name = missing[0].original.name
                raise DataError(
                    f"what was made of {name} is not there",
                    hint="look at the permissions of OUT, then run again",
                )
        return made

    def _missing(self, originals: Sequence[Original], jobs: Mapping[str, Job]) -> list[Job]:
        return [
            jobs[one.name]
            for one, record in self._staying(originals, Tally())
            if not record.is_whole(self._out)
        ]

    def _staying(
        self, originals: Sequence[Original], tally: Tally
    ) -> Iterator[tuple[Original, Record]]:
        return staying(originals, self._out, tally, duplicates=bool(self._labels.duplicates))

    def _work(self, jobs: Sequence[Job]) -> int:
        """Do so many jobs; while there is work, the folder has no manifest."""
        if jobs:
            forget_manifest(self._out)
        failed = 0
        for done, (job, result) in enumerate(
            self._crew.run(prepare_picture, jobs) if jobs else (), start=1
        ):
            self._progress("pictures", done, len(jobs))
            if result is not None:
                failed += 1
                self._fail(job.original, result, job.height, job.width)
        return len(jobs) - failed

    def _fail(self, original: Original, why: Unusable, height: int, width: int) -> None:
        """Name a file; one whose header can be read keeps its place in the plan, so that no other
        one moves.
        """
        self._failures[original.name] = why.reason
        if why.lasting:
            save(
                self._out,
                original.name,
                Record(original.bytes, original.mtime, why.reason, height=height, width=width),
            )
        else:
            self._forget(original)

    def _forget(self, original: Original) -> None:
        record_file(self._out, original.name).unlink(missing_ok=True)

    def _tally(
        self, originals: Sequence[Original], sizes: Mapping[Original, tuple[int, int]]
    ) -> Tally:
        tally = Tally(
            [
                (one.shown, self._failures[one.name])
                for one in originals
                if one.name in self._failures
            ]
        )
        for original, (height, width) in sizes.items():
            if not patches_of(height, width, self._options):
                tally.filter(original, TOO_SMALL, f"{width} x {height} is smaller than a patch")
        return tally


def _notes(
    found: Found,
    gone: int,
    changed: int,
    sizes: Mapping[Original, tuple[int, int]],
    options: Options,
) -> list[str]:
    """Say what is not to be seen in the manifest."""
    notes = [f"ignored {found.ignored} files without a picture ending"] if found.ignored else []
    notes += (
        [f"{gone} pictures of a run before are gone, and so is what was made of them"]
        if gone
        else []
    )
    notes += (
        [f"{changed} files have changed since a run before, and are looked at again"]
        if changed
        else []
    )
    enlarged = sum(
        min(side / old for side, old in zip(stored_sides(*size, options), size, strict=True)) > 1
        for size in sizes.values()
    )
    return notes + (
        [f"{enlarged} pictures are smaller than what they are resized to"]
        if options.resize and enlarged
        else []
    )
