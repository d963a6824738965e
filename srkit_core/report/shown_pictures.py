"""Which pictures can a page put over each other: of runs their sheets, of models their files?"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from srkit_core.evaluation.picture_sheet import cut_sheet
from srkit_core.inside import folder_name, plain_name, plain_path
from srkit_core.io.images import Pixels
from srkit_core.report.run_story import RunStory, said
from srkit_core.report.told_scores import ScoreStory

LONGEST_SHOWN: Final = 384
"""The longest side of what is shown of a picture that a model made: its centre."""
MOST_STEPS: Final = 24
"""Of a run, spread evenly over its validations, the first and the last among them."""
_FIXED: Final = ("lr", "bicubic", "hr")
_SUFFIXES: Final = (".png", ".webp", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True)
class Shot:
    """A picture, uint8 (H, W, 3), with the step it is of and what is said of it."""

    pixels: Pixels
    step: int | None = None
    note: str = ""

    @property
    def digest(self) -> str:
        """Equal pictures have one."""
        shape = repr(self.pixels.shape).encode()
        return hashlib.sha256(shape + self.pixels.tobytes()).hexdigest()[:16]


@dataclass(frozen=True)
class ShotSource:
    """Who made a picture: one shot, or one for each of several steps, of `steps` that there are."""

    label: str
    shots: Sequence[Shot]
    steps: int = 1


@dataclass(frozen=True)
class ShownPicture:
    """One picture as all sources have it."""

    name: str
    sources: Sequence[ShotSource]


def pictures_of_runs(stories: Sequence[RunStory]) -> list[ShownPicture]:
    """Return the validation pictures of runs, those of one name as one picture."""
    found = dict[str, list[ShotSource]]()
    for story in stories:
        whose = f" of {story.label}" if len(stories) > 1 else ""
        for name, columns in _cells(story).items():
            sources = found.setdefault(name, [])
            for column, shots in columns.items():
                _add_source(sources, column, shots, whose, len(story.sheets))
    return [ShownPicture(name, _in_order(sources)) for name, sources in found.items()]


def pictures_of_scores(
    stories: Sequence[ScoreStory], folders: Sequence[Path], hr: Sequence[Path] = ()
) -> list[ShownPicture]:
    """Return what models made of the pictures of scores, of which there are files in `folders` that
    `srkit eval --pictures` wrote, with HR from folders where those have a picture of that name.
    """
    found = list[ShownPicture]()
    for story in stories:
        below = _model_folders(story)
        for name in story.pictures:
            made = {
                model: pixels
                for model, folder in below.items()
                if (pixels := _picture_file(folders, f"{folder}/{plain_path(name)}")) is not None
            }
            sources = [
                ShotSource(model, (Shot(_centre(pixels), note=_score_note(story, model, name)),))
                for model, pixels in made.items()
            ]
            true = _picture_file(hr, plain_path(name))
            if sources and true is not None:
                height, width = next(iter(made.values())).shape[:2]
                sources.append(ShotSource("HR", (Shot(_centre(true[:height, :width])),)))
            found += [ShownPicture(name, sources)] if sources else []
    return found


def _cells(story: RunStory) -> dict[str, dict[str, list[Shot]]]:
    """Return the shots of a run by picture and column, in the order of its steps."""
    columns = story.recipe.validation.columns if story.recipe else ("bicubic", "sr", "hr")
    found = dict[str, dict[str, list[Shot]]]()
    for step in spread(list(story.sheets), MOST_STEPS):
        rows = cut_sheet(_opened(story.sheets[step]), columns)
        for number, row in enumerate(rows):
            cells = found.setdefault(_name_of(story, number, len(rows)), {})
            for column, pixels in row.items():
                cells.setdefault(column, []).append(Shot(pixels, step))
    return found


def _name_of(story: RunStory, number: int, count: int) -> str:
    names = said(story.environment, "validation") or []
    return str(names[number]) if len(names) >= count else f"picture {number + 1}"


def _add_source(
    sources: list[ShotSource], column: str, shots: Sequence[Shot], whose: str, steps: int
) -> None:
    if column in _FIXED:
        last = replace(shots[-1], step=None)
        if all(last.digest != other.digest for one in sources for other in one.shots):
            taken = any(one.label == column.upper() for one in sources)
            label = "bicubic" if column == "bicubic" else column.upper()
            sources.append(ShotSource(label + (whose if taken else ""), (last,)))
    else:
        sources.append(ShotSource(f"{column.upper()}{whose}", tuple(shots), steps))


def _in_order(sources: Sequence[ShotSource]) -> list[ShotSource]:
    """Return LR first and HR last, as pictures go through a network."""
    rank = {"LR": 0, "bicubic": 1, "HR": 3}
    return sorted(sources, key=lambda one: rank.get(one.label.partition(" of ")[0], 2))


def spread(steps: Sequence[int], most: int) -> list[int]:
    """Return at most so many of these, evenly, the first and the last among them."""
    if len(steps) <= most:
        return list(steps)
    if most == 1:
        return [steps[-1]]
    return [steps[round(place * (len(steps) - 1) / (most - 1))] for place in range(most)]


def _opened(path: Path) -> Pixels:
    try:
        with Image.open(path) as image:
            return np.array(image.convert("RGB"))
    except (OSError, ValueError, Image.DecompressionBombError):
        return np.zeros((0, 0, 3), dtype=np.uint8)


def _picture_file(folders: Sequence[Path], path: str) -> Pixels | None:
    """Return what the file of a picture shows, whatever its ending; None where there is none."""
    for folder in folders:
        for suffix in _SUFFIXES:
            file = folder / f"{path}{suffix}"
            if file.is_file() and (pixels := _opened(file)).size:
                return pixels
    return None


def _centre(pixels: Pixels) -> Pixels:
    top, left = (max(one - LONGEST_SHOWN, 0) // 2 for one in pixels.shape[:2])
    return np.ascontiguousarray(pixels[top : top + LONGEST_SHOWN, left : left + LONGEST_SHOWN])


def _model_folders(story: ScoreStory) -> dict[str, str]:
    """Return where `srkit eval --pictures` wrote what each model made, by the model's name."""
    found = dict[str, str]()
    for one in story.scores.models:
        found[one.name] = folder_name(one.name, found.values())
    above = f"{plain_name(story.set_name)}/" if story.set_name else ""
    return {name: above + below for name, below in found.items()}


def _score_note(story: ScoreStory, model: str, name: str) -> str:
    one = story.scores[model]
    scored = one.images.get(name, {})
    units = {label: f" {spec.unit}" if spec.unit else "" for label, spec in one.specs.items()}
    known = {label: value for label, value in scored.items() if isfinite(value)}
    return ", ".join(f"{label} {value:.4g}{units[label]}" for label, value in known.items())
