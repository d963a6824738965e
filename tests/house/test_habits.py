"""Does the product code keep the habits that a machine can see?"""

import ast

MOST_LINES_OF_A_FILE = 350
MOST_LINES_OF_A_FUNCTION = 40
EXPORTED = "srkit_core/export/pth_file.py"
"""Writes tensors alone by torch.save, for tools that open nothing else."""
FOREIGN = ("srkit_core", "pickled_data.py")
PICKLERS = {"pickle", "dill", "cloudpickle", "shelve", "joblib"}


def _functions(tree):
    return [
        node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]


def _calls(tree):
    return [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]


def test_files_are_short(root, trees):
    lengths = {
        str(path): len((root / path).read_text(encoding="utf-8").splitlines()) for path in trees
    }
    assert {path: length for path, length in lengths.items() if length > MOST_LINES_OF_A_FILE} == {}


def test_functions_are_short(trees):
    long = [
        (str(path), function.name, function.end_lineno - function.lineno + 1)
        for path, tree in trees.items()
        for function in _functions(tree)
        if function.end_lineno - function.lineno >= MOST_LINES_OF_A_FUNCTION
    ]
    assert long == []


def test_a_module_opens_with_one_sentence(trees):
    first_lines = {
        str(path): (ast.get_docstring(tree) or "").partition("\n")[0]
        for path, tree in trees.items()
    }
    assert [
        path for path, line in first_lines.items() if len(line) < 10 or line[-1] not in ".?"
    ] == []


def test_a_question_of_a_module_is_asked_once(trees):
    lines = [(ast.get_docstring(tree) or "").partition("\n")[0] for tree in trees.values()]
    assert sorted(line for line in set(lines) if lines.count(line) > 1) == []


def test_only_the_porch_prints(trees):
    printing = [
        str(path)
        for path, tree in trees.items()
        if path.parts[:2] != ("srkit_core", "cli") and "print" in _calls(tree)
    ]
    assert printing == []


def test_nothing_is_pickled(trees, imports):
    picklers = [
        str(path)
        for path, names in imports.items()
        if path.parts != FOREIGN and {name.partition(".")[0] for name in names} & PICKLERS
    ]
    loaders = [
        str(path)
        for path, tree in trees.items()
        if path.parts != FOREIGN and {"torch.load", "torch.save"} & set(_calls(tree))
    ]
    assert (picklers, loaders) == ([], [EXPORTED])


def test_no_library_function_exits(trees):
    exits = {"sys.exit", "exit", "quit", "os._exit"}
    leaving = [
        str(path)
        for path, tree in trees.items()
        if path.parts[:2] != ("srkit_core", "cli") and exits & set(_calls(tree))
    ]
    assert leaving == [
        "srkit_core/data/loader.py"
    ]  # a process of its own, which its parent asks to end


def test_test_files_have_names_of_their_own(root):
    names = [
        path.name for folder in ("tests", "plugins") for path in (root / folder).rglob("test_*.py")
    ]
    assert sorted({name for name in names if names.count(name) > 1}) == []
