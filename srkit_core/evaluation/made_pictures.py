"""How are pictures scored that somebody else's method made?"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from srkit_core.data.folders import search
from srkit_core.data.pairs import Candidates
from srkit_core.data.picture import Picture
from srkit_core.errors import DataError
from srkit_core.evaluation.evaluation_pictures import Note, partners
from srkit_core.evaluation.scoring import Pair, picture_tensor
from srkit_core.home import at_home
from srkit_core.io.images import image_size
from srkit_core.models.locate_weights import is_model_folder


def made_folder(word: object) -> Path | None:
    """Return the folder of pictures that a word for a model means: one that is neither a run nor a
    checkpoint of one; None for any other word.
    """
    if not isinstance(word, str | Path) or not str(word):
        return None
    path = at_home(Path(word))
    if not path.is_dir() or is_model_folder(path):
        return None
    return path if search(path).pictures else None


def made_files(
    folder: Path, pictures: Sequence[Picture], scale: int, note: Note
) -> tuple[Path, ...]:
    """Return the file of each picture in a folder of SR, matched by their names as LR is.

    Raises DataError where they do not belong to each other one to one.
    """
    candidates = Candidates(folder, scale=scale, side="SR")
    found = partners(pictures, candidates, note)
    strays = candidates.besides(found)
    if strays:
        note(f"{len(strays)} pictures of {folder} belong to no HR, such as {strays[0].name}")
    return found


def made_pairs(
    pictures: Sequence[Picture], files: Sequence[Path], scale: int, device: torch.device
) -> Iterator[Pair]:
    """Yield SR from a file, in the place of LR, and HR of each picture.

    SR has the size of HR, or of HR without the last rows and columns that make no whole LR pixel.
    Raises DataError where it has another, or cannot be read.
    """
    for picture, file in zip(pictures, files, strict=True):
        height, width = image_size(file)
        made = replace(picture, path=file, height=height, width=width, lr=None)
        whole = replace(picture, limit=None).sides(scale)
        if (height, width) not in (whole, (picture.height, picture.width)):
            raise _other_size(picture, file, (height, width), whole)
        hr, sr = picture.read(scale)[0], made.read(scale)[0]
        sr = sr[: hr.shape[0], : hr.shape[1]]
        yield Pair(picture.name, picture_tensor(sr, device), picture_tensor(hr, device))


def _other_size(
    picture: Picture, file: Path, found: tuple[int, int], wanted: tuple[int, int]
) -> DataError:
    sides = f"{found[1]}x{found[0]} pixels, and HR of {picture.name} {wanted[1]}x{wanted[0]}"
    return DataError(
        f"{file} has {sides}",
        hint="--scale N, as the method enlarges, or SR of these pictures",
        path=file,
    )
