"""Which process upscales a picture file by an engine without srkit, once a turn?

What who knows the engine writes in an hour: the whole picture through OpenVINO or onnxruntime, from
a file to a PNG.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.turns import Turns, serve

turns = Turns()

import numpy as np  # noqa: E402
import torch  # noqa: E402
from PIL import Image  # noqa: E402

from srkit_core import load_model  # noqa: E402

Network = Callable[[np.ndarray], np.ndarray]
"""From (1, 3, H, W) to (1, 3, 4 H, 4 W), float32."""


def openvino_network(weights: Path, precision: str, shape: list[int]) -> Network:
    """Return the network in OpenVINO, made ready for a shape."""
    import openvino

    network = load_model(weights, device="cpu").network
    # not traced: what a network writes into its buffers would be lost
    model = openvino.convert_model(torch.export.export(network, (torch.zeros(shape),)))
    hint = {"fp32": "f32", "bf16": "bf16"}[precision]
    options = {"INFERENCE_PRECISION_HINT": hint, "PERFORMANCE_HINT": "LATENCY"}
    ready = openvino.Core().compile_model(model, "CPU", options)
    return lambda lr: ready(lr)[0]


def onnx_network(weights: Path, precision: str, shape: list[int]) -> Network:
    """Return the network in onnxruntime, which computes in fp32."""
    import onnxruntime

    from srkit_core.export.onnx_file import write_onnx

    del precision, shape
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "model.onnx")
        write_onnx(load_model(weights, device="cpu"), file)
        session = onnxruntime.InferenceSession(str(file))
    (given,) = (one.name for one in session.get_inputs())
    return lambda lr: session.run(None, {given: lr})[0]


NETWORKS = {"openvino": openvino_network, "onnx": onnx_network}


def read(picture: Path) -> np.ndarray:
    """Return (1, 3, H, W), float32."""
    with Image.open(picture) as opened:
        pixels = np.asarray(opened.convert("RGB"), np.float32) / np.float32(255)
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])


def write(sr: np.ndarray, path: Path) -> None:
    """Write (1, 3, H, W) as a PNG that is quickly made."""
    pixels = np.rint(np.clip(sr[0], 0, 1) * np.float32(255)).astype(np.uint8)
    Image.fromarray(pixels.transpose(1, 2, 0)).save(path, compress_level=1)


def main() -> None:
    """Upscale until nobody asks any more."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=sorted(NETWORKS))
    parser.add_argument("weights", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--precision", default="fp32")
    given = parser.parse_args()
    shape = list(read(given.picture).shape)
    network = NETWORKS[given.engine](given.weights, given.precision, shape)
    serve(turns, lambda: write(network(read(given.picture)), Path("larger.png")))


if __name__ == "__main__":
    main()
