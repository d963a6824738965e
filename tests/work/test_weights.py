"""Does a weights file rebuild its model from nothing else, and is every other file refused with the
reason?
"""

import errno
import json
import os
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import save_file

import srkit_srvgg
from srkit_core import registry as registry_module
from srkit_core.errors import (
    AmbiguousError,
    DiskFullError,
    IncompatibleError,
    OptionError,
    UnknownComponentError,
    WeightsError,
)
from srkit_core.expressions import parse_call
from srkit_core.hooks import hookimpl
from srkit_core.models.build import build_network, to_device
from srkit_core.models.weights_card import FORMAT, Card, read_card, read_header
from srkit_core.models.weights_file import fill, read_model, read_tensors, save_weights
from srkit_core.plan import bind_generator
from srkit_core.registry import discover

TINY = "srvgg(features=8, blocks=1)"
LR = torch.rand(1, 3, 9, 7, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def registry():
    return discover()


@pytest.fixture(scope="module")
def forked():
    """A registry in which a fork provides `srvgg` too."""
    twin = SimpleNamespace(srkit_components=hookimpl(srkit_srvgg.srkit_components))
    fork = SimpleNamespace(
        name="fork", dist=SimpleNamespace(name="my-fork", version="1"), load=lambda: twin
    )
    return discover([*registry_module.entry_points(group="srkit.plugins"), fork])


def card(generator=TINY, scale=4):
    return Card(
        parse_call(generator), scale, 'name = "tiny"\n', {"srkit": "0.1.0", "torch": "2"}, 70
    )


def network(registry, generator=TINY, scale=4, seed=3):
    bound = bind_generator(registry, parse_call(generator), scale)
    return bound, to_device(build_network(bound, seed=seed).eval(), torch.device("cpu"))


def test_a_file_is_enough_to_rebuild_the_model(registry, tmp_path):
    bound, trained = network(registry)
    path = tmp_path / "new folder" / "weights.safetensors"
    save_weights(
        path,
        trained.state_dict(),
        Card(bound.expression, 4, 'name = "tiny"\n', {"srkit": "0.1.0"}, 70),
    )
    model = read_model(path, registry)
    with torch.no_grad():
        assert torch.equal(model(LR), trained(LR))
    assert (model.scale, model.network.training) == (4, False)
    assert model.network.body[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert sorted(path.parent.iterdir()) == [path]


def test_a_card_comes_back_as_it_was(registry, tmp_path):
    path = tmp_path / "w.safetensors"
    save_weights(path, network(registry)[1].state_dict(), card())
    assert read_card(path) == card()
    assert read_header(path)["format"] == FORMAT
    assert json.loads(read_header(path)["versions"]) == {"srkit": "0.1.0", "torch": "2"}


def test_tensors_are_stored_contiguous_and_as_they_are(tmp_path):
    last = torch.arange(24.0).view(1, 2, 3, 4).contiguous(memory_format=torch.channels_last)
    tensors = {
        "last": last,
        "part": last[..., ::2],
        "count": torch.tensor(7),
        "half": torch.ones(2, dtype=torch.float16),
    }
    save_weights(tmp_path / "w.safetensors", tensors, card())
    read = read_tensors(tmp_path / "w.safetensors")
    assert read.keys() == tensors.keys()
    assert all(
        torch.equal(read[name], tensors[name]) and read[name].dtype == tensors[name].dtype
        for name in tensors
    )


def test_tied_weights_can_be_saved(tmp_path):
    shared = torch.rand(3, 3)
    save_weights(
        tmp_path / "w.safetensors", {"encoder": shared, "decoder": shared, "row": shared[0]}, card()
    )
    read = read_tensors(tmp_path / "w.safetensors")
    assert torch.equal(read["encoder"], shared)
    assert torch.equal(read["decoder"], shared)
    assert torch.equal(read["row"], shared[0])


def test_a_file_may_be_read_by_whoever_may_read_new_files(tmp_path):
    (tmp_path / "ordinary").write_bytes(b"")
    save_weights(tmp_path / "w.safetensors", {"a": torch.zeros(1)}, card())
    assert (tmp_path / "w.safetensors").stat().st_mode == (tmp_path / "ordinary").stat().st_mode


def test_a_full_disk_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "w.safetensors"
    save_weights(path, {"a": torch.zeros(1)}, card())

    def full(_):
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFullError):
        save_weights(path, {"a": torch.ones(1)}, card())
    assert read_tensors(path)["a"] == 0
    assert sorted(tmp_path.iterdir()) == [path]


def test_weights_of_another_architecture_are_listed(registry, tmp_path):
    path = tmp_path / "w.safetensors"
    _, module = network(registry)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    theirs = {name: tensor + 1 for name, tensor in before.items() if name != "body.1.weight"}
    theirs |= {"body.0.bias": torch.zeros(4), "extra": torch.zeros(1)}
    with pytest.raises(WeightsError) as caught:
        fill(module, theirs, path)
    assert caught.value.message == (
        f"{path} holds weights of another architecture: body.0.bias is (4,), not (8,); missing "
        "body.1.weight; unexpected extra"
    )
    assert (caught.value.hint, caught.value.path) == (f"srkit weights show {path}", path)
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())


