"""Is a launcher believed as a whole, or not at all?"""

import os

import pytest

from srkit_core.launch import Launch, believed, launch, leftovers

WHOLE = {
    "RANK": "1",
    "LOCAL_RANK": "1",
    "WORLD_SIZE": "2",
    "MASTER_ADDR": "localhost",
    "MASTER_PORT": "29500",
}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for name in (*WHOLE, "LOCAL_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)


def setting(monkeypatch, variables):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({}, Launch(1, 1, 2)),
        ({"LOCAL_WORLD_SIZE": "2"}, Launch(1, 1, 2)),
        ({"WORLD_SIZE": "8", "RANK": "5", "LOCAL_WORLD_SIZE": "4"}, Launch(5, 1, 8)),
        ({"WORLD_SIZE": "1", "RANK": "0", "LOCAL_RANK": "0"}, None),
    ],
)
def test_a_whole_set_is_believed(monkeypatch, more, place):
    setting(monkeypatch, WHOLE | more)
    assert (launch(), leftovers()) == (place, "")


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({"RANK": "1"}, "RANK='1' without LOCAL_RANK, WORLD_SIZE, MASTER_PORT, MASTER_ADDR;"),
        ({"RANK": "node7"}, "RANK='node7' without LOCAL_RANK, "),
        ({"WORLD_SIZE": ""}, "WORLD_SIZE='' without RANK, LOCAL_RANK, WORLD_SIZE, "),
        ({"LOCAL_RANK": "0"}, "LOCAL_RANK='0' without RANK, "),
        ({"MASTER_PORT": "abc"}, "MASTER_PORT='abc' without RANK, "),
        (WHOLE | {"MASTER_PORT": "abc"}, "which do not fit each other"),
        (WHOLE | {"MASTER_PORT": "70000"}, "which do not fit each other"),
        (WHOLE | {"RANK": "2"}, "which do not fit each other"),
        (WHOLE | {"RANK": "-1"}, "which do not fit each other"),
        (WHOLE | {"RANK": "1.0"}, "which do not fit each other"),
        (WHOLE | {"LOCAL_WORLD_SIZE": "1"}, "which do not fit each other"),
        (WHOLE | {"LOCAL_WORLD_SIZE": "x"}, "which do not fit each other"),
        (WHOLE | {"MASTER_ADDR": ""}, "without MASTER_ADDR"),
        (WHOLE | {"WORLD_SIZE": "2" * 5000}, "which do not fit each other"),
    ],
)
def test_anything_less_is_ignored_with_a_line(monkeypatch, variables, why):
    setting(monkeypatch, variables)
    assert launch() is None
    assert why in leftovers()
    assert leftovers().endswith("this is one process alone")
    assert "\n" not in leftovers()


def test_nothing_set_is_nothing_to_say():
    assert (launch(), leftovers()) == (None, "")


def test_libraries_see_what_is_believed_and_it_is_there_again(monkeypatch):
    other = {"ACCELERATE_USE_DEEPSPEED": "true", "PMI_RANK": "3"}
    setting(monkeypatch, WHOLE | other)
    before = dict(os.environ)
    with believed(Launch(1, 1, 2)):
        assert os.environ["RANK"] == "1"
        assert not other.keys() & os.environ.keys()
    with believed(None):
        assert not {*WHOLE, *other} & os.environ.keys()
    assert dict(os.environ) == before
