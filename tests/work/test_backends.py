"""Do engines beside torch compute what torch computes, and say why where they cannot?"""

import json
import subprocess
import sys
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from srkit_core import devices
from srkit_core.cli.app import run
from srkit_core.errors import IncompatibleError
from srkit_core.expressions import parse_call
from srkit_core.io.images import image_size, write_image
from srkit_core.models.build import build_network
from srkit_core.models.find_model import load_model
from srkit_core.models.half_weights import with_half_weights
from srkit_core.models.weights_file import card_of, save_weights
from srkit_core.plan import bind_generator
from srkit_core.registry import discover
from srkit_core.upscaling.backends import choice, engines
from srkit_core.upscaling.backends.choice import open_backend
from srkit_core.upscaling.backends.shaped_engine import ShapedEngine
from srkit_core.upscaling.backends.torch_backend import TorchBackend

ENGINES = ("openvino", "onnx")
STEP = 1
"""By how much a value of 8 bit may differ."""


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """The file of a small network, which pads its input where the scale is 2."""
    registry = discover()
    path = tmp_path_factory.mktemp("weights") / "small net.safetensors"
    torch.manual_seed(0)
    bound = bind_generator(registry, parse_call("rrdb(blocks=1, features=8, growth=4)"), 2)
    save_weights(path, build_network(bound).state_dict(), card_of(bound, 2, registry))
    return path


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.getbasetemp() / "engines"
    monkeypatch.setenv("SRKIT_CACHE", str(folder))
    return folder


def picture(dtype=np.uint8, height=21, width=34):
    most = np.iinfo(dtype).max
    return np.random.default_rng(0).integers(0, most, (height, width, 3), dtype, endpoint=True)


def difference(one, other):
    return int(np.abs(one.astype(np.int64) - other.astype(np.int64)).max())


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_computes_what_torch_does(weights, name):
    here, there = (open_backend(weights, backend=one) for one in (name, "torch"))
    assert (here.name, here.device, there.name) == (name, "cpu", "torch")
    assert (here.scale, here.size_multiple, here.min_size, here.receptive) == (
        there.scale,
        there.size_multiple,
        there.min_size,
        there.receptive,
    )
    for lr in (picture(), picture(height=1, width=1), picture(height=5, width=40)):
        assert here(lr).shape == (2 * lr.shape[0], 2 * lr.shape[1], 3)
        assert difference(here(lr), there(lr)) <= STEP


@pytest.mark.parametrize("name", ENGINES)
def test_16_bit_and_gray_stay_what_they_are(weights, name):
    here, there = (open_backend(weights, backend=one) for one in (name, "torch"))
    deep = picture(np.uint16)
    assert here(deep).dtype == np.uint16
    assert difference(here(deep), there(deep)) <= STEP
    gray = here(picture(), gray=True)
    assert (gray == gray[:, :, :1]).all()
    assert difference(gray, there(picture(), gray=True)) <= STEP


def test_a_model_is_converted_once(weights, monkeypatch):
    said, calls = [], []
    kind = next(one for one in engines.ENGINES if one.name == "onnx")
    counted = replace(kind, convert=lambda *of: calls.append(of) or kind.convert(*of))
    monkeypatch.setattr(choice, "ENGINES", (counted,))
    monkeypatch.setenv("SRKIT_CACHE", str(weights.parent / "cache"))
    for _ in range(2):
        assert open_backend(weights, backend="onnx", note=said.append).name == "onnx"
    assert len(calls) == 1
    assert said == [f"converting {weights} for onnx, once"]


def test_an_engine_is_made_ready_for_sides_that_come_again():
    ready, computed = [], []

    def engine_for(shape):
        ready.append(shape)
        return lambda lr: computed.append(shape)

    engine = ShapedEngine(engine_for)
    small, large = np.zeros((1, 3, 4, 4)), np.zeros((1, 3, 8, 4))
    for lr in (small, small, large, small, large, large, large, small):
        engine(lr)
    assert ready == [small.shape, None, large.shape]
    assert computed == [small.shape] * 2 + [None, small.shape, None] + [large.shape] * 2 + [None]


def test_another_scale_is_refused_by_an_engine_too(weights):
    for name in ("torch", "onnx"):
        with pytest.raises(IncompatibleError, match="is for scale 2, not 4"):
            open_backend(weights, backend=name, scale=4)


def test_auto_takes_openvino_before_torch_and_goes_on_without(weights, monkeypatch):
    assert open_backend(weights).name == "openvino"
    assert open_backend("bicubic").name == "torch"
    assert open_backend(load_model(weights)).name == "torch"
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    said = []
    assert isinstance(open_backend(weights, note=said.append), TorchBackend)
    assert said == ["computed by torch: openvino is not installed"]


class Overflows(torch.nn.Module):
    """Makes infinity in half precision where a picture is brighter than half."""

    precisions: ClassVar[list] = []

    def __init__(self, network):
        super().__init__()
        self.network = network
        self.precisions.clear()

    def forward(self, lr):
        half = torch.is_autocast_enabled("cpu")
        self.precisions.append("half" if half else "fp32")
        made = self.network(lr).float()
        return made / 0 if half and lr.max() > 0.5 else made


@pytest.fixture
def half_on_this_device(monkeypatch):
    """Let the CPU stand in for a GPU, which upscales in half precision."""
    kinds = [replace(one, upscaling="bf16") for one in devices.BACKENDS if one.name == "cpu"]
    monkeypatch.setattr(devices, "BACKENDS", tuple(kinds))


