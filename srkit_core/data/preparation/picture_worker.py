"""How does one input file become what is stored of it?

Runs in a process of its own, on this machine or another: what it needs comes with the job, what it
makes are files.
"""

import errno
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from srkit_core.data.alignment import aligned, aligned_sides
from srkit_core.data.lmdb_folder import as_file
from srkit_core.data.preparation.file_names import patch_file_name
from srkit_core.data.preparation.input_files import InputFile
from srkit_core.data.preparation.perceptual_hash import perceptual_hash
from srkit_core.data.preparation.picture_jobs import (
    PictureJob,
    Variant,
    patch_corners,
    shows_something,
    stored_sides,
)
from srkit_core.data.preparation.pixel_chain import pixel_degradation
from srkit_core.data.preparation.records import (
    Output,
    Record,
    Unusable,
    save_record,
    stem_of,
    unusable_input,
)
from srkit_core.data.prepared_layout import SHARDS
from srkit_core.data.shards import write_shard
from srkit_core.errors import DataError
from srkit_core.io.atomic import flush_all
from srkit_core.io.images import Pixels, image_size, read_image_noted, write_image
from srkit_core.process_start import FILE_LIMITS, too_many_files

_Files = list[tuple[str, int]]


def examine(file: InputFile) -> tuple[int, int] | Unusable:
    """Return (height, width) of a picture by its header, of a pair those of what both show, or why
    it cannot be used.
    """
    try:
        sides = header_size(file.path)
        if file.lr is None:
            return sides
        rows, columns = aligned_sides(sides, header_size(file.lr), file.scale, file.path)
    except DataError as error:
        return unusable_input(error, file.path)
    return rows * file.scale, columns * file.scale


def header_size(path: Path) -> tuple[int, int]:
    """Return (height, width) of a picture by its header; raises DataError."""
    with as_file(path) as file:
        return image_size(file)


def prepare_picture(job: PictureJob) -> Record | Unusable:
    """Write everything that is stored of a picture, its record last.

    Return the record, or why it cannot be used.

    Raises DiskFullError, and DataError when the output cannot be written.
    """
    file = job.file
    try:
        digests = _sha256(file.path), _sha256(file.lr) if file.lr else ""
        before = job.before
        same = before and (before.sha256, before.lr_sha256, before.job) == (*digests, job.digest())
        if before and same and before.is_whole(job.out):
            renewed = replace(before, bytes=file.bytes, mtime=file.mtime)
            save_record(job.out, file.name, renewed)
            return renewed
        read = _read(file)
    except OSError as error:
        if error.errno in FILE_LIMITS:
            raise too_many_files("--workers 1") from error
        return Unusable(error.strerror or str(error), lasting=False)
    except MemoryError:
        return Unusable("it does not fit into memory", lasting=False)
    except DataError as error:
        return unusable_input(error, file.path)
    if read.hr.shape[:2] != (job.height, job.width):
        return Unusable("its pixels are not as many as its header promises", lasting=True)
    return _store(job, read, digests)


def _sha256(path: Path) -> str:
    with as_file(path) as file, file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read(file: InputFile) -> "_Read":
    """Read a picture, or a pair cut to what both show."""
    hr, notes = _pixels(file.path)
    if file.lr is None:
        return _Read(hr, None, notes)
    low, more = _pixels(file.lr)
    high, lr = aligned(hr, low, file.scale, file.path)
    return _Read(high, np.ascontiguousarray(lr), (*notes, *more))


def _pixels(path: Path) -> tuple[Pixels, tuple[str, ...]]:
    with as_file(path) as file:
        return read_image_noted(file)


class _Read(NamedTuple):
    """Pixels as they were read, LR where it is of a pair, and what is to be told."""

    hr: Pixels
    lr: Pixels | None
    notes: tuple[str, ...]


def _store(job: PictureJob, read: _Read, digests: tuple[str, str]) -> Record | Unusable:
    file, bits = job.file, perceptual_hash(read.hr)
    try:
        outputs = tuple(_write_variant(job, variant, read, digests[0]) for variant in job.variants)
    except DataError as error:
        if isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.ENAMETOOLONG:
            return Unusable("its name is too long for what is made of it", lasting=True)
        return Unusable(error.message, lasting=False)
    except MemoryError:
        return Unusable("it does not fit into memory", lasting=False)
    record = Record(
        file.bytes,
        file.mtime,
        job=job.digest(),
        height=job.height,
        width=job.width,
        sha256=digests[0],
        perceptual_hash=bits,
        outputs=outputs,
        notes=read.notes,
        lr_sha256=digests[1],
    )
    save_record(job.out, file.name, record)
    return record


