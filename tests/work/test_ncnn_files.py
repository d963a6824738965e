"""Are the two files of a network of ncnn read, to fp16, and refused where they do not fit?"""

import struct

import pytest
import torch
from ncnn_writer import HALF, ncnn_files

from srkit_core.arrays import read_arrays
from srkit_core.errors import WeightsError
from srkit_core.models.build import build_network
from srkit_core.models.find_model import load_model
from srkit_core.models.foreign_weights import import_weights
from srkit_core.models.weights_digest import weights_digest
from srkit_core.plan import bind_generator
from srkit_core.registry import discover

NETWORKS = {
    "rrdb": "rrdb(blocks=2, features=8, growth=4, upsampler=nearest)",
    "srvgg": "srvgg(features=5, blocks=3)",
}


def state_of(text, scale=4):
    from srkit_core.expressions import parse_call

    torch.manual_seed(0)
    network = build_network(bind_generator(discover(), parse_call(text), scale))
    return {
        name: value + 0.01 * torch.randn(value.shape)
        for name, value in network.state_dict().items()
    }


def rounded(state):
    """Return tensors as ncnn keeps them: weights of convolutions in fp16, the rest in fp32."""
    return {
        name: value.half().float() if value.ndim > 1 else value for name, value in state.items()
    }


@pytest.fixture
def pair(tmp_path):
    return ncnn_files(tmp_path, "net x4", state_of(NETWORKS["srvgg"]))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("scale", [4, 2])
def test_a_network_comes_back_to_fp16_by_either_file(tmp_path, name, scale):
    state = state_of(NETWORKS[name], scale)
    for path in ncnn_files(tmp_path, "net", state):
        found, tensors = import_weights(path, discover())
        assert found.layout.name == {"rrdb": "esrgan-ncnn", "srvgg": "srvgg-ncnn"}[name]
        assert (found.bound.name.rpartition("/")[2], found.scale, found.assumed) == (
            name,
            scale,
            (),
        )
        assert tensors.keys() == state.keys()
        assert all(torch.equal(tensors[one], value) for one, value in rounded(state).items())


def test_it_is_a_model_like_any_other(pair):
    model = load_model(pair[1])
    assert model(torch.rand(1, 3, 6, 7)).shape == (1, 3, 24, 28)


def test_numbers_are_kept_as_they_are_stored(pair):
    arrays = read_arrays(pair[0])
    assert list(arrays)[:4] == [
        "ncnn.0.8.weight",
        "ncnn.0.8.bias",
        "ncnn.1.7.slope",
        "ncnn.2.6.weight",
    ]
    assert arrays["ncnn.0.8.weight"].shape == (5, 3, 3, 3)
    assert (arrays["ncnn.0.8.weight"].dtype, arrays["ncnn.0.8.bias"].dtype) == (
        torch.float16,
        torch.float32,
    )


@pytest.mark.parametrize("mark", [0, 0x0002C056])
def test_numbers_of_fp32_are_read_too(tmp_path, mark):
    weight = torch.randn(2, 3, 1, 1)
    text, numbers = ncnn_files(tmp_path, "net", {"a.weight": weight})
    numbers.write_bytes(struct.pack("<I", mark) + weight.numpy().tobytes())
    assert torch.equal(read_arrays(text)["ncnn.0.0.weight"], weight)


def test_an_inner_product_is_read(tmp_path):
    text, numbers = tmp_path / "n.param", tmp_path / "n.bin"
    text.write_text("7767517\n1 1\nInnerProduct fc 1 1 a b 0=2 1=1 2=6\n")
    weight = torch.arange(6.0)
    numbers.write_bytes(struct.pack("<I", HALF) + weight.half().numpy().tobytes() + bytes(8))
    arrays = read_arrays(numbers)
    assert torch.equal(arrays["ncnn.0.0.weight"].float(), weight.reshape(2, 3))
    assert torch.equal(arrays["ncnn.0.0.bias"], torch.zeros(2))


@pytest.mark.parametrize("half", [0, 1])
def test_half_of_a_network_says_what_is_missing(pair, half):
    pair[1 - half].unlink()
    with pytest.raises(WeightsError) as caught:
        read_arrays(pair[half])
    assert caught.value.message.endswith(
        f"half of a network of ncnn, and {pair[1 - half].name} is not beside it"
    )
    assert caught.value.hint == f"put {pair[1 - half].name} into the same folder"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda numbers: numbers[:-4], "is cut off, or of another network than the text beside it"),
        (lambda numbers: numbers + bytes(8), "holds 8 bytes more than net x4.param says"),
        (
            lambda numbers: struct.pack("<I", 0x000D4B38) + numbers[4:],
            "quantised (mark 0x000d4b38)",
        ),
    ],
)
def test_numbers_that_do_not_fit_the_text_are_refused(pair, change, says):
    pair[1].write_bytes(change(pair[1].read_bytes()))
    with pytest.raises(WeightsError) as caught:
        read_arrays(pair[1])
    assert says in caught.value.message


@pytest.mark.parametrize(
    "text", ["7767517", "7767517\n9 9\nPReLU p 1 1 a b 0=1\n", "7767517\n1 1\nPReLU\n"]
)
def test_a_damaged_text_is_refused(pair, text):
    pair[0].write_text(text)
    with pytest.raises(WeightsError, match="is damaged, or no file of weights"):
        read_arrays(pair[0])


def test_a_file_of_torch_that_ends_in_bin_stays_one(tmp_path):
    torch.save({"a": torch.ones(2)}, tmp_path / "model.bin")
    assert torch.equal(read_arrays(tmp_path / "model.bin")["a"], torch.ones(2))


def test_weights_of_one_network_are_told_apart_by_either_file(tmp_path):
    state = state_of(NETWORKS["srvgg"])
    one = ncnn_files(tmp_path, "one", state)
    other = ncnn_files(tmp_path, "other", {name: 2 * value for name, value in state.items()})
    assert one[0].read_bytes() == other[0].read_bytes()
    digests = [{weights_digest(half) for half in pair} for pair in (one, other)]
    assert [len(each) for each in digests] == [1, 1]
    assert digests[0] != digests[1]
