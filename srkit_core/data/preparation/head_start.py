"""Which processes begin before there is work for them, and what do they import meanwhile?

These imports and those of the command take about as long, and go on beside each other.
"""

import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Final

from srkit_core.data.preparation.prepare_options import DEFAULT_CHAIN, PrepareOptions
from srkit_core.data.prepared_layout import MANIFEST
from srkit_core.errors import SrkitError

_WORK: Final = ("srkit_core.data.preparation.picture_worker", "imagecodecs")
_PIXELS: Final = ("srkit_core.builtin.pixel_interpolation",)
_TORCH: Final = ("srkit_core.data.preparation.derived_pictures",)
_THREADS: Final = "OMP_NUM_THREADS"


def modules_of_work(options: PrepareOptions) -> tuple[str, ...]:
    """Return what a process imports that prepares pictures: torch only where LR or copies need
    it.
    """
    makes_lr = bool(options.chain) and not options.paired
    if options.variants > 1 or (makes_lr and not _is_of_pixels(options)):
        return _WORK + _TORCH
    return _WORK + (_PIXELS if makes_lr else ())


def begin_processes(out: Path, modules: Sequence[str]) -> None:
    """Let the process from which workers are forked begin its imports, where that is how they
    begin and there will be work: of a folder with a manifest nobody knows yet.
    """
    if sys.platform != "linux" or (out / MANIFEST).exists():
        return
    from multiprocessing import forkserver

    from srkit_core.process_start import starting_processes

    worker_context(modules)
    with starting_processes("--workers 1"), one_thread_each():
        forkserver.ensure_running()


def worker_context(modules: Sequence[str]) -> BaseContext:
    """Fork from a clean process where that is safe with what is preloaded, else begin anew."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(modules))
    return context


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Let processes that begin now leave the other cores to each other: the libraries of numpy ask
    when they are imported, and never again.
    """
    before = os.environ.get(_THREADS)
    os.environ[_THREADS] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_THREADS]
        else:
            os.environ[_THREADS] = before


def _is_of_pixels(options: PrepareOptions) -> bool:
    """Whether LR needs no torch; a chain that cannot be bound is told of later."""
    if options.chain == DEFAULT_CHAIN:
        return True
    from srkit_core.data.preparation.pixel_chain import pixel_degradation

    try:
        return pixel_degradation(options.chain, options.factor) is not None
    except SrkitError:
        return False
