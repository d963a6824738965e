"""How does one input file become what is stored of it?

Runs in a process of its own, on this machine or another: what it needs comes with the job, what it
makes are files.
"""

import errno
import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

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
from srkit_core.data.preparation.records import (
    Output,
    Record,
    Unusable,
    load_record,
    save_record,
    stem_of,
    unusable_input,
)
from srkit_core.data.prepared_layout import SHARDS
from srkit_core.data.shards import write_shard
from srkit_core.errors import DataError
from srkit_core.io.images import Pixels, image_size, read_image_noted, write_image
from srkit_core.process_start import FILE_LIMITS, too_many_files

_Files = list[tuple[str, int]]


def examine(file: InputFile) -> tuple[int, int] | Unusable:
    """Return (height, width) of a picture by its header, or why it cannot be used."""
    try:
        return image_size(file.path)
    except DataError as error:
        return unusable_input(error, file.path)


def prepare_picture(job: PictureJob) -> Unusable | None:
    """Write everything that is stored of a picture, its record last.

    Return why it cannot be used, or None.

    Raises DiskFullError, and DataError when the output cannot be written.
    """
    file = job.file
    try:
        with file.path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        before = load_record(job.out, file.name)
        if (
            before
            and (before.sha256, before.job) == (sha256, job.digest())
            and before.is_whole(job.out)
        ):
            save_record(job.out, file.name, replace(before, bytes=file.bytes, mtime=file.mtime))
            return None
        pixels, notes = read_image_noted(file.path)
    except OSError as error:
        if error.errno in FILE_LIMITS:
            raise too_many_files("--workers 1") from error
        return Unusable(error.strerror or str(error), lasting=False)
    except MemoryError:
        return Unusable("it does not fit into memory", lasting=False)
    except DataError as error:
        return unusable_input(error, file.path)
    if pixels.shape[:2] != (job.height, job.width):
        return Unusable("its pixels are not as many as its header promises", lasting=True)
    return _store(job, pixels, sha256, notes)


def _store(job: PictureJob, pixels: Pixels, sha256: str, notes: tuple[str, ...]) -> Unusable | None:
    file, bits = job.file, perceptual_hash(pixels)
    try:
        outputs = tuple(_write_variant(job, variant, pixels, sha256) for variant in job.variants)
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
        sha256=sha256,
        perceptual_hash=bits,
        outputs=outputs,
        notes=notes,
    )
    save_record(job.out, file.name, record)
    return None


def _write_variant(job: PictureJob, variant: Variant, pixels: Pixels, sha256: str) -> Output:
    """Write one variant: nothing when all of its patches are flat."""
    options, rng = job.options, _rng(variant.name)
    height, width = stored_sides(job.height, job.width, options)
    hr = _hr(pixels, job, variant, rng)[:height, :width]
    corners = patch_corners(height, width, options)
    good = shows_something(hr, corners, options)
    kept = [(number, corner) for number, corner in enumerate(corners) if good[number]]
    files: _Files = []
    if kept:
        hr = np.ascontiguousarray(hr)
        lr = _lr(hr, options.chain, options.scale, rng) if options.chain else None
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
    from srkit_core.data.preparation.derived_pictures import degrade_picture

    return degrade_picture(hr, chain, scale, int(rng.integers(2**63)))


def _pack(
    job: PictureJob, variant: Variant, hr: Pixels, lr: Pixels | None, sha256: str
) -> tuple[str, int]:
    options, file = job.options, f"{SHARDS}/{stem_of(variant.name)}.safetensors"
    metadata = {
        "name": variant.name,
        "sha256": sha256,
        "scale": str(options.scale),
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
    stored = [(hr_folder, hr, 1), *([] if lr is None else [(lr_folder, lr, options.scale)])]
    for folder, pixels, shrink in stored:
        for number, corner in kept:
            name = patch_file_name(
                options.pattern, job.file.name, variant.first + number, number, variant.number
            )
            y, x, side = (length // shrink for length in (*corner, options.patch or max(hr.shape)))
            files.append(
                _save_patch(job.out, f"{folder}/{name}", pixels[y : y + side, x : x + side])
            )
    return files


def _save_patch(out: Path, file: str, patch: Pixels) -> tuple[str, int]:
    write_image(out / file, np.ascontiguousarray(patch))
    return file, (out / file).stat().st_size


def _rng(name: str) -> np.random.Generator:
    """Return the randomness that belongs to a name, whoever asks when."""
    return np.random.default_rng(list(hashlib.sha256(name.encode()).digest()))
