"""Which pages of the manual are written by code, and what do they say?

`python docs/generate.py` writes them; tests/house/test_manual.py compares.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import typer.main

from srkit_core import testing
from srkit_core.cli.app import COMMANDS, build_app
from srkit_core.option_files.key_tables import tables_of_keys
from srkit_core.testing.checks import TOPICS, checks_of
from srkit_core.testing.component_contract import ComponentContract

FOLDER: Final = Path(__file__).parent
SOURCES: Final = FOLDER.parent / "srkit_core"
_COLUMNS: Final = 100


def pages() -> dict[str, str]:
    """Return every generated page, by its file name."""
    return {name: make() for name, make in _PAGES.items()}


def _filled(text: str, indent: str = "") -> str:
    joined = " ".join(text.split())
    return textwrap.fill(joined, _COLUMNS, subsequent_indent=indent, break_on_hyphens=False)


# Commands, from the Typer app.


def _commands_page() -> str:
    group = typer.main.get_command(build_app())
    top = _options(group)
    entries = [_command(name, _found(group, name), COMMANDS[name].example) for name in COMMANDS]
    about = """# Commands

Written by `python docs/generate.py` from the command line itself. `srkit help COMMAND` says the
same. Errors are two lines on standard error, a fact and what to try; exit codes are 1 a bug, 2 the
recipe or the usage, 3 a plugin, 4 data, weights or a full disk, 5 a training that diverged, 6 out
of memory, 130 interrupted, 143 terminated."""
    return "\n\n".join([about, "## Before any command", *top, *entries]) + "\n"


def _found(group: Any, name: str) -> Any:
    for word in name.split():
        group = group.commands[word]
    return group


def _command(name: str, command: Any, example: str) -> str:
    usage = " ".join(filter(None, ["srkit", name, *map(_argument, _arguments(command))]))
    parts = [f"## srkit {name}", _filled(command.help), f"```sh\n{example}\n```"]
    return "\n\n".join([*parts, f"`{usage} [OPTIONS]`", *_options(command)])


def _arguments(command: Any) -> list[Any]:
    return [one for one in command.params if one.param_type_name == "argument"]


def _argument(parameter: Any) -> str:
    name = str(parameter.metavar or parameter.name.upper())
    return name if parameter.required or name.startswith("[") else f"[{name}]"


def _options(command: Any) -> list[str]:
    entries = [_entry(one) for one in command.params if not getattr(one, "hidden", False)]
    return ["\n".join(entries)] if entries else []


def _entry(parameter: Any) -> str:
    told = " / ".join(f"`{flag}`" for flag in (*parameter.opts, *parameter.secondary_opts))
    if parameter.param_type_name == "argument":
        told = f"`{_argument(parameter)}`"
    elif not parameter.is_flag:
        told += f" `{_value(parameter)}`"
    return _filled(f"* {told}: {parameter.help}", "  ")


def _value(parameter: Any) -> str:
    if parameter.metavar:
        return str(parameter.metavar)
    choices = getattr(parameter.type, "choices", None)
    if choices:
        return "|".join(map(str, choices))
    bounds = {
        ">=": getattr(parameter.type, "min", None),
        "<=": getattr(parameter.type, "max", None),
    }
    name = parameter.type.name.partition(" ")[0]
    shown = {"integer": "N", "int": "N", "float": "F", "str": "TEXT"}.get(name, name.upper())
    return " ".join(
        [shown, *(f"{sign} {bound}" for sign, bound in bounds.items() if bound is not None)]
    )


# Interfaces, specs, errors and checks, from the sources.


def _source_page(title: str, about: str, *patterns: str) -> str:
    paths = [path for pattern in patterns for path in sorted(SOURCES.glob(pattern))]
    sections = [part for path in dict.fromkeys(paths) for part in _module(path) if part]
    written = f"Written by `python docs/generate.py` from the sources. {about}"
    return "\n\n".join([f"# {title}", _filled(written), *sections]) + "\n"


def _module(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    parts = path.relative_to(SOURCES.parent).with_suffix("").parts
    yield "## " + ".".join(part for part in parts if part != "__init__")
    yield _prose(ast.get_docstring(tree) or "")
    for place, node in enumerate(tree.body):
        yield from _public(node, tree.body[place + 1 : place + 2])


def _public(node: ast.stmt, following: list[ast.stmt]) -> Iterator[str]:
    if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
        yield from _class(node)
    elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
        yield f"### {node.name}"
        yield f"`{_signature(node)}`"
        yield _prose(ast.get_docstring(node) or "")
    elif isinstance(node, (ast.Assign, ast.AnnAssign)) and _text(following):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if not ast.unparse(target).startswith("_"):
            yield f"### {ast.unparse(target)}"
            written = ast.unparse(node.value) if node.value else ""
            yield f"`{written}`" if 0 < len(written) <= _COLUMNS else ""
            yield _prose(_text(following))


def _text(statements: list[ast.stmt]) -> str:
    """Return the string that stands alone after an assignment, as its documentation."""
    match statements:
        case [ast.Expr(value=ast.Constant(value=str(text)))]:
            return inspect.cleandoc(text)
    return ""


def _class(node: ast.ClassDef) -> Iterator[str]:
    bases = ", ".join(map(ast.unparse, node.bases))
    yield f"### {node.name}"
    yield f"`class {node.name}({bases})`" if bases else f"`class {node.name}`"
    yield _prose(ast.get_docstring(node) or "")
    fields = [_field(one) for one in node.body if isinstance(one, ast.AnnAssign)]
    methods = [_method(one) for one in node.body if isinstance(one, ast.FunctionDef)]
    entries = [*filter(None, fields), *filter(None, methods)]
    if entries:
        yield "\n".join(entries)


def _field(node: ast.AnnAssign) -> str:
    name, kind = ast.unparse(node.target), ast.unparse(node.annotation)
    if name.startswith("_") or kind.startswith("ClassVar[tuple"):
        return ""
    inner = re.fullmatch(r"ClassVar\[(.*)\]", kind)
    return f"* `{name}: {inner[1] if inner else kind}{_default(node.value)}`"


def _default(value: ast.expr | None) -> str:
    if value is None:
        return ""
    written = ast.unparse(value)
    for pattern in (r"field\(default=([^,)]+).*\)", r"field\(default_factory=(\w+).*\)"):
        found = re.fullmatch(pattern, written)
        written = (f"{found[1]}()" if "factory" in pattern else found[1]) if found else written
    return f" = {written}"


def _method(node: ast.FunctionDef) -> str:
    public = node.name == "__call__" or not node.name.startswith("_")
    told = ast.get_docstring(node) or ""
    if not public or not told:
        return ""
    if any(ast.unparse(one) == "property" for one in node.decorator_list):
        return _filled(
            f"* `{node.name}: {ast.unparse(node.returns or ast.Constant(None))}`: {told}", "  "
        )
    return _filled(f"* `{_signature(node)}`: {told}", "  ")


def _signature(node: ast.FunctionDef) -> str:
    arguments = ast.unparse(node.args).removeprefix("self").removeprefix(", ")
    arguments = arguments.removeprefix("/, ")
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{node.name}({arguments}){returns}"


def _prose(docstring: str) -> str:
    """Return a docstring as Markdown: paragraphs filled, sections as lists, code fenced."""
    parts = list[str]()
    for paragraph in re.split(r"\n\n+(?![ \n])|(?<=::)\n\n+", docstring):
        if paragraph.startswith("    "):
            parts[-1] = parts[-1].removesuffix(":")
            parts.append(_fenced(textwrap.dedent(paragraph).strip()))
        elif re.match(r"\w+:\n", paragraph):
            parts.append(_listed(paragraph))
        else:
            parts.append(_filled(paragraph))
    return "\n\n".join(parts)


def _listed(paragraph: str) -> str:
    """Return a section such as `Args:` as a list."""
    entries = re.split(r"\n(?=\S)", textwrap.dedent(paragraph.partition("\n")[2]))
    return "\n".join(_filled(re.sub(r"^(\w+): ", r"* `\1`: ", entry), "  ") for entry in entries)


def _fenced(code: str) -> str:
    """Return code as a block; what is no Python is drawn by hand."""
    try:
        ast.parse(code)
    except SyntaxError:
        return f"```text\n{code}\n```"
    return f"```python\n{code}\n```"


def _interfaces_page() -> str:
    return _source_page(
        "Interfaces and specs",
        "What a plugin imports: `srkit_core.hooks`, `srkit_core.interfaces`, `srkit_core.specs`.",
        "hooks.py",
        "interfaces.py",
        "specs/__init__.py",
        "announced.py",
        "command_spec.py",
        "specs/*.py",
    )


def _errors_page() -> str:
    return _source_page("Errors", "What srkit raises, and plugins may raise too.", "errors.py")


def _checks_page() -> str:
    contracts = {name: getattr(testing, name) for name in testing.__all__}
    about = ast.get_docstring(ast.parse((SOURCES / "testing/__init__.py").read_text("utf-8")))
    sections = [_contract(name, contract) for name, contract in contracts.items()]
    return (
        "\n\n".join(
            [
                "# What the kit checks",
                _filled(
                    "Written by `python docs/generate.py` from the contracts. `srkit plugin check` "
                    "tries the same; the word before a check is the column of its table."
                ),
                _prose(about or ""),
                "## Every component",
                _checks_of(ComponentContract),
                *sections,
            ]
        )
        + "\n"
    )


def _contract(name: str, contract: type) -> str:
    inherited = ComponentContract if issubclass(contract, ComponentContract) else object
    told = _prose(inspect.getdoc(contract) or "")
    return f"## {name}\n\n{told}\n\n{_checks_of(contract, inherited)}"


def _checks_of(contract: type, but: type = object) -> str:
    others = set(checks_of(but))
    found = sorted(set(checks_of(contract)) - others, key=lambda one: (TOPICS.index(one[0]), one))
    return "\n".join(_check(topic, name, contract) for topic, name in found)


def _check(topic: str, name: str, contract: type) -> str:
    law = name.removeprefix("test_").replace("_", " ")
    about = inspect.getdoc(getattr(contract, name)) or ""
    return _filled(f"* *{topic}*: **{law}.** {about}", "  ")


_BELOW: Final = "<!-- Written by `python docs/generate.py` from the tables of keys. -->"


def _moving_page() -> str:
    """Return the page with its tables of keys as they are now; what is above them stays."""
    by_hand = (FOLDER / "moving.md").read_text(encoding="utf-8").partition(_BELOW)[0]
    return f"{by_hand}{_BELOW}\n\n{tables_of_keys()}\n"


_PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "checks.md": _checks_page,
    "commands.md": _commands_page,
    "errors.md": _errors_page,
    "interfaces.md": _interfaces_page,
    "moving.md": _moving_page,
}

if __name__ == "__main__":
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
