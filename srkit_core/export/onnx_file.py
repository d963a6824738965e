"""How is a model written as ONNX, and does the file compute what the model does?"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import torch
from torch.export import Dim

from srkit_core.errors import IncompatibleError
from srkit_core.export.extras import require_extra
from srkit_core.export.graph import exported_network, verification_pictures
from srkit_core.export.verification import largest_difference
from srkit_core.io.atomic import write_bytes
from srkit_core.models.model import Model

ONNX_INPUT: Final = "lr"
ONNX_OUTPUT: Final = "sr"
_OPSET: Final = 18
"""What the exporter of torch writes without a conversion of versions."""
_EXAMPLE: Final = (2, 3, 24, 40)
"""A shape to trace with, whose sides are multiples of 8; all but the channels stay free."""
_SIDES: Final = {0: "batch", 2: "height", 3: "width"}


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
        session.run([ONNX_OUTPUT], {ONNX_INPUT: picture.numpy()})[0]
        for picture in verification_pictures()
    ]
    return largest_difference(model, results, "onnxruntime")


def _exported(model: Model) -> Any:
    network, example = exported_network(model), torch.rand(_EXAMPLE)
    shapes = ({place: Dim(name) for place, name in _SIDES.items()},)
    try:
        with torch.no_grad(), _quiet():
            return torch.onnx.export(
                network,
                (example,),
                input_names=[ONNX_INPUT],
                output_names=[ONNX_OUTPUT],
                dynamic_shapes=shapes,
                opset_version=_OPSET,
                dynamo=True,
                verbose=False,
            )
    except Exception as error:  # a network is a plugin's, and may do what no graph can say
        name = model.bound.component.full_name
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise IncompatibleError(
            f"torch cannot write '{name}' as ONNX: {reason}",
            hint="SRKIT_TRACE=1 shows what in its forward method has no place in a graph",
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what torch says of its own work off the screen."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
