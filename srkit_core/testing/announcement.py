"""Which libraries does importing a module bring along, as its sources tell?"""

import ast
import importlib.util
from functools import cache
from importlib.machinery import ModuleSpec
from importlib.metadata import entry_points
from pathlib import Path

from srkit_core.hooks import ENTRY_POINT_GROUP

HEAVY = frozenset(
    {
        "torch",
        "torchvision",
        "numpy",
        "scipy",
        "PIL",
        "cv2",
        "skimage",
        "imageio",
        "imagecodecs",
        "rawpy",
        "pillow_heif",
        "matplotlib",
        "accelerate",
        "safetensors",
    }
)
"""What an announcement may not import: torch, numpy and image libraries, and what imports them."""


@cache
def announcing() -> frozenset[str]:
    """Return the distributions that announce something: those with an entry point of srkit's."""
    points = entry_points(group=ENTRY_POINT_GROUP)
    return frozenset(point.dist.name for point in points if point.dist)


def heavy_imports(module: str) -> set[str]:
    """Return which of HEAVY are imported when `module` is, by it or by modules of its own top-level
    package.

    Imports in the body of a function or under `if TYPE_CHECKING:` do not happen then and do not
    count.
    """
    package = module.partition(".")[0]
    seen, left = set[str](), {module}
    while left:
        name = left.pop()
        seen.add(name)
        if name.partition(".")[0] == package:
            left |= _imported_by(name) - seen
    return {name.partition(".")[0] for name in seen} & HEAVY


def _imported_by(name: str) -> set[str]:
    """Return the dotted names a module imports, its parent first.

    None for what is no module with a source.
    """
    parent = name.rpartition(".")[0]
    above = {parent} if parent else set()
    spec = _spec(name)
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        return above
    reader = _ImportReader(name if spec.submodule_search_locations is not None else parent)
    reader.visit(ast.parse(Path(spec.origin).read_text(encoding="utf-8")))
    return above | reader.names


def _spec(name: str) -> ModuleSpec | None:
    """Find a module; a name imported from one may also be a function in it, without a spec."""
    try:
        return importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None


class _ImportReader(ast.NodeVisitor):
    """Collects what is imported while a module is being imported.

    `package` is what relative imports start from.
    """

    def __init__(self, package: str) -> None:
        self.names: set[str] = set()
        self._package = package

    def visit_Import(self, node: ast.Import) -> None:
        self.names.update(alias.name for alias in node.names)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        source = importlib.util.resolve_name("." * node.level + (node.module or ""), self._package)
        self.names.add(source)
        self.names.update(f"{source}.{alias.name}" for alias in node.names)

    def visit_If(self, node: ast.If) -> None:
        if ast.unparse(node.test) not in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """A body runs later."""

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        """A body runs later."""
