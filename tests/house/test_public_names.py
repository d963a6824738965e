"""Are the public names sorted, real and explained?"""

import inspect

import srkit_core


def test_public_names_are_sorted_and_real():
    assert srkit_core.__all__ == sorted(srkit_core.__all__)
    assert [name for name in srkit_core.__all__ if not hasattr(srkit_core, name)] == []


def test_public_names_are_the_ones_imported():
    own = {name for name, value in vars(srkit_core).items() if not name.startswith("_") and not inspect.ismodule(value)}
    assert own - {"version"} == set(srkit_core.__all__) - {"__version__"}


def test_public_names_have_docstrings():
    named = [name for name in srkit_core.__all__ if name != "__version__"]
    assert [name for name in named if not inspect.getdoc(getattr(srkit_core, name))] == []


def test_the_version_is_the_distribution_s():
    from importlib.metadata import version

    assert srkit_core.__version__ == version("srkit")
