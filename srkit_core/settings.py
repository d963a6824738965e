"""How is the `KEY=VALUE` of a --set read?"""

import re
import tomllib
from dataclasses import dataclass
from typing import Any, Final

from srkit_core.errors import RecipeError

_PARTS: Final = re.compile(r"""((?:"(?:[^"\\]|\\.)*"|'[^']*'|[^="'])*)=(.*)""", re.DOTALL)
_NO_TOML: Final = (ValueError, RecursionError)
"""What is no TOML, or a number or nesting beyond what Python reads."""


@dataclass(frozen=True)
class Setting:
    """A field of a recipe by the path to it, and the value it gets; `text` is what was written."""

    path: tuple[str, ...]
    value: Any
    text: str


def read_setting(text: str) -> Setting:
    """Read a dotted path as TOML writes keys (`models."a.b"`), and a value as TOML, else as text.

    Raises RecipeError where there is no path or no equals sign.
    """
    found = _PARTS.fullmatch(text)
    path = _path(found[1].strip()) if found else ()
    if not found or not all(path):
        raise RecipeError(f"--set takes key=value, not '{text}'", hint="--set stages.0.lr=1e-4")
    return Setting(path, _value(found[2]), text)


def _path(key: str) -> tuple[str, ...]:
    try:
        document: Any = tomllib.loads(f"{key} = 0")
    except _NO_TOML:
        return tuple(key.split("."))
    path = list[str]()
    while isinstance(document, dict):
        ((name, document),) = document.items()
        path.append(name)
    return tuple(path)


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except _NO_TOML:
        return text.strip()
