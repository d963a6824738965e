"""How is the folder of a new plugin written, whole or not at all?"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from srkit_core.errors import RecipeError
from srkit_core.io.atomic import unfinished, write_error
from srkit_core.io.output_files import leads_to


def check_plugin_folder(folder: Path) -> None:
    """Raise RecipeError where something is that would have to be replaced."""
    if leads_to(folder, Path.is_dir):
        if any(folder.iterdir()):
            raise RecipeError(
                f"the folder {folder} is there already, and not empty", hint="--out ANOTHER"
            )
    elif os.path.lexists(folder):
        raise RecipeError(f"{folder} is there already, and no folder", hint="--out ANOTHER")


def write_plugin_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files, by their paths, beside `folder`, and rename what is whole into its place.

    Raises RecipeError where something is there, DataError or DiskFullError where it cannot be
    written.
    """
    whole = folder.absolute()
    beside = unfinished(whole)
    try:
        check_plugin_folder(folder)
        _write(beside, files)
        if whole.exists():
            whole.rmdir()
        beside.rename(whole)
    except OSError as error:
        raise write_error(error, folder) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
