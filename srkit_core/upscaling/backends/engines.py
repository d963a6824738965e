"""Which inference engines does srkit know, and how is a model brought into one?

A new engine is one entry of `ENGINES` and one word of `BackendName`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from srkit_core.devices import Precision
from srkit_core.upscaling.backends.shaped_engine import Engine, Shape, ShapedEngine

if TYPE_CHECKING:
    from srkit_core.models.model import Model


@dataclass(frozen=True)
class EngineKind:
    """An engine that computes on the CPU.

    `libraries` are what it needs to be imported and `converters` what it needs beside torch to
    convert, both from the extra of its name; `file` is what a converted model is called, `convert`
    writes it and returns the largest difference from torch, and `open` makes it ready to compute.
    """

    name: str
    libraries: tuple[str, ...]
    converters: tuple[str, ...]
    precisions: tuple[Precision, ...]
    file: str
    convert: Callable[["Model", Path], float]
    open: Callable[[Path, Precision], Engine]

    @property
    def installed(self) -> bool:
        """Whether it can be imported."""
        return all(find_spec(name) for name in self.libraries)

    @property
    def versions(self) -> dict[str, str]:
        """The versions of what it needs, as far as they are installed."""
        return {name: _version(name) for name in (*self.libraries, *self.converters)}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _convert_openvino(model: "Model", path: Path) -> float:
    from srkit_core.export.openvino_file import check_openvino, write_openvino

    write_openvino(model, path)
    return check_openvino(model, path)


def _convert_onnx(model: "Model", path: Path) -> float:
    from srkit_core.export.onnx_file import check_onnx, write_onnx

    write_onnx(model, path)
    return check_onnx(model, path)


def _open_openvino(path: Path, precision: Precision) -> Engine:
    types = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}
    core = import_module("openvino").Core()
    # else it takes bf16 by itself where a processor has it
    options = {"INFERENCE_PRECISION_HINT": types[precision], "PERFORMANCE_HINT": "LATENCY"}

    def engine_for(shape: Shape | None) -> Engine:
        model = core.read_model(str(path))
        if shape is not None:
            model.reshape(list(shape))
        compiled = core.compile_model(model, "CPU", options)

        def compute(lr: Any) -> Any:
            return compiled(lr, share_inputs=True)[0]

        return compute

    return ShapedEngine(engine_for)


def _open_onnx(path: Path, precision: Precision) -> Engine:
    runtime = import_module("onnxruntime")
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (given,) = (one.name for one in session.get_inputs())

    def compute(lr: Any) -> Any:
        return session.run(None, {given: lr})[0]

    return compute


ENGINES: Final = (
    EngineKind(
        name="openvino",
        libraries=("openvino",),
        converters=(),
        precisions=("fp32", "bf16"),
        file="model.xml",
        convert=_convert_openvino,
        open=_open_openvino,
    ),
    EngineKind(
        name="onnx",
        libraries=("onnxruntime",),
        converters=("onnx", "onnxscript"),
        precisions=("fp32",),
        file="model.onnx",
        convert=_convert_onnx,
        open=_open_onnx,
    ),
)
"""Every engine beside torch."""
