"""Are the public names sorted, real and explained?"""

import ast
import inspect
from importlib.metadata import version

import pytest

import srkit_core


def test_public_names_are_sorted_and_real():
    assert srkit_core.__all__ == sorted(srkit_core.__all__)
    assert [name for name in srkit_core.__all__ if not hasattr(srkit_core, name)] == []


def test_a_type_checker_sees_the_same_names(root):
    tree = ast.parse((root / "srkit_core" / "__init__.py").read_text(encoding="utf-8"))
    (branch,) = [
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    imported = [
        alias.name
        for node in branch.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    declared = [ast.unparse(node.target) for node in branch.body if isinstance(node, ast.AnnAssign)]
    assert sorted(imported + declared) == srkit_core.__all__


def test_other_names_are_not_there():
    with pytest.raises(AttributeError, match="module 'srkit_core' has no attribute 'Recipes'"):
        _ = srkit_core.Recipes


def test_public_names_have_docstrings():
    named = [name for name in srkit_core.__all__ if name != "__version__"]
    assert [name for name in named if not inspect.getdoc(getattr(srkit_core, name))] == []


def test_the_version_is_the_distribution_s():
    assert srkit_core.__version__ == version("srkit")
