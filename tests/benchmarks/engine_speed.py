"""How many times as fast as Real-ESRGAN's own RealESRGANer is each engine, by srkit and by hand?

Run as a script; prints a line of JSON for each round, and at the end the rows of a table. RRDB-23
with random weights, all ways in turn within one process, backwards every second round, from pixels
to pixels without files. By hand is the same engine on the whole picture without srkit, in tiles
where `--tile` cuts it. With `--peer PYTHON SCRIPTS`, the Python of Real-ESRGAN's environment and
the folder of the peer's scripts, the peer takes its turns too, and ratios are to it; else to torch
by hand. `--blocks 1 --sides 64` shows in seconds that all of it works.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Final

import numpy as np
import torch

from srkit_core.expressions import parse_call
from srkit_core.io.images import Pixels, write_image
from srkit_core.models.build import build_network
from srkit_core.models.weights_file import card_of, read_model, save_weights
from srkit_core.plan import bind_generator
from srkit_core.registry import discover
from srkit_core.upscaling.backends.choice import open_backend
from srkit_core.upscaling.bands import upscale_bands
from srkit_core.upscaling.tile_choice import TileChoice

REGISTRY: Final = discover()
SCALE: Final = 4
PEER: Final = "RealESRGANer"
Way = Callable[[Pixels], Pixels]
"""From (H, W, 3) to (4 H, 4 W, 3), uint8."""


def write_weights(path: Path, blocks: int) -> Path:
    """Write random weights of RRDB."""
    bound = bind_generator(REGISTRY, parse_call(f"rrdb(blocks={blocks})"), SCALE)
    save_weights(path, build_network(bound).state_dict(), card_of(bound, SCALE, REGISTRY))
    return path


def srkit(weights: Path, engine: str, precision: str, tile: int | None) -> Way:
    """Return what `srkit upscale --backend ENGINE` computes."""
    backend = open_backend(
        weights, backend=engine, precision=precision, device="cpu", registry=REGISTRY
    )
    choice = TileChoice(tile)
    return lambda pixels: np.concatenate(
        [one.pixels for one in upscale_bands(backend, pixels, choice)]
    )


def torch_by_hand(weights: Path, precision: str) -> Way:
    """Return the network in torch, its weights in the precision and channels_last."""
    kind = {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]
    network = deepcopy(read_model(weights, REGISTRY).network).to(kind)

    @torch.inference_mode()
    def upscale(pixels: Pixels) -> Pixels:
        lr = torch.from_numpy(pixels)[None].permute(0, 3, 1, 2).to(kind).div_(255)
        sr = network(lr).float().clamp_(0, 1).mul_(255).round_().byte()
        return sr[0].permute(1, 2, 0).contiguous().numpy()

    return upscale


def openvino_by_hand(weights: Path, precision: str) -> Way:
    """Return the network in OpenVINO, ready for the sides that come first."""
    import openvino

    network = read_model(weights, REGISTRY).network
    with torch.no_grad():
        model = openvino.convert_model(network, example_input=torch.zeros(1, 3, 32, 32))
    hint = {"fp32": "f32", "bf16": "bf16"}[precision]
    options = {"INFERENCE_PRECISION_HINT": hint, "PERFORMANCE_HINT": "LATENCY"}
    ready = {}

    def upscale(pixels: Pixels) -> Pixels:
        lr = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
        if lr.shape not in ready:
            model.reshape(list(lr.shape))
            ready[lr.shape] = openvino.Core().compile_model(model, "CPU", options)
        return _bytes(ready[lr.shape](lr)[0])

    return upscale


def onnx_by_hand(weights: Path, precision: str) -> Way:
    """Return the network in onnxruntime."""
    import onnxruntime

    from srkit_core.export.onnx_file import write_onnx

    with tempfile.TemporaryDirectory() as folder:
        write_onnx(read_model(weights, REGISTRY), Path(folder) / "model.onnx")
        session = onnxruntime.InferenceSession(str(Path(folder) / "model.onnx"))
    (given,) = (one.name for one in session.get_inputs())

    def upscale(pixels: Pixels) -> Pixels:
        lr = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
        return _bytes(session.run(None, {given: lr})[0])

    return upscale


def _bytes(sr: np.ndarray) -> Pixels:
    rounded = np.rint(np.clip(sr[0], 0, 1) * np.float32(255)).astype(np.uint8)
    return np.ascontiguousarray(rounded.transpose(1, 2, 0))


BY_HAND: Final = {"torch": torch_by_hand, "openvino": openvino_by_hand, "onnx": onnx_by_hand}


def in_tiles(way: Way, tile: int, overlap: int) -> Way:
    """Return a way that cuts a picture as RealESRGANer does, and blends nothing."""

    def upscale(pixels: Pixels) -> Pixels:
        height, width = pixels.shape[:2]
        larger = np.empty((height * SCALE, width * SCALE, 3), np.uint8)
        for top in range(0, height, tile):
            for left in range(0, width, tile):
                above, beside = max(top - overlap, 0), max(left - overlap, 0)
                bottom, right = min(top + tile, height), min(left + tile, width)
                seen = pixels[above : bottom + overlap, beside : right + overlap]
                made = way(np.ascontiguousarray(seen))
                kept = made[(top - above) * SCALE :, (left - beside) * SCALE :]
                place = np.s_[top * SCALE : bottom * SCALE, left * SCALE : right * SCALE]
                larger[place] = kept[: (bottom - top) * SCALE, : (right - left) * SCALE]
        return larger

    return upscale


def ways(weights: Path, engines: Sequence[str], tile: int | None) -> dict[str, Way]:
    """Return every way by its name, such as `torch bf16 by hand`."""
    found = dict[str, Way]()
    for word in engines:
        engine, precision = word.split("-")
        hand = BY_HAND[engine](weights, precision)
        found[f"{engine} {precision}"] = srkit(weights, engine, precision, tile)
        found[f"{engine} {precision} by hand"] = in_tiles(hand, tile, 32) if tile else hand
    return found


def peer_seconds(peer: Sequence[Path], picture: Path, threads: int, tile: int | None) -> float:
    """Return how long the peer takes for a picture, its second time."""
    words = [peer[0], "realesrgan_upscale.py", picture, "--repeats", "1"]
    words += ["--threads", str(threads), "--tile", str(tile or 0)]
    told = subprocess.run(
        list(map(str, words)), cwd=peer[1], capture_output=True, text=True, check=True
    )
    return float(json.loads(told.stdout.splitlines()[-1])["seconds"])


def rounds(timed: dict[str, Callable[[], float]], count: int) -> Iterator[dict[str, float]]:
    """Yield the seconds of all ways, in turn."""
    for number in range(count):
        names = list(timed)[:: -1 if number % 2 else 1]
        seconds = {name: timed[name]() for name in names}
        yield {name: seconds[name] for name in timed}


def clocked(way: Way, pixels: Pixels) -> Callable[[], float]:
    """Return what does it once and says how many seconds that took; the first time is now."""
    way(pixels)

    def seconds() -> float:
        began = time.perf_counter()
        way(pixels)
        return time.perf_counter() - began

    return seconds


def photograph(height: int, width: int) -> Pixels:
    """Return soft noise: what is on a picture makes no difference to a network's speed."""
    rng = np.random.default_rng(0)
    return rng.integers(64, 192, (height, width, 3), dtype=np.uint8)


