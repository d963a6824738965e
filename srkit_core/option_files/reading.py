"""Which keys does an option file hold?"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from srkit_core.errors import RecipeError
from srkit_core.option_files.sayings import Leaf
from srkit_core.toml_text import parse_toml

HINT: Final = "docs/moving.md lists the keys that are known; srkit recipes --fields those of srkit"

_MOST_BYTES: Final = 1_000_000
_MOST_KEYS: Final = 5_000
_NUMBER_AS_TEXT: Final = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+")


def read_options(path: Path) -> dict[str, Any]:
    """Return what a file of YAML or TOML holds, tables by their names.

    Raises RecipeError for a file that cannot be read, is neither, or is no table.
    """
    text = _text(path)
    toml = path.suffix.lower() == ".toml"
    found = parse_toml(text, path, HINT) if toml else _yaml(text, path)
    if not isinstance(found, dict):
        raise RecipeError(f"{path} is no option file: it holds no keys", hint=HINT)
    return found


def leaves(document: dict[str, Any]) -> list[Leaf]:
    """Return every key with its value; a list of tables is counted from 0.

    Raises RecipeError where there are too many, as in a file whose aliases multiply.
    """
    found = list[Leaf]()
    for leaf in _leaves(document, ""):
        found.append(leaf)
        if len(found) > _MOST_KEYS:
            raise RecipeError(f"the option file has more than {_MOST_KEYS:,} keys", hint=HINT)
    return found


def _leaves(value: Any, key: str) -> Iterator[Leaf]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        for place, inner in enumerate(value):
            yield from _leaves(inner, f"{key}.{place}")
    else:
        yield Leaf(key, _plain(value))


def _plain(value: Any) -> Any:
    """Return a value in which numbers that YAML reads as text, such as 1e-4, are numbers."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, str) and _NUMBER_AS_TEXT.fullmatch(value):
        return float(value)
    return value


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise RecipeError(f"{path} is too large for an option file", hint=HINT)
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise RecipeError(f"there is no option file {path}", hint="check the path") from None
    except OSError as error:
        raise RecipeError(f"cannot read {path}: {error.strerror}", hint="check the path") from None
    except ValueError:
        raise RecipeError(f"{path} is no text in UTF-8", hint=HINT) from None


def _yaml(text: str, path: Path) -> Any:
    import yaml

    try:
        _refuse_twice(yaml.compose(text, Loader=yaml.SafeLoader), path)
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise RecipeError(f"{path} is not YAML{line}: {error.problem}", hint=HINT) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = str(error).partition("\n")[0] or "nested too deeply"
        raise RecipeError(f"{path} is not YAML: {reason}", hint=HINT) from None


def _refuse_twice(node: Any, path: Path, seen: set[int] | None = None) -> None:
    """Raise RecipeError where a table has a key twice, of which YAML would keep the last."""
    seen = set() if seen is None else seen
    if id(node) in seen or not isinstance(getattr(node, "value", None), list):
        return
    seen.add(id(node))
    lines = dict[str, int]()
    for inner in node.value:
        key, value = inner if isinstance(inner, tuple) else (None, inner)
        if key is not None and key.tag != "tag:yaml.org,2002:merge":
            name, line = str(key.value), key.start_mark.line + 1
            if name in lines:
                fact = f"{path} has {name} twice in one table, in lines {lines[name]} and {line}"
                raise RecipeError(fact, hint="keep the one that is meant")
            lines[name] = line
        _refuse_twice(value, path, seen)