def _write_variant(job: PictureJob, variant: Variant, read: _Read, sha256: str) -> Output:
    """Write one variant: nothing when all of its patches are flat."""
    options, rng = job.options, _rng(variant.name)
    height, width = stored_sides(job.height, job.width, options)
    hr = _hr(read.hr, job, variant, rng)[:height, :width]
    corners = patch_corners(height, width, options)
    good = shows_something(hr, corners, options)
    kept = [(number, corner) for number, corner in enumerate(corners) if good[number]]
    files: _Files = []
    if kept:
        hr = np.ascontiguousarray(hr)
        lr = read.lr
        if lr is None and options.chain:
            lr = _lr(hr, options.chain, options.factor, rng)
        files = (
            [_pack(job, variant, hr, lr, sha256)]
            if options.format == "packed"
            else _save_patches(job, variant, hr, lr, kept)
        )
    crop = (
        (0, 0, job.height, job.width)
        if options.resize or variant.number > 1
        else (0, 0, height, width)
    )
    return Output(
        variant.name, (height, width), crop, len(kept), len(corners) - len(kept), tuple(files)
    )


def _hr(pixels: Pixels, job: PictureJob, variant: Variant, rng: np.random.Generator) -> Pixels:
    """Resize by Pillow's bicubic, which does not alias, then augment."""
    resize = job.options.resize
    if resize and (job.width, job.height) != resize:
        pixels = np.array(Image.fromarray(pixels).resize(resize, Image.Resampling.BICUBIC))
    if variant.number > 1:
        from srkit_core.data.preparation.derived_pictures import augmented_copy

        pixels = augmented_copy(pixels, rng)
    return pixels


def _lr(hr: Pixels, chain: str, scale: int, rng: np.random.Generator) -> Pixels:
    degrade = pixel_degradation(chain, scale)
    if degrade is not None:
        return degrade(hr)
    from srkit_core.data.preparation.derived_pictures import degrade_picture

    return degrade_picture(hr, chain, scale, int(rng.integers(2**63)))


def _pack(
    job: PictureJob, variant: Variant, hr: Pixels, lr: Pixels | None, sha256: str
) -> tuple[str, int]:
    options, file = job.options, f"{SHARDS}/{stem_of(variant.name)}.safetensors"
    metadata = {
        "name": variant.name,
        "sha256": sha256,
        "scale": str(options.factor),
        "degradation": options.chain,
    }
    return file, write_shard(
        job.out / file, {"hr": hr} if lr is None else {"hr": hr, "lr": lr}, metadata
    )


def _save_patches(
    job: PictureJob,
    variant: Variant,
    hr: Pixels,
    lr: Pixels | None,
    kept: list[tuple[int, tuple[int, int]]],
) -> _Files:
    """Write each patch of HR, and of LR beside it; the LR of a patch is the patch of the LR."""
    options, files = job.options, _Files()
    hr_folder, lr_folder = options.folders
    stored = [(hr_folder, hr, 1), *([] if lr is None else [(lr_folder, lr, options.factor)])]
    for folder, pixels, shrink in stored:
        for number, corner in kept:
            name = patch_file_name(
                options.pattern, job.file.name, variant.first + number, number, variant.number
            )
            y, x, side = (length // shrink for length in (*corner, options.patch or max(hr.shape)))
            files.append(
                _save_patch(job.out, f"{folder}/{name}", pixels[y : y + side, x : x + side])
            )
    # All at once, and before the record, without which none of them counts: a preparation that goes
    # on after a crash writes them again.
    flush_all([job.out / file for file, _ in files])
    return files


def _save_patch(out: Path, file: str, patch: Pixels) -> tuple[str, int]:
    write_image(out / file, np.ascontiguousarray(patch), flushed=False)
    return file, (out / file).stat().st_size


def _rng(name: str) -> np.random.Generator:
    """Return the randomness that belongs to a name, whoever asks when."""
    return np.random.default_rng(list(hashlib.sha256(name.encode()).digest()))
