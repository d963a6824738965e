"""How does what is asked for become a prepared folder?

First every header is read, so that the plan is known; then each picture is written by a process of
its own, its record last; then the manifest says which of them were selected. Every step is passed
over where an earlier run has done it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from srkit_core.chain import bind_chain
from srkit_core.data.pairs import Naming
from srkit_core.data.picture_notes import named_at_most
from srkit_core.data.preparation.executor import PrepareExecutor
from srkit_core.data.preparation.file_names import check_distinct
from srkit_core.data.preparation.input_files import FoundInputs, InputFile, find_inputs
from srkit_core.data.preparation.manifest import (
    empty_splits,
    forget_manifest,
    forget_outdated,
    keep_fields,
    manifest_document,
    splits_of_groups,
    with_earlier,
    write_manifest,
)
from srkit_core.data.preparation.manifest_fields import ManifestFields
from srkit_core.data.preparation.output_folder import (
    claim_folder,
    is_new_folder,
    locked_folder,
    sweep_folder,
)
from srkit_core.data.preparation.picture_jobs import PictureJob, patches_of, plan_jobs, stored_sides
from srkit_core.data.preparation.picture_worker import examine, header_size, prepare_picture
from srkit_core.data.preparation.prepare_options import PrepareOptions, pixel_folders
from srkit_core.data.preparation.prepare_pictures import (
    PrepareReport,
    PrepareRequest,
    ProgressCallback,
)
from srkit_core.data.preparation.record_book import RecordBook
from srkit_core.data.preparation.records import Record, Unusable
from srkit_core.data.preparation.selection import (
    TOO_SMALL,
    Tally,
    select_pictures,
    with_joined_groups,
)
from srkit_core.errors import DataError, DiskFullError
from srkit_core.expressions import parse_chain
from srkit_core.io.pixel_limit import with_this_limit
from srkit_core.registry import discover


def prepare_folder(
    request: PrepareRequest, executor: PrepareExecutor, progress: ProgressCallback
) -> PrepareReport:
    """Prepare everything that is not prepared yet, and write the manifest last.

    Raises RecipeError when the output folder is somebody else's, at work, or of other options;
    DataError when there is nothing to prepare; DiskFullError, after which the same call goes on.
    """
    options, out = request.options, request.out
    if options.chain and not options.paired:
        chains = discover().for_defaults(options.degrade, None)
        bind_chain(chains, parse_chain(options.chain), options.factor)
    inputs = find_inputs(request.sources, out, Naming(options.scale) if options.paired else None)
    options = _with_scale(options, inputs.files)
    if options.paired:
        files = tuple(replace(one, scale=options.factor) for one in inputs.files)
        inputs = replace(inputs, files=files)
    names = [file.name for file in inputs.files]
    fields, notes = with_earlier(out, request.fields)
    _splits(inputs.files, fields, ", ".join(request.sources))  # told before the work if wrong
    if options.format == "files":
        check_distinct(options.pattern, names)
    with locked_folder(out):
        if is_new_folder(out):
            keep_fields(out, fields)  # before the options, so that these are never without them
        claim_folder(out, options, redo=request.redo)
        work = _Preparation(out, options, fields, executor, progress)
        work.check_same_source(names)
        keep_fields(out, fields)
        executor.needs(inputs.samples)
        try:
            return work.run(replace(inputs, remarks=(*inputs.remarks, *notes)))
        except DiskFullError as error:
            raise DiskFullError(
                error.message, hint="free some space, and run the same command again: it goes on"
            ) from error


def _with_scale(options: PrepareOptions, files: Sequence[InputFile]) -> PrepareOptions:
    """Return options with the scale of the first pair that can be read, where none is given.

    Raises DataError when none can.
    """
    if options.scale is not None or not options.paired:
        return options
    for file in files:
        try:
            (height, _), (low, _) = map(header_size, filter(None, (file.path, file.lr)))
        except DataError:
            continue
        return replace(options, scale=max(round(height / low), 1))
    raise DataError(
        f"none of the {len(files)} pairs can be read, and no scale is known", hint="--scale N"
    )


class _Preparation:
    """One pass over the input files, into a folder that nobody else writes into."""

    def __init__(
        self,
        out: Path,
        options: PrepareOptions,
        fields: ManifestFields,
        executor: PrepareExecutor,
        progress: ProgressCallback,
    ) -> None:
        self._shown, self._out, self._options, self._fields = out, out.absolute(), options, fields
        self._executor, self._progress = executor, progress
        self._records, self._failures = RecordBook(self._out), dict[str, str]()

    def check_same_source(self, names: Sequence[str]) -> None:
        """Raise RecipeError when none of the pictures was prepared here, and others were."""
        self._records.check_same_source(self._shown, names)

    def run(self, inputs: FoundInputs) -> PrepareReport:
        gone = self._records.forget_others([file.name for file in inputs.files])
        damaged = sum(self._records.is_damaged(file.name) for file in inputs.files)
        sizes, changed = self._sizes(inputs.files)
        jobs = {job.file.name: job for job in self._jobs(sizes)}
        written = self._work(list(jobs.values()))
        written += self._restore(inputs.files, jobs)
        tally = self._tally(inputs.files, sizes)
        selected = with_joined_groups(self._selected(inputs.files, tally))
        splits = _splits(_as_selected(inputs.files, selected), self._fields)
        words, licence = self._options.in_words(), self._fields.licence or None
        document = manifest_document(words, selected, splits, licence, tally)
        renewed = forget_outdated(self._out, document)
        outputs = [output for _, record in selected for output in record.outputs]
        sweep_folder(
            self._out,
            pixel_folders(words),
            {path for output in outputs for path, _ in output.files},
        )
        self._records.flush()
        write_manifest(self._out, document, tally)
        pictures = document["pictures"]
        counts = Counter(one["split"] for one in pictures)
        empty = empty_splits(self._fields.split or "", counts)
        return PrepareReport(
            out=self._shown,
            files=len(inputs.files),
            written=written,
            pictures=len(pictures),
            patches=sum(one["patches"] for one in pictures),
            splits=counts,
            renewed=renewed,
            tally=tally,
            notes=(
                *inputs.remarks,
                *_notes(inputs, (gone, changed, damaged), sizes, self._options),
                *_notes_on_pictures(selected),
                *empty,
            ),
        )

    def _sizes(self, files: Sequence[InputFile]) -> tuple[dict[InputFile, tuple[int, int]], int]:
        """Return (height, width) of every file whose header can be read, and how many have changed
        since a run before.
        """
        known, unknown, changed = dict[str, tuple[int, int]](), list[InputFile](), 0
        for file in files:
            record = self._records.of(file.name)
            if record is None or not record.is_of(file):
                unknown.append(file)
                changed += record is not None
            elif record.failure and not record.height:
                self._failures[file.name] = record.failure
            else:
                known[file.name] = record.height, record.width
        results = self._executor.run(with_this_limit(examine), unknown) if unknown else ()
        for done, (file, size) in enumerate(results, start=1):
            self._progress("headers", done, len(unknown))
            if isinstance(size, Unusable):
                self._fail(file, size, 0, 0)
            else:
                known[file.name] = size
        return {file: known[file.name] for file in files if file.name in known}, changed

    def _jobs(self, sizes: Mapping[InputFile, tuple[int, int]]) -> list[PictureJob]:
        """Plan the work, and forget what was written by another plan before anything is written by
        this one.
        """
        large = {file: size for file, size in sizes.items() if patches_of(*size, self._options)}
        jobs = plan_jobs(large, self._out, self._options)
        planned = {job.file.name: job for job in jobs}
        for file, (height, width) in sizes.items():
            record, job = self._records.of(file.name), planned.get(file.name)
            if job is None and (
                record is None or record.outputs or record.failure or not record.is_of(file)
            ):
                self._save(file, "", height, width)
            elif job and record and record.failure and record.is_of(file):
                self._failures[file.name] = record.failure
            elif job and record and record.job != job.digest():
                self._records.forget(file.name)
        return jobs

    def _restore(self, files: Sequence[InputFile], jobs: Mapping[str, PictureJob]) -> int:
        """Write again what is selected and not there: it was deleted, or left out for the sake of a
        picture that is gone.
        """
        written, missing = 0, self._missing(files, jobs)
        while missing:
            for job in missing:
                self._records.forget(job.file.name)
            written += self._work(missing)
            before, missing = missing, self._missing(files, jobs)
            if missing == before:
                raise DataError(
                    f"what was made of {missing[0].file.name} is not there",
                    hint="look at the permissions of OUT, then run again",
                )
        return written

    def _missing(
        self, files: Sequence[InputFile], jobs: Mapping[str, PictureJob]
    ) -> list[PictureJob]:
        return [
            jobs[file.name]
            for file, record in self._selected(files, Tally())
            if not record.is_whole(self._out)
        ]

    def _selected(
        self, files: Sequence[InputFile], tally: Tally
    ) -> Iterator[tuple[InputFile, Record]]:
        return select_pictures(
            files, self._records.of, tally, duplicates=bool(self._fields.duplicates)
        )

    def _work(self, jobs: Sequence[PictureJob]) -> int:
        """Do the jobs that are not done, the largest first, so that no process is left alone with
        it, and return how many were written; while there is work, the folder has no manifest.
        """
        jobs = [job for job in jobs if not self._records.is_done(job.file, job.digest())]
        if not jobs:
            return 0
        forget_manifest(self._out)
        in_turn = sorted(jobs, key=lambda job: -job.height * job.width)
        known = [replace(job, before=self._records.of(job.file.name)) for job in in_turn]
        failed = 0
        results = self._executor.run(with_this_limit(prepare_picture), known)
        for done, (job, result) in enumerate(results, start=1):
            self._progress("pictures", done, len(jobs))
            if isinstance(result, Unusable):
                failed += 1
                self._fail(job.file, result, job.height, job.width)
            else:
                self._records.learn(job.file.name, result)
        return len(jobs) - failed

    def _fail(self, file: InputFile, failure: Unusable, height: int, width: int) -> None:
        """Name a file; one whose header can be read keeps its number in the plan, so that no other
        one moves.
        """
        self._failures[file.name] = failure.reason
        if failure.lasting:
            self._save(file, failure.reason, height, width)
        else:
            self._records.forget(file.name)

    def _save(self, file: InputFile, failure: str, height: int, width: int) -> None:
        record = Record(file.bytes, file.mtime, failure, height=height, width=width)
        self._records.save(file.name, record)

    def _tally(
        self, files: Sequence[InputFile], sizes: Mapping[InputFile, tuple[int, int]]
    ) -> Tally:
        failures = self._failures
        tally = Tally([(one.shown, failures[one.name]) for one in files if one.name in failures])
        for file, (height, width) in sizes.items():
            if not patches_of(height, width, self._options):
                tally.filter(file, TOO_SMALL, f"{width} x {height} is smaller than a patch")
        return tally


def _notes_on_pictures(selected: Sequence[tuple[InputFile, Record]]) -> tuple[str, ...]:
    """Say what a person ought to know of how pictures were read."""
    return named_at_most(
        [f"{one.shown}: {note}" for one, record in selected for note in record.notes]
    )


def _splits(
    files: Sequence[InputFile], fields: ManifestFields, source: str = "the sources"
) -> dict[str, str]:
    groups = {file.name: file.group for file in files}
    if not fields.split:
        return {file.group: file.split for file in files if file.split in ("val", "test")}
    return splits_of_groups(groups, fields.split, source)


def _as_selected(
    files: Sequence[InputFile], selected: Sequence[tuple[InputFile, Record]]
) -> list[InputFile]:
    """Return all files, those that were selected with the groups that they have by now."""
    known = {file.name: file for file, _ in selected}
    return [known.get(file.name, file) for file in files]


def _notes(
    inputs: FoundInputs,
    counts: tuple[int, int, int],
    sizes: Mapping[InputFile, tuple[int, int]],
    options: PrepareOptions,
) -> Iterator[str]:
    """Say what is not to be seen in the manifest."""
    gone, changed, damaged = counts
    if damaged:
        yield f"{damaged} records of a run before are damaged, and these pictures are made again"
    if inputs.ignored:
        yield f"ignored {inputs.ignored} files without a picture ending"
    if gone:
        yield f"{gone} pictures of a run before are gone, and so is what was made of them"
    if changed:
        yield f"{changed} files have changed since a run before, and are looked at again"
    enlarged = sum(
        min(side / old for side, old in zip(stored_sides(*size, options), size, strict=True)) > 1
        for size in sizes.values()
    )
    if options.resize and enlarged:
        yield f"{enlarged} pictures are smaller than what they are resized to"
