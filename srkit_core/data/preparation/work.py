"""How does one source picture become what is stored of it?

Runs in a process of its own, on this machine or another: what it needs comes with the job, what it
makes are files.
"""

import errno
import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from srkit_core.data.preparation.failures import Unusable, unusable
from srkit_core.data.preparation.grid import corners, worthwhile
from srkit_core.data.preparation.job import Job, Variant, stored_sides
from srkit_core.data.preparation.likeness import likeness
from srkit_core.data.preparation.names import fill
from srkit_core.data.preparation.originals import Original
from srkit_core.data.preparation.records import Output, Record, load, save, stem_of
from srkit_core.data.preparation.shards import write_shard
from srkit_core.data.prepared import SHARDS
from srkit_core.errors import DataError
from srkit_core.io.images import Pixels, image_size, read_image, write_image

_Files = list[tuple[str, int]]


def examine(original: Original) -> tuple[int, int] | Unusable:
    """Return (height, width) of a picture by its header, or why it cannot be used."""
    try:
        return image_size(original.path)
    except DataError as error:
        return unusable(error, original.path)


def prepare_picture(job: Job) -> Unusable | None:
    """Write everything that is stored of a picture, its record last.

    Return why it cannot be used, or None.

    Raises DiskFullError, and DataError when the output cannot be written.
    """
    original = job.original
    try:
        with original.path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        before = load(job.out, original.name)
        if (
            before
            and (before.sha256, before.job) == (sha256, job.digest())
            and before.is_whole(job.out)
        ):
            save(
                job.out, original.name, replace(before, bytes=original.bytes, mtime=original.mtime)
            )
            return None
        pixels = read_image(original.path)
    except OSError as error:
        return Unusable(error.strerror or str(error), lasting=False)
    except MemoryError:
        return Unusable("it does not fit into memory", lasting=False)
    except DataError as error:
        return unusable(error, original.path)
    if pixels.shape[:2] != (job.height, job.width):
        return Unusable("its pixels are not as many as its header promises", lasting=True)
    return _store(job, pixels, sha256)


def _store(job: Job, pixels: Pixels, sha256: str) -> Unusable | None:
    alike = likeness(pixels)
    try:
        outputs = tuple(_written(job, variant, pixels, sha256) for variant in job.variants)
    except DataError as error:
        if isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.ENAMETOOLONG:
            return Unusable("its name is too long for what is made of it", lasting=True)
        if error.path is not None:
            raise
        return Unusable(error.message, lasting=False)
    except MemoryError:
        return Unusable("it does not fit into memory", lasting=False)
    original = job.original
    record = Record(
        original.bytes,
        original.mtime,
        "",
        job.digest(),
        job.height,
        job.width,
        sha256,
        alike,
        outputs,
    )
    save(job.out, original.name, record)
    return None


def _written(job: Job, variant: Variant, pixels: Pixels, sha256: str) -> Output:
    """Write one variant: nothing when all of its patches are flat."""
    options, rng = job.options, _rng(variant.name)
    height, width = stored_sides(job.height, job.width, options)
    hr = _hr(pixels, job, variant, rng)[:height, :width]
    places = corners(height, width, options.patch, options.stride)
    kept = [
        (number, place)
        for number, (place, good) in enumerate(
            zip(places, worthwhile(hr, places, options.patch), strict=True)
        )
        if good
    ]
    files: _Files = []
    if kept:
        hr = np.ascontiguousarray(hr)
        lr = (
            _lr(hr, options.degrade, options.scale, int(rng.integers(2**63)))
            if options.degrade
            else None
        )
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
        variant.name, (height, width), crop, len(kept), len(places) - len(kept), tuple(files)
    )


def _hr(pixels: Pixels, job: Job, variant: Variant, rng: np.random.Generator) -> Pixels:
    """Resize by Pillow's bicubic, which does not alias, then augment."""
    resize = job.options.resize
    if resize and (job.width, job.height) != resize:
        pixels = np.array(Image.fromarray(pixels).resize(resize, Image.Resampling.BICUBIC))
    if variant.number > 1:
        from srkit_core.data.preparation.variants import variant as augmented

        pixels = augmented(pixels, rng)
    return pixels


def _lr(hr: Pixels, chain: str, scale: int, seed: int) -> Pixels:
    from srkit_core.data.preparation.degrading import degraded

    return degraded(hr, chain, scale, seed)


def _pack(
    job: Job, variant: Variant, hr: Pixels, lr: Pixels | None, sha256: str
) -> tuple[str, int]:
    options, file = job.options, f"{SHARDS}/{stem_of(variant.name)}.safetensors"
    metadata = {
        "name": variant.name,
        "sha256": sha256,
        "scale": str(options.scale),
        "degradation": options.degrade,
    }
    return file, write_shard(
        job.out / file, {"hr": hr} if lr is None else {"hr": hr, "lr": lr}, metadata
    )


def _save_patches(
    job: Job,
    variant: Variant,
    hr: Pixels,
    lr: Pixels | None,
    kept: list[tuple[int, tuple[int, int]]],
) -> _Files:
    """Write each patch of HR, and of LR beside it; the LR of a patch is the patch of the LR."""
    options, files = job.options, _Files()
    stored = [(options.layout[0], hr, 1)] + (
        [] if lr is None else [(options.layout[1], lr, options.scale)]
    )
    for folder, pixels, shrink in stored:
        for number, place in kept:
            name = fill(
                options.names, job.original.name, variant.first + number, number, variant.number
            )
            y, x, side = (length // shrink for length in (*place, options.patch or max(hr.shape)))
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
