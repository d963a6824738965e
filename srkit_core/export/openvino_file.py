"""How is a model written as OpenVINO's IR, and does the file compute what the model does?"""

from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch.export import Dim

from srkit_core.export.export_options import StoredPrecision
from srkit_core.export.extras import require_extra
from srkit_core.export.graph import (
    FREE_SIDES,
    GRAPH_INPUT,
    GRAPH_OUTPUT,
    traceable,
    tracing,
    verification_pictures,
)
from srkit_core.export.verification import largest_difference
from srkit_core.models.model import Model


def weights_beside(path: Path) -> Path:
    """Return the file in which the numbers of an IR lie."""
    return path.with_suffix(".bin")


def write_openvino(model: Model, path: Path, precision: StoredPrecision = "fp32") -> None:
    """Write a model as IR, two files, `path` (.xml) and its .bin beside it: `lr` (batch, 3, height,
    width) in [0, 1] -> `sr`, s times as large and not clamped; batch and sides are free. `fp16`
    halves the file: only what is stored is rounded.

    Raises IncompatibleError where OpenVINO is missing or the network cannot be exported.
    """
    require_extra("OpenVINO", "openvino", "openvino")
    openvino = import_module("openvino")
    openvino.save_model(_converted(openvino, model), path, compress_to_fp16=precision == "fp16")


def check_openvino(model: Model, path: Path) -> float:
    """Return the largest difference between what OpenVINO, in fp32, and torch compute, of values in
    [0, 1], over pictures of two sizes; raises IncompatibleError where it is more than 1/255.
    """
    core = import_module("openvino").Core()
    compiled = core.compile_model(str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    results = [compiled(picture.numpy())[0] for picture in verification_pictures()]
    return largest_difference(model, results, "OpenVINO")


def _converted(openvino: Any, model: Model) -> Any:
    network, example = traceable(model)
    free = dict.fromkeys(FREE_SIDES, Dim.DYNAMIC)
    with tracing(model):
        graph = torch.export.export(network, (example,), dynamic_shapes=(free,))
        converted = openvino.convert_model(graph)
    converted.reshape([-1, 3, -1, -1])
    converted.input(0).get_tensor().set_names({GRAPH_INPUT})
    converted.output(0).get_tensor().set_names({GRAPH_OUTPUT})
    return converted
