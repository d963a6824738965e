"""Do ONNX and OpenVINO files compute what the model does, for pictures of any size?"""

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import openvino
import pytest
import torch
from torch import nn

from srkit_core import ExportOptions, export_model
from srkit_core.cli.app import run
from srkit_core.errors import IncompatibleError
from srkit_core.export.onnx_file import check_onnx, write_onnx
from srkit_core.export.verification import largest_difference
from srkit_core.expressions import parse_call
from srkit_core.models.build import build_network, to_device
from srkit_core.models.model import Model
from srkit_core.plan import bind_generator

FOLDED = "rrdb(blocks=1, features=8, growth=4, upsampler=nearest)"


@pytest.fixture(scope="module")
def model_of(registry):
    def make(expression, scale):
        bound = bind_generator(registry, parse_call(expression), scale)
        network = to_device(build_network(bound).eval(), torch.device("cpu"))
        return Model(network, bound, scale)

    return make


@pytest.fixture(scope="module")
def folded(model_of, tmp_path_factory):
    """A network that needs even sides, as a file."""
    model, path = model_of(FOLDED, 2), tmp_path_factory.mktemp("onnx") / "of any size.onnx"
    write_onnx(model, path)
    return model, path


def computed(path: Path, lr: torch.Tensor) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(["sr"], {"lr": lr.numpy()})[0]


def test_padding_to_what_the_network_needs_is_inside(folded):
    model, path = folded
    assert model.size_multiple == 2
    for shape in [(1, 3, 7, 9), (3, 3, 16, 10), (1, 3, 1, 1)]:
        lr = torch.rand(shape)
        with torch.no_grad():
            expected = model(lr).numpy()
        assert np.abs(computed(path, lr) - expected).max() < 1e-6


def test_the_check_says_how_far_onnxruntime_is_from_torch(folded):
    assert check_onnx(*folded) < 1e-6


def test_batch_and_sides_are_free_and_the_file_says_who_it_is(folded):
    graph = onnx.load(folded[1])
    onnx.checker.check_model(graph)
    (entry,) = graph.graph.input
    shape = [one.dim_param or one.dim_value for one in entry.type.tensor_type.shape.dim]
    assert (entry.name, shape) == ("lr", ["batch", 3, "height", "width"])
    said = {one.key: one.value for one in graph.metadata_props}
    assert said["scale"] == "2"
    assert said["generator"] == str(folded[0].bound.expression)


def test_a_dense_block_is_written_as_concatenations(folded):
    kinds = {node.op_type for node in onnx.load(folded[1]).graph.node}
    assert "Concat" in kinds
    assert "ScatterND" not in kinds


class Undecided(nn.Module):
    """What no graph says: the way depends on the picture."""

    def forward(self, lr):
        return lr if lr.mean() > 0.5 else -lr


def test_what_has_no_place_in_a_graph_is_refused_in_one_sentence(model_of, tmp_path):
    model = Model(Undecided(), model_of(FOLDED, 4).bound, 1)
    with pytest.raises(IncompatibleError, match="torch cannot export 'srkit-rrdb/rrdb': "):
        write_onnx(model, tmp_path / "x.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_differs_by_more_than_a_step_of_8_bit_is_refused(model_of):
    model = model_of("bicubic", 4)
    results = [np.zeros((1, 3, 148, 212), np.float32), np.zeros((2, 3, 256, 192), np.float32)]
    with pytest.raises(IncompatibleError, match=r"onnxruntime computes what differs by 1"):
        largest_difference(model, results, "onnxruntime")


def test_a_library_that_is_missing_is_named_with_the_line_that_installs_it(folded, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    monkeypatch.setattr("srkit_core.export.extras.find_spec", lambda name: None)
    with pytest.raises(IncompatibleError, match="needs onnx and onnxscript") as refused:
        write_onnx(*folded)
    assert refused.value.hint == "pip install 'srkit[onnx]'"
    with pytest.raises(IncompatibleError, match="needs onnxruntime, which is not installed"):
        check_onnx(*folded)


@pytest.mark.parametrize(("precision", "most"), [("fp32", 1e-5), ("fp16", 1 / 255)])
def test_openvino_computes_the_same(folded, tmp_path, precision, most):
    model, path = folded[0], tmp_path / "a b.xml"
    written = export_model(model, "openvino", path, ExportOptions(precision=precision))
    assert written.files == (path, tmp_path / "a b.bin")
    assert written.difference is not None
    assert written.difference <= most
    lr = torch.rand(3, 3, 9, 7)
    compiled = openvino.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    with torch.no_grad():
        assert np.abs(compiled({"lr": lr.numpy()})["sr"] - model(lr).numpy()).max() <= most


def test_a_command_says_how_far_the_file_is_from_torch(folded, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("srkit_core.export.export_model.load_model", lambda *_, **__: folded[0])
    out = tmp_path / "any.onnx"
    assert run(["export", "any", "--to", "onnx", "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "largest difference from torch, on pictures of two sizes: " in told
    assert f"written: {out} (" in told


def test_a_file_that_computes_something_else_does_not_replace_one(folded, tmp_path, monkeypatch):
    monkeypatch.setattr("srkit_core.export.verification.LARGEST_DIFFERENCE", -1.0)
    (tmp_path / "a.onnx").write_text("mine")
    with pytest.raises(IncompatibleError, match="onnxruntime computes what differs by"):
        export_model(folded[0], "onnx", tmp_path / "a.onnx", overwrite=True)
    assert (tmp_path / "a.onnx").read_text() == "mine"
    assert [one.name for one in tmp_path.iterdir()] == ["a.onnx"]
