"""What does an evaluation recipe name that is not on this machine?"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from srkit_core.data_source import parse_data_sources
from srkit_core.errors import DataError, RecipeError
from srkit_core.evaluation_recipe import EvaluationRecipe, ModelRow
from srkit_core.home import at_home
from srkit_core.registry import Registry
from srkit_core.specs import WeightsSpec

_MOST_NAMED: Final = 4
"""How many of the things that are not here one sentence names."""


@dataclass(frozen=True)
class MissingParts:
    """What is not here: rows whose model is no path here and no name that srkit knows, runs by
    their groups, and places of pictures by their sets.
    """

    models: tuple[ModelRow, ...]
    runs: dict[str, str]
    pictures: dict[str, tuple[str, ...]]


def missing_parts(wanted: EvaluationRecipe, registry: Registry) -> MissingParts:
    """Return what of a recipe is not on this machine; models of a run that is not here are not
    named one by one.
    """
    runs = {group: run for group, run in wanted.runs.items() if not Path(at_home(run)).exists()}
    models = tuple(
        row for row in wanted.rows() if row.group not in runs and _gone(row.word, registry)
    )
    pictures = {name: tuple(_gone_places(one)) for name, one in wanted.by_set().items()}
    return MissingParts(models, runs, {name: one for name, one in pictures.items() if one})


def check_here(name: str, wanted: EvaluationRecipe, registry: Registry) -> None:
    """Raise where a recipe of this name has runs, files of models or pictures that are not here,
    in one sentence, with the command line that says where they are: DataError, or RecipeError
    where it names no pictures at all.
    """
    missing = missing_parts(wanted, registry)
    files = [row for row in missing.models if _is_path(row.word)]
    fact = _sentence(name, wanted, missing, files)
    if fact:
        raise DataError(fact, hint=_way_on(name, wanted, missing, files))
    if wanted.data is None and not wanted.sets:
        raise RecipeError(f"{name} names no pictures", hint=f"srkit eval {name} --data FOLDER")


def _sentence(
    name: str, wanted: EvaluationRecipe, missing: MissingParts, files: list[ModelRow]
) -> str:
    runs = [f"{run} of {group}" for group, run in missing.runs.items()]
    models = [f"{row.word} of '{row.full_name}'" for row in files]
    places = list(dict.fromkeys(place for each in missing.pictures.values() for place in each))
    told = [("the run", runs), ("the model", models), ("pictures in", places)]
    parts = [_several(what, named) for what, named in told if named]
    return f"{name} names what is not here: {'; '.join(parts)}" if parts else ""


def _several(what: str, named: list[str]) -> str:
    rest = len(named) - _MOST_NAMED
    more = f" and {rest} more" if rest > 0 else ""
    return f"{what} {', '.join(named[:_MOST_NAMED])}{more}"


def _way_on(
    name: str, wanted: EvaluationRecipe, missing: MissingParts, files: list[ModelRow]
) -> str:
    settings = [f"runs.{_key(group)}=RUN" for group in missing.runs]
    for row in files[: _MOST_NAMED - 1]:
        group = f"{_key(row.group)}." if row.group else ""
        settings.append(f"models.{group}{_key(row.name)}=MODEL")
    words = ["srkit eval", name, *(f"--set {shlex.quote(one)}" for one in settings)]
    words += _pictures_words(wanted, missing)
    here = [one for one in wanted.sets if one not in missing.pictures]
    if here and missing.pictures:
        words.append(f"(or {' '.join(f'--only {shlex.quote(one)}' for one in here)})")
    return " ".join(words)


def _pictures_words(wanted: EvaluationRecipe, missing: MissingParts) -> list[str]:
    places = {place for each in missing.pictures.values() for place in each}
    lr = not wanted.sets and str(wanted.lr) in places
    data = places - {str(wanted.lr)} if lr else places
    return [*(["--data FOLDER"] if data else []), *(["--lr FOLDER"] if lr else [])]


def _key(name: str) -> str:
    """Return a name as a key of TOML, where it has to be between quotes."""
    bare = name and all(char.isalnum() or char in "_-" for char in name) and name.isascii()
    return name if bare else f'"{name}"'


def _gone_places(one: EvaluationRecipe) -> Iterator[str]:
    sources = parse_data_sources(one.data) if one.data else ()
    for source in sources:
        if source.where != "photos" and not source.is_address and not Path(source.where).exists():
            yield source.where
    if one.lr is not None and not one.lr.exists():
        yield str(one.lr)


def _is_path(word: str) -> bool:
    return "/" in word or Path(word).suffix != ""


def _gone(word: str, registry: Registry) -> bool:
    """Whether a word is neither a path here nor something that srkit knows how to get."""
    found = [one for one in registry.installed(WeightsSpec) if one.spec.may_be_model]
    known = {name for one in found for name in (one.name, one.full_name)}
    known |= {one.name for one in registry.of_kind("generator")}
    called = word.partition("(")[0].strip()
    named = {called, called.rpartition("/")[2]}
    return not Path(at_home(word)).exists() and "://" not in word and not named & known
