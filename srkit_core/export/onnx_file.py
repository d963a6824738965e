"""How is a model written as ONNX, and does the file compute what the model does?"""

from importlib import import_module
from pathlib import Path
from typing import Any, Final

import torch
from torch.export import Dim

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
from srkit_core.io.atomic import write_bytes
from srkit_core.models.model import Model

_OPSET: Final = 18
"""What the exporter of torch writes without a conversion of versions."""


def write_onnx(model: Model, path: Path) -> None:
    """Write a model as ONNX, fp32: `lr` (batch, 3, height, width) in [0, 1] -> `sr`, s times as
    large and not clamped; batch and sides are free, and padding to what the network needs is
    inside.

    Raises IncompatibleError where the libraries are missing or torch cannot export the network.
    """
    require_extra("ONNX", "onnx", "onnx", "onnxscript")
    program = _exported(model)
    program.model.metadata_props.update(
        {"generator": str(model.bound.expression), "scale": str(model.scale), "range": "0 to 1"}
    )
    write_bytes(path, program.model_proto.SerializeToString())


def check_onnx(model: Model, path: Path) -> float:
    """Return the largest difference between what onnxruntime and torch compute, of values in [0,
    1], over pictures of two sizes.

    Raises IncompatibleError where it is more than 1/255, or onnxruntime is missing.
    """
    require_extra("checking ONNX", "onnx", "onnxruntime")
    runtime = import_module("onnxruntime")
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    results = [
        session.run([GRAPH_OUTPUT], {GRAPH_INPUT: picture.numpy()})[0]
        for picture in verification_pictures()
    ]
    return largest_difference(model, results, "onnxruntime")


def _exported(model: Model) -> Any:
    network, example = traceable(model)
    with tracing(model):
        return torch.onnx.export(
            network,
            (example,),
            input_names=[GRAPH_INPUT],
            output_names=[GRAPH_OUTPUT],
            dynamic_shapes=({place: Dim(name) for place, name in FREE_SIDES.items()},),
            opset_version=_OPSET,
            dynamo=True,
            verbose=False,
        )