def main() -> None:
    """Time what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sides", nargs="+", default=["192", "256"], metavar="N or HxW")
    parser.add_argument(
        "--engines",
        nargs="+",
        default=["torch-fp32", "torch-bf16", "openvino-fp32", "openvino-bf16", "onnx-fp32"],
    )
    parser.add_argument("--tile", type=int)
    parser.add_argument("--blocks", type=int, default=23)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peer", nargs=2, metavar=("PYTHON", "SCRIPTS"), type=Path)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    for side in given.sides:
        height, width = (int(one) for one in (side.split("x") * 2)[:2])
        with tempfile.TemporaryDirectory() as folder:
            report(given, Path(folder), photograph(height, width))


def report(given: argparse.Namespace, folder: Path, pixels: Pixels) -> None:
    """Print the rounds of a picture and the row that they make."""
    write_image(folder / "lr.png", pixels)
    weights = write_weights(folder / "rrdb.safetensors", given.blocks)
    timed = {
        name: clocked(way, pixels) for name, way in ways(weights, given.engines, given.tile).items()
    }
    if given.peer:
        peer = [path.absolute() for path in given.peer]
        timed[PEER] = lambda: peer_seconds(peer, folder / "lr.png", given.threads, given.tile)
    size, told = f"{pixels.shape[0]} x {pixels.shape[1]}", list[dict[str, float]]()
    for seconds in rounds(timed, given.rounds):
        told.append(seconds)
        print(json.dumps({"lr": size, "tile": given.tile} | seconds), flush=True)
    base = PEER if given.peer else next(name for name in timed if name.endswith("by hand"))
    print(f"| LR {size}, tile {given.tile}, {base} = 1 | median | of each round |\n|---|---|---|")
    for name in timed:
        ratios = [one[base] / one[name] for one in told]
        shown = ", ".join(f"{one:.2f}" for one in ratios)
        print(f"| {name} | {statistics.median(ratios):.2f} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
