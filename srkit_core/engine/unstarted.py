"""What is left of a run that ended before its first step?

Nothing, so that it can be tried again.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from srkit_core.run_folder import RunFolder


def missing_folders(folder: RunFolder) -> list[Path]:
    """Return the folders that a run would make, its own first."""
    return [path for path in (folder.path, *folder.path.parents) if not path.exists()]


@contextmanager
def without_trace(
    folder: RunFolder, missing: list[Path], started: Callable[[], bool]
) -> Iterator[None]:
    """Delete what a new run wrote when it fails before it has started, and folders that were
    `missing` before; what was there stays. The folder must be locked.
    """
    new, before = not folder.holds_run, set(folder.path.iterdir())
    try:
        yield
    except (Exception, KeyboardInterrupt, SystemExit):
        if new and not started():
            written = set(folder.path.iterdir()) - before
            _delete({*written, folder.lock}, missing)
        raise


@contextmanager
def given_back(folder: Path | None) -> Iterator[None]:
    """Give a folder that was made for a run free again where the run left nothing in it."""
    try:
        yield
    finally:
        for path in (folder, folder.parent) if folder else ():
            with suppress(OSError):  # of one that something is in
                path.rmdir()


def _delete(written: set[Path], missing: list[Path]) -> None:
    """Delete what can be; an error here must not hide why the run ended."""
    for path in written:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()
    for path in missing:
        with suppress(OSError):  # of one that somebody else has put something into
            path.rmdir()