def test_a_long_list_of_differences_is_cut(registry, tmp_path):
    save_weights(
        tmp_path / "w.safetensors",
        {f"layer.{number}": torch.zeros(1) for number in range(29)},
        card(),
    )
    with pytest.raises(WeightsError, match=r"missing body\.0\.bias; .*; and 17 more$") as caught:
        read_model(tmp_path / "w.safetensors", registry)
    assert caught.value.message.count(";") == 20


def no_safetensors(folder):
    save_weights(folder / "good.safetensors", {"a": torch.arange(99.0)}, card())
    good = (folder / "good.safetensors").read_bytes()
    (folder / "folder.safetensors").mkdir()
    files = {
        "cut.safetensors": good[:-4],
        "headless.safetensors": good[:40],
        "empty.safetensors": b"",
        "text.safetensors": b"hello " * 9,
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    torch.save({"a": torch.zeros(2)}, folder / "foreign.pth")


@pytest.mark.parametrize(
    ("name", "fact"),
    [
        ("cut.safetensors", "is truncated or no safetensors file: .*not fully covered"),
        ("headless.safetensors", "is truncated or no safetensors file: "),
        ("empty.safetensors", "is truncated or no safetensors file: "),
        ("text.safetensors", "is truncated or no safetensors file: "),
        ("foreign.pth", "is truncated or no safetensors file: "),
        ("gone.safetensors", "there is no weights file "),
        ("folder.safetensors", "there is no weights file "),
        ("gone.pth", "there is no weights file "),
    ],
)
@pytest.mark.parametrize("read", [read_card, read_tensors, read_header])
def test_files_that_hold_no_weights_are_named_with_the_reason(tmp_path, name, fact, read):
    no_safetensors(tmp_path)
    with pytest.raises(WeightsError, match=fact) as caught:
        read(tmp_path / name)
    assert caught.value.path == tmp_path / name
    assert str(tmp_path / name) in caught.value.message


def test_weights_without_a_card_are_refused(tmp_path):
    save_file({"a": torch.zeros(2)}, tmp_path / "w.safetensors")
    with pytest.raises(WeightsError, match="does not say which model it is for"):
        read_card(tmp_path / "w.safetensors")
    assert torch.equal(read_tensors(tmp_path / "w.safetensors")["a"], torch.zeros(2))


@pytest.mark.parametrize(
    "damage",
    [
        {"scale": "four"},
        {"scale": "9" * 5000},
        {"step": "1.5"},
        {"generator": "srvgg(features="},
        {"generator": ""},
        {"generator": None},
        {"scale": None},
        {"versions": "{"},
        {"versions": "[1, 2]"},
        {"versions": "3"},
        {"versions": "[" * 100_000},
    ],
)
def test_damaged_metadata_are_an_error_with_the_file(tmp_path, damage):
    metadata = {
        name: value for name, value in (card().to_metadata() | damage).items() if value is not None
    }
    save_file({"a": torch.zeros(2)}, tmp_path / "w.safetensors", metadata=metadata)
    with pytest.raises(
        WeightsError, match=f"the metadata of {tmp_path / 'w.safetensors'} is damaged: ."
    ):
        read_card(tmp_path / "w.safetensors")


@pytest.mark.parametrize(
    ("generator", "scale", "error", "fact"),
    [
        ("sr-vgg", 4, UnknownComponentError, "no generator named 'sr-vgg' is installed"),
        (
            "my-fork/srvgg",
            4,
            UnknownComponentError,
            "no generator named 'my-fork/srvgg' is installed",
        ),
        ("srvgg(width=8)", 4, OptionError, "srvgg has no option 'width'"),
        (TINY, 7, IncompatibleError, "generator 'srvgg' has no scale 7"),
    ],
)
def test_a_model_that_cannot_be_built_here(registry, tmp_path, generator, scale, error, fact):
    save_weights(tmp_path / "w.safetensors", {"a": torch.zeros(1)}, card(generator, scale))
    with pytest.raises(error, match=fact):
        read_model(tmp_path / "w.safetensors", registry)


def test_a_name_that_became_ambiguous_is_refused_and_a_full_name_is_not(forked, tmp_path):
    tensors = network(forked, f"srkit-srvgg/{TINY}")[1].state_dict()
    save_weights(tmp_path / "bare.safetensors", tensors, card())
    with pytest.raises(
        AmbiguousError,
        match="'srvgg' is provided more than once: my-fork/srvgg and srkit-srvgg/srvgg",
    ):
        read_model(tmp_path / "bare.safetensors", forked)
    bound, trained = network(forked, f"my-fork/{TINY}")
    save_weights(
        tmp_path / "full.safetensors", trained.state_dict(), Card(bound.expression, 4, "", {}, 0)
    )
    assert read_card(tmp_path / "full.safetensors").generator.name == "my-fork/srvgg"
    model = read_model(tmp_path / "full.safetensors", forked)
    with torch.no_grad():
        assert torch.equal(model(LR), trained(LR))
    assert model.bound.component.distribution == "my-fork"