def test_a_tile_that_overflows_in_half_precision_is_computed_again(weights, half_on_this_device):
    """It alone, and it is said once."""
    loaded, said = load_model(weights), []
    network = Overflows(loaded.network)
    backend = open_backend(replace(loaded, network=network), note=said.append)
    dark, bright = picture() // 4, picture()
    exact = open_backend(loaded, precision="fp32")
    for _ in range(2):
        network.precisions.clear()
        assert 0 < difference(backend(dark), exact(dark)) <= 4
        assert np.array_equal(backend(bright), exact(bright))
        assert network.precisions == ["half", "half", "fp32"]
    (told,) = [one for one in said if one.startswith("fp32")]
    assert told.startswith("fp32 where half precision is not enough: ")
    assert "in bf16" in told


def test_a_card_that_never_computes_in_half_precision_is_asked_no_longer(
    weights, half_on_this_device
):
    loaded, said = load_model(weights), []
    network = Overflows(loaded.network)
    backend = open_backend(replace(loaded, network=network), note=said.append)
    for _ in range(10):
        backend(picture())
    assert network.precisions.count("half") == 8
    assert network.precisions[-2:] == ["fp32", "fp32"]
    assert [one.partition(":")[0] for one in said if one.startswith("fp32")] == [
        "fp32 where half precision is not enough",
        "fp32 from here on",
    ]


def test_weights_in_half_precision_make_the_numbers_of_autocast(weights):
    loaded = replace(load_model(weights), precision=torch.bfloat16)
    ready = with_half_weights(loaded)
    lr = torch.rand(1, 3, 20, 30)
    with torch.no_grad():
        assert torch.equal(ready(lr), loaded(lr))
    assert {one.dtype for one in ready.network.parameters()} == {torch.bfloat16}
    assert {one.dtype for one in loaded.network.parameters()} == {torch.float32}
    exact = replace(loaded, precision=torch.float32)
    assert with_half_weights(exact) is exact


class Casts(TorchDispatchMode):
    """Counts the tensors that are brought to another type."""

    count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.count += func is torch.ops.aten._to_copy.default
        return func(*args, **(kwargs or {}))


def test_half_precision_casts_a_picture_and_no_weights(weights):
    """Autocast would cast the weights and biases of all 21 convolutions for every tile."""
    loaded = replace(load_model(weights), precision=torch.bfloat16)
    backend = TorchBackend(loaded)
    lr, counted = torch.rand(1, 3, 20, 30), []
    for model in (loaded, backend.model):
        with torch.no_grad(), Casts() as casts:
            model(lr)
        counted.append(casts.count)
    assert counted[0] >= 42
    assert counted[1] <= 2


def test_weights_that_are_made_of_others_and_norms_stay_in_fp32(weights):
    loaded = replace(load_model(weights), precision=torch.bfloat16)
    made = torch.nn.utils.parametrizations.weight_norm(torch.nn.Conv2d(3, 3, 1))
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 3, 1), torch.nn.BatchNorm2d(3), made)
    ready = with_half_weights(replace(loaded, network=network)).network
    kinds = [{one.dtype for one in layer.parameters()} for layer in ready]
    assert kinds == [{torch.bfloat16}, {torch.float32}, {torch.float32}]


def test_the_command_line_says_which_engine_auto_took(weights, tmp_path, capsys):
    write_image(tmp_path / "small.png", picture())
    told = []
    for words in (["--overwrite"], ["--overwrite", "--backend", "openvino"]):
        assert run(["upscale", str(weights), str(tmp_path / "small.png"), *words]) == 0
        told.append(capsys.readouterr().out.count("computed by openvino"))
    assert told == [1, 0]


UPSCALE = """
import json, sys
from srkit_core.cli.app import run
print(json.dumps([run(sys.argv[1:]), "torch" in sys.modules]))
"""


def test_a_converted_model_is_computed_without_torch(weights, tmp_path):
    open_backend(weights, backend="openvino")
    photo, larger = tmp_path / "small.png", tmp_path / "large.png"
    write_image(photo, picture())
    words = ["upscale", str(weights), str(photo), "--device", "cpu", "--out", str(larger)]
    done = subprocess.run(
        [sys.executable, "-c", UPSCALE, *words], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout.splitlines()[-1]) == [0, False]
    assert image_size(larger) == (42, 68)


def test_what_an_engine_cannot_convert_is_left_to_torch_and_told(weights, monkeypatch):
    def refuse(model, path):
        raise IncompatibleError("OpenVINO knows no such layer", hint="--backend torch")

    kind = next(one for one in engines.ENGINES if one.name == "openvino")
    monkeypatch.setattr(choice, "ENGINES", (replace(kind, convert=refuse),))
    monkeypatch.setenv("SRKIT_CACHE", str(weights.parent / "other"))
    said = []
    assert open_backend(weights, note=said.append).name == "torch"
    assert said[-1] == (
        "computed by torch: openvino cannot compute it: OpenVINO knows no such layer"
    )
    with pytest.raises(IncompatibleError, match="knows no such layer"):
        open_backend(weights, backend="openvino")


@pytest.mark.parametrize(
    ("model", "options", "fact"),
    [
        ("bicubic", {"backend": "onnx"}, "'onnx' computes the weights of a file"),
        (None, {"backend": "onnx", "precision": "bf16"}, "'onnx' computes in fp32, not in bf16"),
    ],
)
def test_an_engine_says_what_it_does_not_compute(weights, model, options, fact):
    with pytest.raises(IncompatibleError, match=fact):
        open_backend(model or weights, **options)


def test_an_engine_that_is_not_installed_says_how_to(weights, monkeypatch):
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    with pytest.raises(IncompatibleError, match="not installed") as caught:
        open_backend(weights, backend="openvino")
    assert caught.value.hint == "pip install 'srkit[openvino]', or --backend torch"
