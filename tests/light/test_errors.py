"""Does every deliberate error carry its facts, its exit code and the next thing to try, also out of
a worker process?
"""

import copy
import pickle
import re
from pathlib import Path

import pytest

from srkit_core import errors

EXAMPLES = [
    errors.SrkitError("a", hint="b"),
    errors.RecipeError("a", hint="b"),
    errors.ExpressionError("bad", text="l1 +", position=4),
    errors.OptionError("a", component="rrdb", option="blocks"),
    errors.FailedRunsError("a", hint="b", exit_code=4),
    errors.IncompatibleError("a", hint="b"),
    errors.RegistryError("a", hint="b"),
    errors.UnknownComponentError("a", kind="loss", name="x", nearest=["y"], hint="b"),
    errors.AmbiguousError(kind="loss", name="x", candidates=["a/x", "b/x"]),
    errors.PluginError("a", hint="b"),
    errors.DataError("a", hint="b", path=Path("p.png")),
    errors.WeightsError("a", hint="b", path=Path("w.safetensors")),
    errors.NotFiniteError("a", hint="b"),
    errors.DivergedError("a", step=3, term="loss/l1", hint="b"),
    errors.InterruptedRunError("a", signal=2, hint="b"),
    errors.LostProcessError("a", hint="b"),
    errors.ResourceError("a", hint="b"),
    errors.OutOfMemoryError("a", hint="b"),
    errors.DiskFullError("a", hint="b"),
]

EXIT_CODES = {
    "SrkitError": 1,
    "LostProcessError": 1,
    "ResourceError": 1,
    "RecipeError": 2,
    "ExpressionError": 2,
    "OptionError": 2,
    "IncompatibleError": 2,
    "RegistryError": 3,
    "UnknownComponentError": 3,
    "AmbiguousError": 3,
    "PluginError": 3,
    "DataError": 4,
    "WeightsError": 4,
    "NotFiniteError": 4,
    "DiskFullError": 4,
    "DivergedError": 5,
    "OutOfMemoryError": 6,
}


def _all_errors(base=errors.SrkitError):
    yield base
    for child in base.__subclasses__():
        yield from _all_errors(child)


def test_there_is_an_example_of_every_error_here():
    assert {type(example) for example in EXAMPLES} == {
        cls for cls in _all_errors() if cls.__module__ == errors.__name__
    }


def test_the_tree_in_the_docstring_is_the_tree():
    drawn = re.findall(r"\w*Error", errors.__doc__.partition("::")[2])
    assert sorted(drawn) == sorted(type(example).__name__ for example in EXAMPLES)


@pytest.mark.parametrize(("name", "code"), EXIT_CODES.items())
def test_exit_codes_are_the_published_ones(name, code):
    assert getattr(errors, name).exit_code == code


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_has_a_message_and_a_hint(error):
    assert str(error) == error.message != ""
    assert error.hint != ""


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_survives_the_way_out_of_a_worker_process(error):
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is type(error)
        assert (str(twin), vars(twin)) == (str(error), vars(error))


def test_an_ambiguous_name_says_how_to_be_clear():
    error = errors.AmbiguousError(
        kind="generator", name="rrdb", candidates=["a/rrdb", "b/rrdb", "c/rrdb"]
    )
    assert (
        str(error)
        == "the generator name 'rrdb' is provided more than once: a/rrdb and b/rrdb and c/rrdb"
    )
    assert error.hint == "write the full name: a/rrdb"
