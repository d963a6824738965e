"""Which files does a new plugin consist of, and what is in them?"""

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any, Final

from srkit_core.resources import bundled

_TEMPLATES: Final = Path(__file__).parent / "templates"
_SUFFIX: Final = ".tmpl"
_FACTS: Final = f"kind.toml{_SUFFIX}"
_SHARED: Final = "shared"
_LICENCES: Final = "licences"

TemplateValues = Mapping[str, str]
"""What stands for `$name` and the like in templates."""


@dataclass(frozen=True, kw_only=True)
class TemplateFacts:
    """What `kind.toml` of a folder of templates says.

    `kind` is the word that people type; `summary` what its plugin does before it is changed, in a
    few words; `dependencies` are distributions it needs beside srkit, `try_with` those that `next`
    needs, the commands that try it; `work` is the file that does it, `change` what its author does
    first, `use` and `develop` are parts of the README.
    """

    kind: str
    summary: str
    dependencies: tuple[str, ...]
    try_with: tuple[str, ...]
    next: tuple[str, ...]
    work: str
    change: str
    use: str
    develop: str


def template_names() -> tuple[str, ...]:
    """Return which folders of templates there are, one for each kind of plugin."""
    return tuple(sorted(path.parent.name for path in _TEMPLATES.glob(f"*/{_FACTS}")))


def substituted(text: str, values: TemplateValues) -> str:
    """Replace every `$name` of a template; `$$` is a dollar.

    Raises KeyError for a name without a value, ValueError for a dollar that begins no name.
    """
    return Template(text).substitute(values)


def read_facts(template: str, values: TemplateValues) -> TemplateFacts:
    """Return the facts of a folder of templates, filled."""
    text = (_TEMPLATES / template / _FACTS).read_text(encoding="utf-8")
    facts: dict[str, Any] = tomllib.loads(substituted(text, values))
    for name in ("dependencies", "try_with", "next"):
        facts[name] = tuple(facts[name])
    return TemplateFacts(**facts | {"use": facts["use"].strip("\n")})


def plugin_files(template: str, values: TemplateValues) -> dict[str, bytes]:
    """Return the files of a new plugin by their paths; what is no template is copied as it is."""
    full = {**values, **_sample(_TEMPLATES / template)}
    files = dict[str, bytes]()
    for folder in (_TEMPLATES / _SHARED, _TEMPLATES / template):
        for source in _sources(folder):
            content = source.read_bytes()
            if source.suffix == _SUFFIX:
                content = substituted(content.decode(), full).encode()
            files[_path(source.relative_to(folder), values)] = content
    return files | {"LICENSE": _licence(values).encode()}


def _sources(folder: Path) -> Iterator[Path]:
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != _FACTS)
    return iter(sorted(found))


def _path(source: Path, values: TemplateValues) -> str:
    path = source.as_posix().removesuffix(_SUFFIX)
    for word, name in (("PACKAGE", "package"), ("COMPONENT", "name"), ("NAME", "identifier")):
        path = path.replace(word, values[name])
    return path


def _sample(folder: Path) -> dict[str, str]:
    """Return what an announcement says of the file that is copied as it is, where there is one."""
    for path in _sources(folder):
        if path.suffix != _SUFFIX:
            content = path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            return {"sample_sha256": digest, "sample_size": f"{len(content):_}"}
    return {}


def _licence(values: TemplateValues) -> str:
    if values["licence"] == "Apache-2.0":
        return bundled("LICENSE").read_text(encoding="utf-8")
    known = _TEMPLATES / _LICENCES / f"{values['licence']}{_SUFFIX}"
    source = known if known.is_file() else _TEMPLATES / _LICENCES / f"other{_SUFFIX}"
    return substituted(source.read_text(encoding="utf-8"), values)
