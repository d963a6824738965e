"""Does a layout that somebody announces take files that are not of it?"""

import hashlib
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from srkit_core.errors import WeightsError
from srkit_core.expressions import parse_call
from srkit_core.models.build import build_network
from srkit_core.models.foreign_weights import import_weights
from srkit_core.plan import bind_generator
from srkit_core.registry import discover
from srkit_core.specs import LayoutSpec, WeightsFile, WeightsSpec

SMALL = "rrdb(blocks=1, features=4, growth=2, upsampler=nearest)"


def twin(*, scale: int, blocks: int = 1) -> object:
    """A network of its own under the names of another.

    Args:
        blocks: not used.
    """
    return build_network(bind_generator(discover(), parse_call(SMALL), scale))


def stranger(**fields):
    usual = {
        "name": "a-stranger",
        "generator": "twin",
        "marks": (r"conv_first\.weight",),
        "options": lambda shapes: {"scale": 4},
        "source": "this test",
    }
    return LayoutSpec(**(usual | fields))


def registry(*layouts, weights=()):
    rrdb = discover().find("generator", "rrdb").spec
    other = replace(rrdb, name="twin", factory=twin, small="", opened_by=lambda options: "")
    return discover().with_components(other, *layouts, *weights, distribution="srkit-a")


@pytest.fixture
def file(tmp_path):
    network = build_network(bind_generator(discover(), parse_call(SMALL), 4))
    save_file(network.state_dict(), tmp_path / "small.safetensors")
    return tmp_path / "small.safetensors"


@pytest.mark.parametrize(
    "fields",
    [
        {"marks": (r".*",), "options": lambda shapes: {"scale": 2}},
        {"marks": (r".*",), "options": lambda shapes: 1 / 0},
        {"marks": (r".*weight",), "options": lambda shapes: None},
        {"marks": (r".*",), "renames": ((r".*", "x"),)},
        {"marks": (r".*",), "renames": ((r".*", ""),)},
        {"marks": (r"weight",)},
        {"generator": "gone"},
        {"marks": (r".*",), "options": lambda shapes: {"scale": 4, "colour": "red"}},
    ],
    ids=",".join,
)
def test_the_layout_that_fits_takes_the_file(file, fields):
    found, _ = import_weights(file, registry(stranger(**fields)))
    assert (found.layout.name, found.bound.component.name, found.scale) == ("esrgan", "rrdb", 4)


def test_two_that_fit_alike_are_named(file):
    with pytest.raises(WeightsError) as caught:
        import_weights(file, registry(stranger()))
    assert caught.value.message.endswith(
        "is of several layouts alike: srkit-a/a-stranger and srkit-rrdb/esrgan"
    )
    assert f"srkit weights import {file} --gen twin" in caught.value.hint


@pytest.mark.parametrize("name", ["twin", "rrdb"])
def test_a_person_says_which_of_two_it_is(file, name):
    found, _ = import_weights(file, registry(stranger()), parse_call(name))
    assert found.bound.component.name == name


@pytest.mark.parametrize("name", ["twin", "rrdb"])
def test_known_weights_say_which_of_two_it_is(file, name):
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    known = WeightsSpec(
        name="known",
        files=(WeightsFile(sha256=digest, size=file.stat().st_size),),
        licence="MIT",
        summary="for this test",
        source="this test",
        generator=name,
        scale=4,
    )
    found, _ = import_weights(file, registry(stranger(), weights=(known,)))
    assert found.bound.component.name == name


def test_two_layouts_that_mean_the_same_are_no_contest(file):
    esrgan = next(one for one in discover().layouts if one.name == "esrgan")
    found, _ = import_weights(file, registry(replace(esrgan, name="again")))
    assert found.bound.component.name == "rrdb"


def test_two_keys_that_become_one_are_named(tmp_path):
    path = tmp_path / "a file.safetensors"
    save_file({"only.one": torch.zeros(1), "only.two": torch.ones(1)}, path)
    layout = stranger(marks=(r"only\.one",), renames=((r"only\..*", "one"),))
    with pytest.raises(WeightsError) as caught:
        import_weights(path, registry(layout))
    assert "in which only.one and only.two are both one" in caught.value.message


def test_a_layout_that_raises_is_named(tmp_path):
    path = tmp_path / "file.safetensors"
    save_file({"only.one": torch.zeros(1)}, path)
    layout = stranger(marks=(r"only\.one",), options=lambda shapes: shapes["only.one"] + "1")
    with pytest.raises(WeightsError) as caught:
        import_weights(path, registry(layout))
    assert "looks like a-stranger, but twin cannot be made of it: TypeError" in caught.value.message


def test_of_layouts_that_do_not_fit_the_one_that_asks_for_most_explains(file, tmp_path):
    damaged = tmp_path / "damaged.safetensors"
    tensors = build_network(bind_generator(discover(), parse_call(SMALL), 4)).state_dict()
    save_file({name: value for name, value in tensors.items() if "conv_hr" not in name}, damaged)
    with pytest.raises(WeightsError) as caught:
        import_weights(damaged, registry(stranger(marks=(r".*",))))
    assert "missing conv_hr.bias" in caught.value.message
