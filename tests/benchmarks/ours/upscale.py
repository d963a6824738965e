"""Which process upscales a picture file with srkit, once a turn?

`srkit_core.Upscaler`, as `srkit upscale` uses it: from a file to a file.
"""

import argparse
from pathlib import Path

from tests.benchmarks.turns import Turns, serve

turns = Turns()

from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from srkit_core import Upscaler, load_model  # noqa: E402


def main() -> None:
    """Upscale until nobody asks any more."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--tile", type=int)
    parser.add_argument("--backend", default="torch")
    parser.add_argument("--precision", default="fp32")
    given = parser.parse_args()
    upscaler = Upscaler(
        given.weights,
        tile=given.tile,
        device="cpu",
        backend=given.backend,
        precision=given.precision,
    )
    flop = operations(given.weights, given.picture)
    serve(turns, lambda: upscaler(given.picture, Path("larger.png")), flop=flop)


def operations(weights: Path, picture: Path) -> float:
    """Return how many operations the network needs for a picture, counted on a small one."""
    import torch
    from PIL import Image

    network, side = load_model(weights, device="cpu").network, 32
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.rand(1, 3, side, side))
    with Image.open(picture) as opened:
        return counter.get_total_flops() * opened.width * opened.height / side**2


if __name__ == "__main__":
    main()
