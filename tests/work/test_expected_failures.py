"""Are failures expected where a component declares them, and explained where it does not?"""

from types import MappingProxyType

import pytest

from srkit_core.registry import Component, Registry
from srkit_core.specs import LossSpec
from srkit_core.testing import ReferenceLossContract
from srkit_core.testing.checks import ExpectedFailureError, NotTriedError, check, run_check
from srkit_core.testing.explanations import explanation

SQUARE = "test_pictures_need_not_be_square"


def _squares_only():
    """Compare squares."""

    def call(sr, hr):
        assert sr.shape[-1] == sr.shape[-2]
        return (sr - hr).abs().mean()

    return call


def _contract(**failures):
    spec = LossSpec(
        name="made", factory=_squares_only, summary="for this test", expected_failures=failures
    )
    registry = Registry((Component(spec, "srkit-made", "0"),))

    class Held(ReferenceLossContract):
        expression = "made"

        def registry(self):
            return registry

    return Held()


def test_a_declared_failure_is_told_with_its_reason():
    contract = _contract(**{SQUARE: "its tiles are squares"})
    with pytest.raises(ExpectedFailureError, match="its tiles are squares"):
        run_check(contract, contract.test_pictures_need_not_be_square)


def test_pytest_hears_of_an_expected_failure():
    contract = _contract(**{SQUARE: "its tiles are squares"})
    with pytest.raises(pytest.xfail.Exception, match="its tiles are squares"):
        contract.test_pictures_need_not_be_square()


def test_a_declared_failure_that_passes_is_a_failure():
    contract = _contract(test_it_is_a_scalar="it is a map")
    with pytest.raises(AssertionError, match="test_it_is_a_scalar fails, and it passes"):
        contract.test_it_is_a_scalar()


def test_a_failure_that_is_not_declared_stays_one():
    with pytest.raises(AssertionError):
        _contract().test_pictures_need_not_be_square()


def test_what_could_not_be_tried_is_no_expected_failure():
    class Held:
        expected_failures = MappingProxyType({"test_of_weights": "a reason"})

        @check("file")
        def test_of_weights(self):
            raise NotTriedError("no network here")

    with pytest.raises(NotTriedError, match="no network here"):
        run_check(Held(), Held.test_of_weights)


def _error_of(function):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        function()
    return caught.value


def test_an_assertion_without_text_is_explained_by_its_source_and_values(tmp_path):
    source = "def fails():\n    ratio, limit = 3.5, 2\n    assert (\n        ratio < limit\n    )\n"
    path = tmp_path / "plain.py"
    path.write_text(source, encoding="utf-8")
    scope = {}
    exec(compile(source, str(path), "exec"), scope)
    error = _error_of(scope["fails"])
    assert explanation(error) == "assert ratio < limit (ratio = 3.5, limit = 2)"


def test_other_failures_are_explained_by_their_own_words():
    assert explanation(AssertionError("\nthe loss is nan\nmore")) == "the loss is nan"
    assert explanation(KeyError("norm")) == "KeyError: 'norm'"
    assert explanation(ZeroDivisionError()) == "ZeroDivisionError"


def test_an_assertion_whose_source_is_not_there_says_where_it_is():
    scope = {}
    exec(compile("def fails():\n    assert False\n", "gone.py", "exec"), scope)
    assert "line 2 of gone.py" in explanation(_error_of(scope["fails"]))


def test_a_value_whose_repr_fails_is_named(tmp_path):
    source = (
        "class Odd:\n    def __repr__(self):\n        raise ValueError\n\n\n"
        "def fails():\n    odd = Odd()\n    assert odd is None\n"
    )
    path = tmp_path / "odd.py"
    path.write_text(source, encoding="utf-8")
    scope = {}
    exec(compile(source, str(path), "exec"), scope)
    assert "<Odd whose repr raises ValueError>" in explanation(_error_of(scope["fails"]))
