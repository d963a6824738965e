"""Does every public name mean one thing, and is every term of ours explained?"""

import ast
import re
from collections import defaultdict

OWN_NAMES = ("__init__", "__main__", "model", "loss", "metric")
"""Module names that every package or plugin has; what these define may repeat between plugins."""


def _public(tree):
    """Yield what a module defines for others: functions, classes, constants and aliases."""
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names = [node.name]
        elif isinstance(node, ast.AnnAssign):
            names = [ast.unparse(node.target)]
        elif isinstance(node, ast.Assign):
            names = [ast.unparse(target) for target in node.targets]
        else:
            names = []
        yield from (name for name in names if name.isidentifier() and not name.startswith("_"))


def _repeated(homes):
    return {name: sorted(where) for name, where in homes.items() if len(where) > 1}


def test_no_module_name_occurs_twice(trees):
    homes = defaultdict(list)
    for path in trees:
        if path.stem not in OWN_NAMES:
            homes[path.stem].append(str(path))
    assert _repeated(homes) == {}


def test_no_public_name_is_defined_twice(trees):
    homes = defaultdict(list)
    for path, tree in trees.items():
        if path.stem not in OWN_NAMES:
            for name in _public(tree):
                homes[name].append(str(path))
    assert _repeated(homes) == {}


def test_every_term_of_the_glossary_is_a_name_of_the_code_or_of_the_field(root, trees):
    text = (root / "docs/glossary.md").read_text(encoding="utf-8")
    terms = re.findall(r"^\| `(\w+)`", text, flags=re.MULTILINE)
    defined = {name for tree in trees.values() for name in _public(tree)}
    assert terms == sorted(terms, key=str.lower)
    assert [term for term in terms if term not in defined] == []
    assert len(terms) > 25


def test_every_entry_of_the_glossary_is_one_line(root):
    lines = (root / "docs/glossary.md").read_text(encoding="utf-8").splitlines()
    entries = [line for line in lines if line.startswith("| ") and not line.startswith("| term")]
    assert [line for line in entries if len(line) > 160 or line.count("|") != 3] == []
