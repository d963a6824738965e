"""Which of the words of `srkit upscale` is the model, and which are pictures?"""

import shlex
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from srkit_core.errors import DataError, RecipeError, UnknownComponentError
from srkit_core.io.images import image_size, picture_endings
from srkit_core.io.output_files import leads_to
from srkit_core.models.known_models import is_model_name
from srkit_core.models.locate_weights import WEIGHTS_ENDINGS, is_model_folder
from srkit_core.models.weight_shares import parse_interpolation
from srkit_core.models.weights_address import looks_like_address
from srkit_core.registry import Registry
from srkit_core.specs import WeightsSpec
from srkit_core.upscaling.picture_outputs import PATTERN_MARKS
from srkit_core.upscaling.wanted_size import WantedSize

DEFAULT_MODEL: Final = "compact-photo-x4"
_SMALLER_MODEL: Final = "compact-photo-x2"
"""What pictures are upscaled with where no model is named, and by 2 at most."""


def part_words(
    words: Sequence[str], registry: Registry, out: Path | None = None
) -> tuple[str, tuple[str, ...]]:
    """Return the word of the model, "" where the first names none, and the words of pictures.

    An existing path wins over a name; the folder `out` is no input. Raises RecipeError where a
    model stands alone or behind a picture.
    """
    first, *rest = words
    if not _is_model(first, registry, out):
        if meant := next((one for one in rest if _names_model(one, registry)), ""):
            raise _out_of_order(meant, words, out)
        return "", tuple(words)
    if not rest and _names_model(first, registry):
        hint = f"srkit upscale {shlex.quote(first)} photo.jpg"
        raise RecipeError(f"{first} is a model, and no picture is named", hint=hint)
    return (first, tuple(rest)) if rest else ("", (first,))


def most_wanted(wanted: WantedSize, pictures: Iterable[Path]) -> float | None:
    """Return how many times longer a side of any of the pictures becomes, at most; None where that
    is left to the model. What cannot be read fails later.
    """
    if wanted.scale or not str(wanted):
        return wanted.scale
    factors = list[float]()
    for picture in pictures:
        with suppress(DataError):
            factors.append(wanted.factor(image_size(picture)))
    return max(factors, default=None)


def default_model(factor: float | None, registry: Registry) -> str:
    """Return the model where none is named: our own for 2 where no side becomes more times longer
    than that, else, and where it is left to the model (None), our own for 4.

    Raises UnknownComponentError, with the line that brings it, where it is not installed.
    """
    names = {one.name for one in registry.installed(WeightsSpec)}
    wanted = _SMALLER_MODEL if factor and factor <= 2 else DEFAULT_MODEL
    found = next((one for one in (wanted, DEFAULT_MODEL) if one in names), None)
    if found is None:
        raise UnknownComponentError(
            f"no model is named, and the usual one, {DEFAULT_MODEL}, is not installed",
            kind="weights",
            name=DEFAULT_MODEL,
            nearest=(),
            hint="pip install 'srkit[models]'; or name one: srkit upscale bicubic photo.jpg",
        )
    return found


def _is_model(word: str, registry: Registry, out: Path | None) -> bool:
    """Whether the first word means a model; a slip of the pen in its name does too."""
    path = Path(word)
    if leads_to(path, Path.exists):
        is_output = out is not None and path.resolve() == out.resolve()
        is_other = path.is_file() and path.suffix.lower() not in picture_endings()
        return _is_weights(path) or is_other or (is_output and is_model_name(word, registry))
    return _names_model(word, registry) or not _looks_like_picture(word)


def _names_model(word: str, registry: Registry) -> bool:
    """Whether a word means a model and nothing else."""
    path = Path(word)
    if leads_to(path, Path.exists):
        return _is_weights(path)
    named = word.partition("(")[0]
    return bool(parse_interpolation(word)) or (
        looks_like_address(word) or path.suffix in WEIGHTS_ENDINGS or is_model_name(named, registry)
    )


def _is_weights(path: Path) -> bool:
    return is_model_folder(path) if path.is_dir() else path.suffix in WEIGHTS_ENDINGS


def _looks_like_picture(word: str) -> bool:
    """Whether a word that leads nowhere was meant as a path of pictures."""
    path = Path(word)
    is_called_so = path.suffix.lower() in picture_endings()
    return is_called_so or len(path.parts) > 1 or bool(PATTERN_MARKS & {*word})


def _out_of_order(model: str, words: Sequence[str], out: Path | None) -> RecipeError:
    first, rest = words[0], [one for one in words if one != model]
    place = [] if out is None else ["--out", str(out)]
    what = "a folder" if Path(first).is_dir() else "a picture"
    return RecipeError(
        f"the model comes first, and {first} is {what}",
        hint=shlex.join(["srkit", "upscale", model, *rest, *place]),
    )
