"""What is in the file of an evaluation recipe, with what a command line says on top?"""

import tomllib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, TypeAlias

from srkit_core.errors import RecipeError
from srkit_core.evaluation_recipe import (
    LR_SOURCES,
    EvaluationRecipe,
    evaluation_recipe,
    given_to_all,
)
from srkit_core.settings import read_setting
from srkit_core.toml_text import parse_toml

_Document: TypeAlias = dict[str, Any]


def is_evaluation_recipe(path: Path) -> bool:
    """Whether a file names models to compare, and not what to train."""
    try:
        return "models" in tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False  # who reads it as a recipe says what is wrong


def read_evaluation_recipe(
    path: Path, overrides: _Document, settings: Sequence[str] = ()
) -> EvaluationRecipe:
    """Read a TOML file, and put fields and then `KEY=VALUE` settings on top.

    A field holds for every set; where LR comes from replaces how it is made, and the other way
    round. Relative paths of the file are looked for beside it first. Raises RecipeError when it
    cannot be read or is no evaluation recipe.
    """
    document = _read(path)
    if isinstance(sets := document.get("sets"), dict):
        _refuse_lr(path, sets, overrides)
    kept = with_fields(document, overrides)
    beside = _with_paths_beside(kept, path.parent, rooted="data" in kept)
    return evaluation_recipe(with_settings(beside | overrides, settings))


def with_fields(document: _Document, fields: _Document) -> _Document:
    """Return a document with fields on top, each of which holds for every set."""
    changed = {**given_to_all(document, fields), **fields}
    if isinstance(sets := changed.get("sets"), dict):
        changed["sets"] = {name: _without(one, fields) for name, one in sets.items()}
    return changed


def with_settings(document: _Document, settings: Sequence[str]) -> _Document:
    """Return a document with `KEY=VALUE` settings applied, such as `sets.Set5.lr=Set5/LR` or
    `runs.faces=runs/srgan-1`.

    Raises RecipeError where one is no setting, or its path leads into a value.
    """
    changed = deepcopy(document)
    for text in settings:
        setting = read_setting(text)
        table: Any = changed
        for key in setting.path[:-1]:
            table = table.setdefault(key, {})
            if not isinstance(table, dict):
                fact = f"'{key}' in --set {text} has no fields"
                raise RecipeError(fact, hint="srkit recipes --fields")
        table.pop(LR_SOURCES.get(setting.path[-1]), None)
        table[setting.path[-1]] = setting.value
    return changed


def _read(path: Path) -> _Document:
    hint = "check the path, or name models and --data"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RecipeError(f"there is no evaluation recipe {path}", hint=hint) from None
    except OSError as error:
        raise RecipeError(f"cannot read {path}: {error.strerror}", hint=hint) from None
    except UnicodeDecodeError:
        raise RecipeError(f"{path} is not a text file", hint=hint) from None
    return parse_toml(text, path, "it needs a table [models] and a line data = ...")


def _refuse_lr(path: Path, sets: Mapping[str, Any], overrides: _Document) -> None:
    if "lr" in overrides and sets:
        raise RecipeError(
            f"{path} has {len(sets)} sets, and --lr is a folder of one",
            hint=f"--set sets.{next(iter(sets))}.lr={overrides['lr']}",
        )


def _without(own: Any, overrides: _Document) -> Any:
    """Return the table of a set without what a field for all sets says otherwise."""
    if not isinstance(own, dict):
        return own
    stays = {"data": own["data"]} if "data" in own else {}
    return {**stays, **given_to_all({k: v for k, v in own.items() if k != "data"}, overrides)}


def _with_paths_beside(document: _Document, folder: Path, *, rooted: bool) -> _Document:
    """Return a document in which what lies in the folder of its recipe is named by its path there:
    models, runs, `data`, `lr`, and what sets name unless `data` is the folder that they are in.
    """
    beside = dict(document)
    if isinstance(models := document.get("models"), dict):
        inside = set(document.get("runs") or ())
        beside["models"] = {
            name: one if name in inside else _beside(one, folder) for name, one in models.items()
        }
    if isinstance(runs := document.get("runs"), dict):
        beside["runs"] = _beside(runs, folder)
    if isinstance(sets := document.get("sets"), dict) and not rooted:
        beside["sets"] = {name: _places_beside(one, folder) for name, one in sets.items()}
    placed: _Document = _places_beside(beside, folder)
    return placed


def _places_beside(table: Any, folder: Path) -> Any:
    """Return a table whose `data` and `lr` are named as they lie in the folder of its recipe."""
    if not isinstance(table, dict):
        return table
    named = {name: _beside(table[name], folder) for name in ("data", "lr") if name in table}
    return {**table, **named}


def _beside(word: Any, folder: Path) -> Any:
    """Return a word, or those of a table, as a path in a folder where it is one there."""
    if isinstance(word, dict):
        return {name: _beside(one, folder) for name, one in word.items()}
    if not isinstance(word, str) or not word or "\0" in word:
        return word
    return str(folder / word) if (folder / word).exists() else word
