"""Where do upscaled pictures go as files, whatever models, sets and pictures are called?"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from torch import Tensor

from srkit_core.data.own_work import remember
from srkit_core.evaluation.scoring import Pair
from srkit_core.home import at_home
from srkit_core.inside import folder_name, plain_path
from srkit_core.io.images import to_bytes, write_image

SeenBy: TypeAlias = Callable[[str, Pair, Tensor], None]
"""Is shown the name of a model or set, LR and HR of a picture, and its SR (1, 3, H, W), not
clamped.
"""


def save_into(folder: str | Path | None) -> SeenBy | None:
    """Return what saves every upscaled picture it is shown into a subfolder per model, whatever the
    models are called.
    """
    if folder is None:
        return None
    root = at_home(Path(folder))
    folders = dict[str, str]()

    def save(model: str, pair: Pair, sr: Tensor) -> None:
        if model not in folders:
            folders[model] = folder_name(model, set(folders.values()))
        remember(save_picture(root / folders[model], pair.name, sr))

    return save


def save_picture(folder: Path, name: str, sr: Tensor) -> Path:
    """Write SR (1, 3, H, W) as the PNG of a picture's name below a folder, whole or not at all, and
    return its path.

    Raises DataError or DiskFullError where that cannot be written.
    """
    file = folder / f"{plain_path(name)}.png"
    write_image(file, to_bytes(sr)[0].cpu().numpy())
    return file
