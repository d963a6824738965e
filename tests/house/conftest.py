"""Fixtures of the house tests: the product code as syntax trees, what it imports, and how often to
kill a run.
"""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a person say how often test_kill.py kills."""
    parser.addoption("--kills", type=int, default=5, help="how often test_kill.py kills a run")


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the repository."""
    return ROOT


@pytest.fixture
def tell(
    request: pytest.FixtureRequest, capfd: pytest.CaptureFixture[str]
) -> Callable[[str], None]:
    """Write a line to the terminal although a test passes: figures to quote."""

    def write(text: str) -> None:
        with capfd.disabled():
            request.config.get_terminal_writer().line(text)

    return write


@pytest.fixture(scope="session")
def trees() -> dict[Path, ast.Module]:
    """Every module of product code (the core and the plugins, not their tests), by path from the
    root.
    """
    files = [*ROOT.glob("srkit_core/**/*.py"), *ROOT.glob("plugins/*/srkit_*/**/*.py")]
    return {
        file.relative_to(ROOT): ast.parse(file.read_text(encoding="utf-8"))
        for file in sorted(files)
    }


@pytest.fixture(scope="session")
def imports(trees) -> dict[Path, set[str]]:
    """The dotted names that every module of product code imports, or finds for the data it carries,
    wherever in it.
    """
    return {path: set(_imported(tree)) for path, tree in trees.items()}


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif (
            isinstance(node, ast.Call)
            and ast.unparse(node.func).endswith("find_spec")
            and isinstance(node.args[0], ast.Constant)
        ):
            yield node.args[0].value
